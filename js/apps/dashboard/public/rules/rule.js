/**
 * An audience's definition as a form edits it. Every rule may be negated; what no form shows is kept as JSON.
 *
 * @typedef {import("./condition.js").Condition} Condition
 * @typedef {import("./window.js").Window} Window
 * @typedef {{ event: string, where: Condition }} Matching
 * @typedef {Matching & { not: boolean, limited: boolean, amount: string, unit: string }} Step
 * @typedef {{ kind: "group", negated: boolean, mode: "all" | "any", rules: Rule[] }} Group
 * @typedef {Matching & { kind: "event", negated: boolean, measure: string, of: string, operator: string, value: string, upper: string, window: Window, bots: string }} EventRule
 * @typedef {{ kind: "sequence", negated: boolean, steps: Step[], without: Matching[], limited: boolean, amount: string, unit: string }} SequenceRule
 * @typedef {{ kind: "traits" | "computed_traits", negated: boolean, condition: Condition }} TraitRule
 * @typedef {{ kind: "date", negated: boolean, trait: string, how: string, amount: string, unit: string, moment: string }} DateRule
 * @typedef {{ kind: "audience" | "identifier", negated: boolean, value: string }} NamedRule
 * @typedef {{ kind: "consent", negated: boolean, value: string, is: string }} ConsentRule
 * @typedef {{ kind: "everybody", negated: boolean }} EverybodyRule
 * @typedef {{ kind: "json", negated: boolean, json: string }} JsonRule
 * @typedef {EventRule | SequenceRule | TraitRule | DateRule | NamedRule | ConsentRule | EverybodyRule | JsonRule} Leaf
 * @typedef {Group | Leaf} Rule
 */
import { conditionFrom, conditionOf, emptyCondition, newTest, operatorsOf, parsed, testsOf } from "./condition.js";
import { spanParts, spanText } from "./values.js";
import { lastMonth, windowFrom, windowOf } from "./window.js";
import { t } from "../words.js";

/** What of the events is compared; anything but `count` looks at values in them. */
export const MEASURES = {
  sum: t("rules.a_sum_of"),
  average: t("rules.an_average"),
  min: t("rules.the_smallest"),
  max: t("rules.the_largest"),
  first: t("rules.the_first"),
  last: t("rules.the_last"),
  most_frequent: t("rules.the_most_frequent"),
  unique_count: t("rules.a_number_of_different"),
};
export const DATES = { in_last: t("rules.was_in_the_last"), in_next: t("rules.is_in_the_next"), longer_ago: t("rules.was_longer_ago_than"), before: t("rules.is_before"), after: t("rules.is_on_or_after") };
const COUNTS = ["$gte", "$gt", "$lte", "$lt", "$eq", "$ne", "between"];

/** @returns {Matching} */
export function newMatching() {
  return { event: "", where: emptyCondition() };
}

/** @param {boolean} [not] @returns {Step} */
export function newStep(not = false) {
  return { ...newMatching(), not, limited: not, amount: "1", unit: not ? "d" : "h" };
}

/** An empty rule of a kind. @param {string} kind @param {boolean} [negated] @returns {Leaf} */
export function newRule(kind = "event", negated = false) {
  switch (kind) {
    case "sequence":
      return { kind, negated, steps: [newStep(), newStep()], without: [], limited: false, amount: "30", unit: "d" };
    case "traits":
    case "computed_traits":
      return { kind, negated, condition: { tests: [newTest()] } };
    case "date":
      return { kind, negated, trait: "", how: "in_next", amount: "7", unit: "d", moment: "" };
    case "audience":
    case "identifier":
      return { kind, negated, value: "" };
    case "consent":
      return { kind, negated, value: "", is: "granted" };
    case "everybody":
      return { kind, negated };
    case "json":
      return { kind, negated, json: "" };
    default:
      return { kind: "event", negated, ...newMatching(), measure: "once", of: "", operator: "$gte", value: "2", upper: "", window: lastMonth(), bots: "" };
  }
}

/** @param {Rule[]} [rules] @returns {Group} */
export function newGroup(rules = [newRule()]) {
  return { kind: "group", negated: false, mode: "all", rules };
}

