/** Rules over events, as gaps in a sentence. */
import { h } from "../dom.js";
import { newTest } from "../rules/condition.js";
import { MEASURES, newMatching, newStep } from "../rules/rule.js";
import { comparisonGaps, conditionGaps } from "./condition-gaps.js";
import { addButton, choice, gap, removeButton, spanGap, windowGaps } from "./fields.js";

/**
 * @typedef {import("../vocabulary.js").Vocabulary} Vocabulary
 * @typedef {import("./condition-gaps.js").Around} Around
 * @typedef {import("../rules/rule.js").Matching} Matching
 */

const COUNTS = [["$gte", "at least"], ["$gt", "more than"], ["$lte", "at most"], ["$lt", "fewer than"], ["$eq", "exactly"], ["$ne", "not exactly"], ["between", "between"]];
const BOTS = [["", "by anybody, bots too"], ["false", "not by known bots"], ["true", "by known bots only"]];

/** Which events, by name and properties. @param {Matching} matching @param {Vocabulary} known @param {Around} around @returns {Node[]} */
export function matchingGaps(matching, known, around) {
  const properties = () => known.properties.get(matching.event);
  return [
    ...gap("Event", matching.event, (value) => {
      matching.event = value;
      around.changed();
    }, { placeholder: "Product Viewed", class: "gap-wide", suggest: () => known.events }),
    ...conditionGaps(matching.where, { noun: "Property", example: ["category", "sneakers"], names: () => properties()?.keys() ?? [], values: (name) => properties()?.get(name) ?? [] }, around, { lead: "where", least: 0 }),
  ];
}

/** @param {Matching} matching @param {Around} around */
export function addWhere(matching, { redraw }) {
  if (matching.where.json !== undefined) return [];
  return [addButton(matching.where.tests.length ? "+ and where" : "+ where", () => {
    matching.where.tests.push(newTest());
    redraw();
  })];
}

/** @param {{ bots: string }} rule @param {Around} around @returns {Node[]} */
export function botGaps(rule, { redraw }) {
  const set = (/** @type {string} */ value) => {
    rule.bots = value;
    redraw();
  };
  return [rule.bots ? choice("Bots", BOTS, rule.bots, set) : addButton("+ without bots", () => set("false"))];
}

/** @param {import("../rules/rule.js").EventRule} rule @param {Vocabulary} known @param {Around} around @returns {(Node | string)[]} */
export function eventGaps(rule, known, around) {
  const { changed, redraw } = around;
  const measure = choice("What of the events", [["once", rule.negated ? "at all" : "once or more"], ["count", "so many times:"], ["What is in them", Object.entries(MEASURES).map(([word, name]) => [word, `with ${name}`])]], rule.measure, (value) => {
    const counted = value === "count" && !COUNTS.some(([operator]) => operator === rule.operator);
    Object.assign(rule, { measure: value }, counted ? { operator: "$gte", value: "2" } : {});
    redraw();
  });
  return [
    ...matchingGaps(rule, known, around),
    measure,
    ...(rule.measure === "once" ? [] : rule.measure === "count" ? countGaps(rule, around) : valueGaps(rule, known, around)),
    ...windowGaps(rule.window, changed, redraw),
    ...addWhere(rule, around),
    ...botGaps(rule, around),
  ];
}

/** @param {import("../rules/rule.js").EventRule} rule @param {Around} around @returns {(Node | string)[]} */
function countGaps(rule, { changed, redraw }) {
  const numberOf = (/** @type {"value" | "upper"} */ name, /** @type {string} */ label) => gap(label, rule[name], (value) => {
    rule[name] = value;
    changed();
  }, { type: "number", min: 0, class: "gap-number" });
  return [
    choice("Compared how", COUNTS, rule.operator, (value) => {
      rule.operator = value;
      redraw();
    }),
    ...numberOf("value", "How many times"),
    ...(rule.operator === "between" ? ["and", ...numberOf("upper", "How many times at most")] : []),
    "times",
  ];
}

/** @param {import("../rules/rule.js").EventRule} rule @param {Vocabulary} known @param {Around} around @returns {(Node | string)[]} */
function valueGaps(rule, known, around) {
  return [
    ...gap("Property that is looked at", rule.of, (value) => {
      rule.of = value;
      around.changed();
    }, { placeholder: "total", suggest: () => known.properties.get(rule.event)?.keys() ?? [] }),
    "that",
    ...comparisonGaps(rule, around),
  ];
}

/** @param {import("../rules/rule.js").SequenceRule} rule @param {Vocabulary} known @param {Around} around @returns {Node[]} */
export function sequenceGaps(rule, known, around) {
  const { redraw } = around;
  const last = rule.steps.at(-1);
  const add = (/** @type {boolean} */ not) => {
    rule.steps.splice(!not && last?.not ? -1 : rule.steps.length, 0, newStep(not));
    redraw();
  };
  const limits = choice("When it has to have begun", [["", "begun at any time"], ["within", "begun in the last"]], rule.limited ? "within" : "", (value) => {
    rule.limited = value !== "";
    redraw();
  });
  return [
    h(
      "ol",
      { class: "steps", role: "list" },
      rule.steps.map((step, index) => h(
        "li",
        { class: "step" },
        h("span", { class: "where-join" }, index === 0 ? "first" : step.not ? "then did not do" : "then"),
        ...matchingGaps(step, known, around),
        ...addWhere(step, around),
        ...(index === 0 ? [] : limitGaps(step, around)),
        rule.steps.length > 2 && removeButton(`Remove step ${index + 1}`, () => {
          rule.steps.splice(index, 1);
          redraw();
        }),
      )),
      rule.without.map((what, index) => h(
        "li",
        { class: "step" },
        h("span", { class: "where-join" }, "and in between no"),
        ...matchingGaps(what, known, around),
        ...addWhere(what, around),
        removeButton("Remove what must not happen in between", () => {
          rule.without.splice(index, 1);
          redraw();
        }),
      )),
    ),
    limits,
    ...(rule.limited ? spanGap("Begun in the last", rule, around.changed) : []),
    ...(rule.steps.length < 10 ? [addButton("+ then", () => add(false))] : []),
    ...(last?.not || rule.steps.length >= 10 ? [] : [addButton("+ then not", () => add(true))]),
    addButton("+ but not in between", () => {
      rule.without.push(newMatching());
      redraw();
    }),
  ];
}

/** How long after the step before. @param {import("../rules/rule.js").Step} step @param {Around} around @returns {(Node | string)[]} */
function limitGaps(step, { changed, redraw }) {
  if (step.not) return ["for", ...spanGap("For", step, changed)];
  const limit = choice("How soon", [["", "at any time later"], ["within", "within"]], step.limited ? "within" : "", (value) => {
    step.limited = value !== "";
    redraw();
  });
  return step.limited ? [limit, ...spanGap("Within", step, changed)] : [limit];
}
