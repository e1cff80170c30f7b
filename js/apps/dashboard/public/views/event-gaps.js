/** Rules over events, as gaps in a sentence. */
import { h } from "../dom.js";
import { newTest } from "../rules/condition.js";
import { MEASURES, newMatching, newStep } from "../rules/rule.js";
import { t } from "../words.js";
import { comparisonGaps, conditionGaps } from "./condition-gaps.js";
import { addButton, choice, gap, removeButton, spanGap, windowGaps } from "./fields.js";

/**
 * @typedef {import("../vocabulary.js").Vocabulary} Vocabulary
 * @typedef {import("./condition-gaps.js").Around} Around
 * @typedef {import("../rules/rule.js").Matching} Matching
 */

const COUNTS = [["$gte", t("event_gaps.at_least")], ["$gt", t("event_gaps.more_than")], ["$lte", t("event_gaps.at_most")], ["$lt", t("event_gaps.fewer_than")], ["$eq", t("event_gaps.exactly")], ["$ne", t("event_gaps.not_exactly")], ["between", t("event_gaps.between")]];
const BOTS = [["", t("event_gaps.by_anybody")], ["false", t("event_gaps.not_by_bots")], ["true", t("event_gaps.by_bots")]];

/** Which events, by name and properties. @param {Matching} matching @param {Vocabulary} known @param {Around} around @returns {Node[]} */
export function matchingGaps(matching, known, around) {
  const properties = () => known.properties.get(matching.event);
  return [
    ...gap(t("event_gaps.event"), matching.event, (value) => {
      matching.event = value;
      around.changed();
    }, { placeholder: t("event_gaps.event_example"), class: "gap-wide", suggest: () => known.events }),
    ...conditionGaps(matching.where, { noun: t("event_gaps.property"), example: ["category", "sneakers"], names: () => properties()?.keys() ?? [], values: (name) => properties()?.get(name) ?? [] }, around, { lead: t("event_gaps.where"), least: 0 }),
  ];
}

/** @param {Matching} matching @param {Around} around */
export function addWhere(matching, { redraw }) {
  if (matching.where.json !== undefined) return [];
  return [addButton(matching.where.tests.length ? t("event_gaps.add_and_where") : t("event_gaps.add_where"), () => {
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
  return [rule.bots ? choice(t("event_gaps.bots"), BOTS, rule.bots, set) : addButton(t("event_gaps.without_bots"), () => set("false"))];
}

/** @param {import("../rules/rule.js").EventRule} rule @param {Vocabulary} known @param {Around} around @returns {(Node | string)[]} */
export function eventGaps(rule, known, around) {
  const { changed, redraw } = around;
  const measure = choice(t("event_gaps.measure"), [["once", rule.negated ? t("event_gaps.at_all") : t("event_gaps.once_or_more")], ["count", t("event_gaps.count")], [t("event_gaps.in_them"), Object.entries(MEASURES).map(([word, name]) => [word, t("event_gaps.with", { name })])]], rule.measure, (value) => {
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
    choice(t("event_gaps.compared"), COUNTS, rule.operator, (value) => {
      rule.operator = value;
      redraw();
    }),
    ...numberOf("value", t("event_gaps.times_label")),
    ...(rule.operator === "between" ? [t("event_gaps.and"), ...numberOf("upper", t("event_gaps.times_at_most"))] : []),
    t("event_gaps.times"),
  ];
}

/** @param {import("../rules/rule.js").EventRule} rule @param {Vocabulary} known @param {Around} around @returns {(Node | string)[]} */
function valueGaps(rule, known, around) {
  return [
    ...gap(t("event_gaps.property_looked_at"), rule.of, (value) => {
      rule.of = value;
      around.changed();
    }, { placeholder: "total", suggest: () => known.properties.get(rule.event)?.keys() ?? [] }),
    t("event_gaps.that"),
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
  const limits = choice(t("event_gaps.begun_when"), [["", t("event_gaps.begun_any")], ["within", t("event_gaps.begun_within")]], rule.limited ? "within" : "", (value) => {
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
        h("span", { class: "where-join" }, index === 0 ? t("event_gaps.first") : step.not ? t("event_gaps.then_not") : t("event_gaps.then")),
        ...matchingGaps(step, known, around),
        ...addWhere(step, around),
        ...(index === 0 ? [] : limitGaps(step, around)),
        rule.steps.length > 2 && removeButton(t("event_gaps.remove_step", { step: index + 1 }), () => {
          rule.steps.splice(index, 1);
          redraw();
        }),
      )),
      rule.without.map((what, index) => h(
        "li",
        { class: "step" },
        h("span", { class: "where-join" }, t("event_gaps.in_between_no")),
        ...matchingGaps(what, known, around),
        ...addWhere(what, around),
        removeButton(t("event_gaps.remove_in_between"), () => {
          rule.without.splice(index, 1);
          redraw();
        }),
      )),
    ),
    limits,
    ...(rule.limited ? spanGap(t("event_gaps.begun_label"), rule, around.changed) : []),
    ...(rule.steps.length < 10 ? [addButton(t("event_gaps.add_then"), () => add(false))] : []),
    ...(last?.not || rule.steps.length >= 10 ? [] : [addButton(t("event_gaps.add_then_not"), () => add(true))]),
    addButton(t("event_gaps.add_not_in_between"), () => {
      rule.without.push(newMatching());
      redraw();
    }),
  ];
}

/** How long after the step before. @param {import("../rules/rule.js").Step} step @param {Around} around @returns {(Node | string)[]} */
function limitGaps(step, { changed, redraw }) {
  if (step.not) return [t("event_gaps.for"), ...spanGap(t("event_gaps.for_label"), step, changed)];
  const limit = choice(t("event_gaps.how_soon"), [["", t("event_gaps.any_time_later")], ["within", t("event_gaps.within")]], step.limited ? "within" : "", (value) => {
    step.limited = value !== "";
    redraw();
  });
  return step.limited ? [limit, ...spanGap(t("event_gaps.within_label"), step, changed)] : [limit];
}
