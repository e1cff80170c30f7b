/** Differences with their intervals, one row an arm, zero marked. The table beside it says the same. */
import { svg } from "./dom.js";
import { t } from "./words.js";

const [WIDTH, ROW, LEFT, RIGHT] = [680, 46, 150, 24];

/** @typedef {{ name: string, estimate: number, low: number | null, high: number | null }} Row open ends are null */

/** @param {Row[]} rows @param {(value: number) => string} words */
export function intervalChart(rows, words) {
  const ends = rows.flatMap(({ estimate, low, high }) => [estimate, low ?? estimate, high ?? estimate, 0]);
  const spread = Math.max(...ends) - Math.min(...ends) || 1;
  const least = Math.min(...ends) - spread * 0.08;
  const most = Math.max(...ends) + spread * 0.08;
  const x = (/** @type {number} */ value) => LEFT + ((value - least) / (most - least)) * (WIDTH - LEFT - RIGHT);
  const height = rows.length * ROW + 28;
  const label = rows.map(({ name, estimate, low, high }) => t("charts.interval", { name, estimate: words(estimate), low: low === null ? t("charts.anything_less") : words(low), high: high === null ? t("charts.anything_more") : words(high) })).join("; ");
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${height}`, class: "waterfall", role: "img", "aria-label": label });
  drawing.append(svg("line", { x1: x(0), x2: x(0), y1: 0, y2: height - 22, class: "axis" }), svg("text", { x: x(0), y: height - 6, "text-anchor": "middle", class: "bar-quiet" }, t("charts.no_difference")));
  rows.forEach(({ name, estimate, low, high }, index) => {
    const y = index * ROW + 26;
    drawing.append(
      svg("text", { x: 0, y: y + 4, class: "bar-text" }, name.length > 20 ? `${name.slice(0, 19)}…` : name),
      svg("line", { x1: low === null ? LEFT : x(low), x2: high === null ? WIDTH - RIGHT : x(high), y1: y, y2: y, class: "interval" }),
      svg("circle", { cx: x(estimate), cy: y, r: 6, class: "interval-point" }),
      svg("text", { x: x(estimate), y: y - 12, "text-anchor": "middle", class: "bar-text" }, words(estimate)),
    );
  });
  return drawing;
}
