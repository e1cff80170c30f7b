/** Identifiers and the evidence between them as a drawing. The list beside it says the same. */
import { svg } from "./dom.js";
import { kindName, shortId } from "./format.js";
import { t } from "./words.js";

/** @typedef {import("@headwater/api-client").ProfileGraph} Graph */
/** @typedef {Graph["edges"][number]} Edge */

/** More than these are not readable as a drawing. */
const MOST = 30;

/**
 * @param {Pick<Graph, "nodes" | "edges">} graph @param {(edge: Edge) => void} chosen
 * @returns {Element | undefined} nothing when there are too many
 */
export function identityGraph({ nodes, edges }, chosen) {
  if (nodes.length < 2 || nodes.length > MOST) return undefined;
  const degree = (/** @type {string} */ id) => edges.filter((edge) => edge.a === id || edge.b === id).length;
  const names = nodes.map(({ identifier }) => identifier).sort((a, b) => degree(b) - degree(a) || a.localeCompare(b));
  const [centre = "", ...around] = names;
  const [width, height] = [680, 120 + Math.max(around.length, 2) * 42];
  /** @type {Map<string, [number, number]>} */
  const at = new Map([[centre, [width / 2, height / 2]]]);
  // On an ellipse, the first at the left, so that a few stand beside each other and not on top.
  around.forEach((id, index) => {
    const angle = Math.PI + (2 * Math.PI * index) / around.length;
    at.set(id, [width / 2 + Math.cos(angle) * (width / 2 - 105), height / 2 + Math.sin(angle) * (height / 2 - 36)]);
  });
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, class: "graph", role: "group", "aria-label": t("charts.graph", { identifiers: nodes.length, evidence: edges.length }) });
  for (const edge of edges) {
    const [from, to] = [at.get(edge.a), at.get(edge.b)];
    if (!from || !to) continue;
    const line = { x1: from[0], y1: from[1], x2: to[0], y2: to[1] };
    const link = svg("g", { class: "graph-link", role: "button", tabindex: 0, "aria-label": edge.blocked ? t("charts.edge_blocked", { a: edge.a, b: edge.b }) : t("charts.edge", { a: edge.a, b: edge.b, events: edge.events }) }, svg("line", { ...line, class: `graph-edge${edge.blocked ? " graph-blocked" : ""}` }), svg("line", { ...line, class: "graph-edge-hit" }));
    const pick = () => {
      for (const other of drawing.querySelectorAll(".graph-chosen")) other.classList.remove("graph-chosen");
      link.firstElementChild?.classList.add("graph-chosen");
      chosen(edge);
    };
    link.addEventListener("click", pick);
    link.addEventListener("keydown", (event) => {
      if (!["Enter", " "].includes(/** @type {KeyboardEvent} */ (event).key)) return;
      event.preventDefault();
      pick();
    });
    drawing.append(link);
  }
  for (const [id, [x, y]] of at) {
    const split = id.indexOf(":");
    drawing.append(svg("g", { "aria-hidden": "true" }, svg("rect", { x: x - 96, y: y - 22, width: 192, height: 44, rx: 10, class: "graph-node" }), svg("text", { x, y: y - 5, "text-anchor": "middle", class: "graph-kind" }, kindName(id.slice(0, split))), svg("text", { x, y: y + 13, "text-anchor": "middle", class: "graph-value" }, shortId(id.slice(split + 1)))));
  }
  return drawing;
}
