/** Why two records weigh what they weigh: one bar a field, from where it starts to where it ends. */
import { svg } from "./dom.js";
import { kindName } from "./format.js";
import { LOCALES } from "./locale.js";
import { t } from "./words.js";

const BITS = new Intl.NumberFormat(LOCALES, { minimumFractionDigits: 1, maximumFractionDigits: 1, signDisplay: "exceptZero" });
const ROW = 30;
const LABELS = 210;
const WIDTH = 680;

/** @typedef {{ start: number, bars: { field: string, level: string, values: [string, string], weight: number }[], weight: number }} Waterfall in bits */

/** @param {Waterfall} waterfall */
export function waterfallChart({ start, bars, weight }) {
  const told = bars.filter((bar) => bar.weight !== 0);
  let at = start;
  const steps = [{ name: t("charts.strangers_before_anything_is_compared"), from: 0, to: start, kind: "sum", bits: start }];
  for (const bar of told) {
    steps.push({ name: `${kindName(bar.field)}: ${bar.level}`, from: at, to: at + bar.weight, kind: bar.weight > 0 ? "more" : "less", bits: bar.weight });
    at += bar.weight;
  }
  steps.push({ name: t("charts.together"), from: 0, to: weight, kind: "sum", bits: weight });
  const least = Math.min(0, ...steps.flatMap(({ from, to }) => [from, to]));
  const most = Math.max(0, ...steps.flatMap(({ from, to }) => [from, to]));
  const room = WIDTH - LABELS - 60;
  const x = (/** @type {number} */ bits) => LABELS + ((bits - least) / (most - least || 1)) * room;
  const drawing = svg("svg", { viewBox: `0 0 ${WIDTH} ${steps.length * ROW + 6}`, class: "waterfall", role: "img", "aria-label": t("charts.weight", { weight, bars: told.map((bar) => t("charts.bar", { field: kindName(bar.field), weight: bar.weight })).join(", ") }) });
  drawing.append(svg("line", { x1: x(0), x2: x(0), y1: 0, y2: steps.length * ROW, class: "axis" }));
  steps.forEach(({ name, from, to, kind, bits }, index) => {
    const y = index * ROW + 4;
    const short = name.length > 32 ? `${name.slice(0, 31)}…` : name;
    drawing.append(
      svg("text", { x: 0, y: y + 16, class: "bar-quiet" }, short),
      svg("rect", { x: Math.min(x(from), x(to)), y, width: Math.max(2, Math.abs(x(to) - x(from))), height: ROW - 9, rx: 3, class: `bar-${kind}` }),
      svg("text", { x: Math.max(x(from), x(to)) + 6, y: y + 16, class: "bar-text" }, BITS.format(bits)),
    );
  });
  return drawing;
}
