/** A trend as lines over time. */
import { h } from "../dom.js";
import { bucketStart, compact } from "../format.js";

const HEIGHT = 260;
const DAY = 86_400;

/** The colours of lines, in order. @param {Element} place */
function colours(place) {
  const style = getComputedStyle(place);
  const value = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  return { lines: Array.from({ length: 10 }, (_, index) => value(`--line-${index + 1}`)), quiet: value("--quiet"), grid: value("--line") };
}

/**
 * Draws it, again when its place or the theme changes, until the screen is left.
 *
 * @param {{ buckets: string[], lines: { name: string, values: number[] }[], label: string, signal: AbortSignal }} options
 */
export function trendChart({ buckets, lines, label, signal }) {
  const place = h("div", { class: "chart", role: "img", "aria-label": label });
  const times = buckets.map((at) => new Date(at).getTime() / 1000);
  /** @type {any} */
  let plot;
  void import("/built/charts.js").then(({ uPlot }) => {
    const draw = () => {
      plot?.destroy();
      if (signal.aborted || !place.clientWidth) return;
      const { lines: colour, quiet, grid } = colours(place);
      const axis = { stroke: quiet, grid: { stroke: grid, width: 1 }, ticks: { stroke: grid, width: 1 }, font: "12px system-ui, sans-serif" };
      const points = times.length < 40;
      const series = lines.map(({ name }, index) => ({ label: name, stroke: colour[index % 10] ?? quiet, width: 2, points: { show: points, size: 5 } }));
      plot = new uPlot(
        { width: place.clientWidth, height: HEIGHT, legend: { show: false }, cursor: { y: false, points: { size: 7 } }, scales: { y: { range: (_, __, top) => [0, Math.max(1, top * 1.08)] } }, series: [{}, ...series], axes: [{ ...axis, space: 90, values: (_, values) => values.map((value) => bucketStart((values[1] ?? 0) - (values[0] ?? 0) < DAY ? "hour" : "day", value * 1000)) }, { ...axis, size: 56, values: (_, values) => values.map((value) => (Number.isInteger(value) ? compact(value) : "")) }] },
        [times, ...lines.map(({ values }) => values)],
        place,
      );
    };
    const size = new ResizeObserver(draw);
    size.observe(place);
    const dark = matchMedia("(prefers-color-scheme: dark)");
    dark.addEventListener("change", draw, { signal });
    signal.addEventListener("abort", () => {
      size.disconnect();
      plot?.destroy();
    });
  });
  return place;
}

/** Which line is which. @param {string[]} names */
export function legend(names) {
  return h("ul", { class: "legend", role: "list" }, names.map((name, index) => h("li", {}, h("span", { class: `swatch swatch-${(index % 10) + 1}`, "aria-hidden": "true" }), name)));
}
