/**
 * The river: everything numbered flows in at the left and parts into outcomes, each as wide as its share. What is
 * unexplained would be water that went missing. Drawn to the pixels there are; the table beside it says the same.
 */
import { svg } from "./dom.js";
import { inOneLine, number } from "./format.js";
import { t } from "./words.js";

/** @typedef {{ key: string, name: string, count: number }} Branch */

const THINNEST = 2.5;
const SLOT = 44;

/** @param {number} width @param {number} total @param {Branch[]} branches */
export function river(width, total, branches) {
  const sum = branches.reduce((all, branch) => all + branch.count, 0) || 1;
  const trunk = Math.min(150, Math.max(90, width * 0.14));
  const slots = branches.map(({ count }) => {
    const thick = (count / sum) * trunk;
    return { thick, slot: Math.max(SLOT, thick + 16) };
  });
  const height = slots.reduce((all, { slot }) => all + slot, 0);
  const right = width - Math.min(150, width * 0.36);
  const bend = right * 0.48;
  const label = t("river.label", { total, branches: inOneLine(branches.map((branch) => t("river.branch", { count: branch.count, name: branch.name }))) });
  const drawing = svg("svg", { viewBox: `0 0 ${width} ${height}`, width, height, class: "river", role: "img", "aria-label": label });
  let from = (height - trunk) / 2;
  let top = 0;
  branches.forEach(({ key, name, count }, index) => {
    const { thick, slot } = slots[index] ?? { thick: 0, slot: SLOT };
    const middle = top + slot / 2;
    top += slot;
    if (count > 0) {
      const end = Math.max(THINNEST, thick) / 2;
      drawing.append(svg("path", { class: `flow flow-${key}`, d: band(from, from + Math.max(0.8, thick), middle - end, middle + end, bend, right) }));
    } else {
      drawing.append(svg("path", { class: "flow-none", d: `M${right - 34} ${middle} H${right}` }));
    }
    from += thick;
    drawing.append(
      svg("text", { x: right + 14, y: middle - 1, class: "river-count" }, number(count)),
      svg("text", { x: right + 14, y: middle + 15, class: "river-name" }, name),
    );
  });
  return drawing;
}

/** From `a`–`b` at the left to `c`–`d` at the right. @param {number} a @param {number} b @param {number} c @param {number} d @param {number} bend @param {number} right */
function band(a, b, c, d, bend, right) {
  return `M0 ${a} C${bend} ${a} ${bend} ${c} ${right} ${c} L${right} ${d} C${bend} ${d} ${bend} ${b} 0 ${b} Z`;
}
