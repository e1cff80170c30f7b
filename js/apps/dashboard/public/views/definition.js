/**
 * An audience's definition as a sentence. The same words as the builder, so that what was built reads back alike.
 */
import { kindName, plain } from "../format.js";

/** @type {Record<string, string>} */
export const COMPARISONS = {
  eq: "is",
  ne: "is not",
  gte: "is at least",
  gt: "is more than",
  lte: "is at most",
  lt: "is less than",
  in: "is one of",
  contains: "contains",
  exists: "is known",
};

/** How a comparison continues “have plan …”. @type {Record<string, string>} */
const HAVING = {
  eq: "",
  ne: "other than",
  gte: "of at least",
  gt: "of more than",
  lte: "of at most",
  lt: "of less than",
  in: "one of",
  contains: "containing",
};

/** Continues “People who …”. @param {any} expression @returns {string} */
export function sentence(expression) {
  if (!expression || typeof expression !== "object") return "everybody";
  if (Array.isArray(expression.all)) return expression.all.length === 0 ? "everybody" : expression.all.map(part).join(" and ");
  if (Array.isArray(expression.any)) return expression.any.length === 0 ? "nobody" : expression.any.map(part).join(" or ");
  if (expression.not) return negation(expression.not);
  if (expression.event) return `did ${eventSentence(expression)}`;
  if (expression.trait ?? expression.computed_trait) return `have ${having(expression)}`;
  return JSON.stringify(expression);
}

/** @param {any} expression */
function negation(expression) {
  if (expression.event) return `did not do ${eventSentence(expression)}`;
  if (expression.trait ?? expression.computed_trait) return `do not have ${having(expression)}`;
  return `are not among those who ${sentence(expression)}`;
}

/** @param {any} expression */
function having({ trait, computed_trait: computed, is }) {
  const tests = Object.entries(is ?? {}).map(([operator, value]) => {
    if (operator === "exists") return value === false ? "unknown" : "known";
    return `${HAVING[operator] ?? operator} ${Array.isArray(value) ? value.map(plain).join(", ") : plain(value)}`.trim();
  });
  return `${kindName(trait ?? computed)} ${tests.join(" and ")}`;
}

/** @param {any} expression */
function part(expression) {
  const grouped = (expression.all?.length ?? 0) > 1 || (expression.any?.length ?? 0) > 1;
  return grouped ? `(${sentence(expression)})` : sentence(expression);
}

/** @param {any} expression */
function eventSentence(expression) {
  const where = Object.entries(expression.where ?? {}).map(([key, test]) => `${kindName(key)} ${comparison(test)}`);
  const count = expression.count ?? { gte: 1 };
  return [
    expression.event,
    where.length ? `where ${where.join(" and ")}` : "",
    times(count),
    expression.within ? `in the last ${span(expression.within)}` : "",
  ].filter(Boolean).join(" ");
}

/** @param {any} count */
function times(count) {
  if (count.gte === 1) return "";
  if (count.gte !== undefined) return `at least ${count.gte} times`;
  if (count.eq === 0) return "never";
  const [operator, value] = Object.entries(count)[0] ?? [];
  return `${String(COMPARISONS[operator ?? ""] ?? operator).replace("is ", "")} ${value} times`;
}

/** @param {any} test */
function comparison(test) {
  return Object.entries(test ?? {}).map(([operator, value]) => (operator === "exists" ? (value === false ? "is not known" : "is known") : `${COMPARISONS[operator] ?? operator} ${Array.isArray(value) ? value.map(plain).join(", ") : plain(value)}`)).join(" and ");
}

/** @param {string} within such as `30d` */
export function span(within) {
  const [, amount, unit] = /^(\d+)([smhdw])$/.exec(within) ?? [];
  const names = /** @type {Record<string, string>} */ ({ s: "second", m: "minute", h: "hour", d: "day", w: "week" });
  if (!amount || !unit) return within;
  return amount === "1" ? String(names[unit]) : `${amount} ${names[unit]}s`;
}