/** The outermost group of a form. @param {any} definition @returns {Group} */
export function formOf(definition) {
  const rule = ruleOf(definition);
  return rule.kind === "group" ? rule : newGroup([rule]);
}

/** @param {any} definition @returns {Rule} */
export function ruleOf(definition) {
  const inner = definition?.not;
  if (inner === undefined || Object.keys(definition).length !== 1) return plainRule(definition);
  const rule = plainRule(inner);
  // Two denials stay as they are written.
  return inner?.not === undefined ? { ...rule, negated: true } : { kind: "json", negated: false, json: text(definition) };
}

/** @param {any} definition */
function text(definition) {
  return JSON.stringify(definition, null, 2);
}

/** @param {any} definition @returns {Rule} */
function plainRule(definition) {
  const given = definition ?? {};
  for (const mode of /** @type {const} */ (["all", "any"])) {
    const rules = given[mode];
    if (Array.isArray(rules) && rules.length) return { kind: "group", negated: false, mode, rules: rules.map(ruleOf) };
  }
  return leaf(given) ?? { kind: "json", negated: false, json: text(definition) };
}

/** @param {any} given @returns {Leaf | undefined} */
function leaf(given) {
  const negated = false;
  if (Array.isArray(given.all)) return { kind: "everybody", negated };
  if (given.event !== undefined) return eventRule(given);
  if (given.sequence) return sequenceRule(given);
  if (given.date) return dateRule(given);
  if (given.traits ?? given.trait) return traitRule("traits", given.traits, given.trait, given.is);
  if (given.computed_traits ?? given.computed_trait) return traitRule("computed_traits", given.computed_traits, given.computed_trait, given.is);
  if (typeof given.audience === "string") return { kind: "audience", negated, value: given.audience };
  if (typeof given.identifier === "string") return { kind: "identifier", negated, value: given.identifier };
  if (typeof given.consent === "string") return { kind: "consent", negated, value: given.consent, is: given.is ?? "granted" };
  return undefined;
}

/** @param {"traits" | "computed_traits"} kind @param {any} whole @param {string} name @param {any} is @returns {TraitRule} */
function traitRule(kind, whole, name, is) {
  const tests = whole === undefined ? testsOf(name, is) : undefined;
  return { kind, negated: false, condition: tests ? { tests } : conditionOf(whole ?? { [name]: is }) };
}

/** @param {any} given @returns {EventRule | undefined} */
function eventRule(given) {
  const compared = given.aggregate ? given.is : (given.count ?? { $gte: 1 });
  const [test, more] = testsOf("", compared) ?? [];
  if (!test || more) return undefined;
  const known = given.aggregate ? given.aggregate in MEASURES : COUNTS.includes(test.operator);
  if (!known || (given.within !== undefined && !spanParts(given.within))) return undefined;
  const once = !given.aggregate && test.operator === "$gte" && test.value === "1";
  return {
    kind: "event",
    negated: false,
    event: given.event,
    where: conditionOf(given.where),
    measure: given.aggregate ?? (once ? "once" : "count"),
    of: shortPath(given.of ?? ""),
    operator: test.operator,
    value: test.value,
    upper: test.upper,
    window: windowOf(given),
    bots: given.bots === undefined ? "" : String(given.bots),
  };
}

/** @param {any} given @returns {SequenceRule} */
function sequenceRule(given) {
  const limit = spanParts(given.within);
  return {
    kind: "sequence",
    negated: false,
    steps: given.sequence.map((/** @type {any} */ step) => {
      const what = step.not ?? step;
      const within = spanParts(step.within);
      return { event: what.event, where: conditionOf(what.where), not: Boolean(step.not), limited: Boolean(within), ...(within ?? { amount: "1", unit: "h" }) };
    }),
    without: (given.without ?? []).map((/** @type {any} */ what) => ({ event: what.event, where: conditionOf(what.where) })),
    limited: Boolean(limit),
    ...(limit ?? { amount: "30", unit: "d" }),
  };
}

/** @param {any} given @returns {DateRule | undefined} */
function dateRule(given) {
  const how = Object.keys(DATES).find((word) => given[word] !== undefined);
  const span = spanParts(given[how ?? ""]);
  const rule = { kind: /** @type {const} */ ("date"), negated: false, trait: given.date, how: how ?? "", amount: "7", unit: "d", moment: "" };
  if (how === "before" || how === "after") return { ...rule, moment: String(given[how]) };
  return span && { ...rule, ...span };
}

