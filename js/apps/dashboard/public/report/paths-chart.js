/** Paths as a flow from step to step. */
import { h, svg } from "../dom.js";
import { number } from "../format.js";
import { t } from "../words.js";

const WIDTH = 1000;
const NODE = 14;

/** What a step is called. @param {string | null} event */
export const stepName = (event) => event ?? t("reports.everything_else");

/**
 * @param {import("@headwater/api-client").Paths} paths @param {boolean} backwards whether they lead to an event
 */
export function pathsChart(paths, backwards) {
  const place = h("div", { class: "chart-scroll", tabindex: "0", role: "region", "aria-label": t("reports.paths_label") });
  void import("/built/charts.js").then(({ sankey, sankeyLinkHorizontal }) => {
    const steps = Math.max(0, ...paths.nodes.map((node) => node.step));
    const at = (/** @type {number} */ step) => (backwards ? steps - step : step);
    const id = (/** @type {number} */ step, /** @type {string | null} */ event) => `${step}\n${event ?? ""}`;
    const nodes = paths.nodes.map((node) => ({ ...node, id: id(node.step, node.event), fixedValue: node.ways }));
    const links = paths.links.map((link) => {
      const [near, far] = backwards ? [link.to, link.from] : [link.from, link.to];
      const [from, to] = backwards ? [id(link.step + 1, far), id(link.step, near)] : [id(link.step, near), id(link.step + 1, far)];
      return { source: from, target: to, value: link.ways };
    });
    const tallest = Math.max(...Array.from({ length: steps + 1 }, (_, step) => nodes.filter((node) => node.step === step).length));
    const height = Math.max(220, tallest * 58);
    const layout = sankey().nodeId((/** @type {any} */ node) => node.id).nodeWidth(NODE).nodePadding(26).nodeAlign((/** @type {any} */ node) => at(node.step)).extent([[1, 22], [WIDTH - 150, height - 8]]);
    const alone = nodes.filter((node) => !links.some((link) => link.source === node.id || link.target === node.id));
    const drawn = layout({ nodes: nodes.filter((node) => !alone.includes(node)), links });
    const curve = sankeyLinkHorizontal();
    place.replaceChildren(svg(
      "svg",
      { class: "paths", viewBox: `0 0 ${WIDTH} ${height}`, width: WIDTH, height, "aria-hidden": "true" },
      ...drawn.links.map((/** @type {any} */ link) => svg("path", { class: "paths-link", d: curve(link) ?? "", "stroke-width": Math.max(1, link.width ?? 1) })),
      ...drawn.nodes.map((/** @type {any} */ node) => svg("g", {}, svg("rect", { class: `paths-node${node.event === null ? " paths-other" : ""}`, x: node.x0, y: node.y0, width: NODE, height: Math.max(2, node.y1 - node.y0), rx: 2 }), svg("text", { class: "paths-name", x: node.x0 + NODE + 6, y: (node.y0 + node.y1) / 2 - 3 }, stepName(node.event)), svg("text", { class: "paths-count", x: node.x0 + NODE + 6, y: (node.y0 + node.y1) / 2 + 12 }, number(node.ways)))),
      ...titles(drawn.nodes, backwards),
    ));
  });
  return place;
}

/** Over each column what it is. @param {any[]} nodes @param {boolean} backwards */
function titles(nodes, backwards) {
  const columns = new Map(nodes.map((node) => [node.step, node.x0]));
  return [...columns].map(([step, x]) => svg("text", { class: "paths-count", x, y: 12 }, backwards ? (step === 0 ? t("reports.path_end") : t("reports.steps_before", { count: step })) : step === 0 ? t("reports.path_start") : t("reports.step", { step })));
}