/** What a form comes to; nothing while a part of it is not finished. @param {Rule} rule @returns {any} */
export function definitionOf(rule) {
  const plain = rule.kind === "group" ? groupDefinition(rule) : leafDefinition(rule);
  return plain !== undefined && rule.negated ? { not: plain } : plain;
}

/** A group of one is that one. @param {Group} group */
function groupDefinition({ mode, rules }) {
  const parts = rules.map(definitionOf);
  if (parts.length === 0 || parts.some((part) => part === undefined)) return undefined;
  return parts.length === 1 ? parts[0] : { [mode]: parts };
}

/** @param {Leaf} rule */
function leafDefinition(rule) {
  switch (rule.kind) {
    case "event":
      return eventDefinition(rule);
    case "sequence":
      return sequenceDefinition(rule);
    case "date":
      return dateDefinition(rule);
    case "traits":
    case "computed_traits": {
      const condition = conditionFrom(rule.condition);
      const empty = rule.condition.json === undefined && rule.condition.tests.length === 0;
      return condition === undefined || empty ? undefined : { [rule.kind]: condition };
    }
    case "consent":
      return rule.value ? { consent: rule.value, ...(rule.is === "granted" ? {} : { is: rule.is }) } : undefined;
    case "everybody":
      return { all: [] };
    case "json":
      return parsed(rule.json);
    default:
      return rule.value.trim() ? { [rule.kind]: rule.value.trim() } : undefined;
  }
}

/** @param {Matching} matching */
function matchingDefinition({ event, where }) {
  const name = event.trim();
  const condition = conditionFrom(where);
  if (!name || condition === undefined) return undefined;
  const empty = where.json === undefined && where.tests.length === 0;
  return { event: name, ...(empty ? {} : { where: condition }) };
}

/** @param {EventRule} rule */
function eventDefinition(rule) {
  const what = matchingDefinition(rule);
  const window = windowFrom(rule.window);
  const compared = measureDefinition(rule);
  if (!what || !window || !compared) return undefined;
  return { ...what, ...(rule.bots ? { bots: rule.bots === "true" } : {}), ...compared, ...window };
}

/** @param {EventRule} rule */
function measureDefinition(rule) {
  if (rule.measure === "once") return { count: { $gte: 1 } };
  const is = operatorsOf(rule);
  if (is === undefined) return undefined;
  if (rule.measure === "count") {
    const whole = [rule.value, ...(rule.operator === "between" ? [rule.upper] : [])].every((number) => /^\d+$/.test(number.trim()));
    return whole ? { count: is } : undefined;
  }
  const of = valuePath(rule.of);
  return of ? { aggregate: rule.measure, of, is } : undefined;
}

/** Values are properties unless said otherwise. @param {string} path @returns {string | undefined} */
export function valuePath(path) {
  const name = path.trim();
  if (!name) return undefined;
  return /^(properties|traits|context)\../.test(name) ? name : `properties.${name}`;
}

/** The same as people write it. @param {string} path */
export function shortPath(path) {
  const name = path.replace(/^properties\./, "");
  return valuePath(name) === path ? name : path;
}

/** @param {SequenceRule} rule */
function sequenceDefinition(rule) {
  const steps = rule.steps.map((step, index) => {
    const what = matchingDefinition(step);
    const within = index > 0 && (step.limited || step.not) ? spanText(step) : "";
    if (!what || within === undefined) return undefined;
    return { ...(step.not ? { not: what } : what), ...(within ? { within } : {}) };
  });
  const without = rule.without.map(matchingDefinition);
  const within = rule.limited ? spanText(rule) : "";
  if ([...steps, ...without, within].includes(undefined)) return undefined;
  return { sequence: steps, ...(without.length ? { without } : {}), ...(within ? { within } : {}) };
}

/** @param {DateRule} rule */
function dateDefinition(rule) {
  const operand = rule.how === "before" || rule.how === "after" ? rule.moment : spanText(rule);
  return rule.trait.trim() && operand ? { date: rule.trait.trim(), [rule.how]: operand } : undefined;
}

