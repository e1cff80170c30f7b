/**
 * A condition on attributes as a list of comparisons, for a form. What a list cannot say stays JSON.
 *
 * @typedef {{ key: string, operator: string, value: string, upper: string }} Test `upper` is the second value of `between`
 * @typedef {{ tests: Test[], json?: string }} Condition
 */
import { literal, literals, literalsText, literalText } from "./values.js";
import { t } from "../words.js";

/** @typedef {"one" | "two" | "list" | "none"} Takes how many values an operator is given */
/** Operators that a form offers, with their words. @type {Record<string, { words: string, takes: Takes }>} */
export const OPERATORS = {
  $eq: { words: t("rules.is"), takes: "one" },
  $ne: { words: t("rules.is_not"), takes: "one" },
  $gte: { words: t("rules.is_at_least"), takes: "one" },
  $gt: { words: t("rules.is_more_than"), takes: "one" },
  $lte: { words: t("rules.is_at_most"), takes: "one" },
  $lt: { words: t("rules.is_less_than"), takes: "one" },
  between: { words: t("rules.is_between"), takes: "two" },
  $in: { words: t("rules.is_one_of"), takes: "list" },
  $nin: { words: t("rules.is_none_of"), takes: "list" },
  $ini: { words: t("rules.is_one_of_any_case"), takes: "list" },
  $nini: { words: t("rules.is_none_of_any_case"), takes: "list" },
  contains: { words: t("rules.contains"), takes: "one" },
  $all: { words: t("rules.has_all_of"), takes: "list" },
  $regex: { words: t("rules.matches_the_pattern"), takes: "one" },
  $regexi: { words: t("rules.matches_the_pattern_any_case"), takes: "one" },
  $notRegex: { words: t("rules.does_not_match_the_pattern"), takes: "one" },
  known: { words: t("rules.is_known"), takes: "none" },
  unknown: { words: t("rules.is_not_known"), takes: "none" },
  $veq: { words: t("rules.is_version"), takes: "one" },
  $vgte: { words: t("rules.is_version_or_later"), takes: "one" },
  $vlt: { words: t("rules.is_before_version"), takes: "one" },
};

/** Operators whose operand is text whatever it looks like. */
const TEXTS = new Set(["$regex", "$regexi", "$notRegex", "$veq", "$vgte", "$vlt"]);

/** @param {string} [key] @returns {Test} */
export function newTest(key = "") {
  return { key, operator: "$eq", value: "", upper: "" };
}

/** @returns {Condition} */
export function emptyCondition() {
  return { tests: [] };
}

/** The text that an expression written for `contains` stands for. @param {string} pattern */
function unescaped(pattern) {
  return pattern.replaceAll(/\\([^\w\s])/g, "$1");
}

/** The name and text of `contains`, where a condition is what that word is read as. @param {any} condition */
export function containsOf(condition) {
  const either = condition?.$or;
  if (!Array.isArray(either) || Object.keys(condition).length !== 1) return undefined;
  const [item, part] = either;
  const [key] = Object.keys(item ?? {});
  const wanted = key === undefined ? undefined : item[key]?.$elemMatch?.$eq;
  if (key === undefined || wanted === undefined || Object.keys(item).length !== 1) return undefined;
  if (typeof wanted !== "string") return either.length === 1 ? { key, value: wanted } : undefined;
  const same = either.length === 2 && Object.keys(part).join() === key && Object.keys(part[key] ?? {}).join() === "$regex" && unescaped(part[key].$regex) === wanted;
  return same ? { key, value: wanted } : undefined;
}

/** @param {string} key @param {unknown} value */
function contains(key, value) {
  const either = [{ [key]: { $elemMatch: { $eq: value } } }];
  const part = String(value).replaceAll(/[\\.+*?()|[\]{}^$#&\-~]/g, "\\$&");
  return { $or: typeof value === "string" ? [...either, { [key]: { $regex: part } }] : either };
}

/** @param {unknown} value */
export function isOperators(value) {
  return Boolean(value) && typeof value === "object" && !Array.isArray(value) && Object.keys(/** @type {object} */ (value)).some((name) => name.startsWith("$"));
}

/** Our words are operators without the dollar. */
const OURS = ["eq", "ne", "gt", "gte", "lt", "lte", "in", "exists"];

/** A comparison with operators throughout, whichever way it was written. @param {any} is @returns {any} */
export function withDollars(is) {
  const words = Object.entries(is && typeof is === "object" && !Array.isArray(is) ? is : {});
  const ours = words.length > 0 && words.every(([word]) => OURS.includes(word) || word === "contains");
  return ours ? Object.fromEntries(words.map(([word, operand]) => [word === "contains" ? word : `$${word}`, operand])) : is;
}

/**
 * The comparisons of one value; nothing where a form has no field for one of them.
 *
 * @param {string} key @param {any} value @returns {Test[] | undefined}
 */
export function testsOf(key, value) {
  const is = withDollars(value);
  if (!isOperators(is) && !(is && typeof is === "object" && "contains" in is)) return [{ ...newTest(key), value: literalText(is) }];
  const { $gte, $lte, ...rest } = is;
  /** @type {Test[]} */
  const tests = [];
  if ($gte !== undefined && $lte !== undefined) tests.push({ key, operator: "between", value: literalText($gte), upper: literalText($lte) });
  else if ($gte !== undefined || $lte !== undefined) tests.push({ ...newTest(key), operator: $gte === undefined ? "$lte" : "$gte", value: literalText($gte ?? $lte) });
  for (const [operator, operand] of Object.entries(rest)) {
    const known = OPERATORS[operator];
    if (operator === "$exists" && typeof operand === "boolean") tests.push({ ...newTest(key), operator: operand ? "known" : "unknown" });
    else if (!known) return undefined;
    else if (known.takes === "list") {
      if (!Array.isArray(operand) || operand.length === 0) return undefined;
      tests.push({ ...newTest(key), operator, value: literalsText(operand) });
    } else if (TEXTS.has(operator)) {
      if (typeof operand !== "string" || operand.trim() !== operand) return undefined;
      tests.push({ ...newTest(key), operator, value: operand });
    } else tests.push({ ...newTest(key), operator, value: literalText(operand) });
  }
  return tests;
}

/** @param {any} condition @returns {Test[] | undefined} */
function listed(condition) {
  if (!condition || typeof condition !== "object" || Array.isArray(condition)) return undefined;
  const found = containsOf(condition);
  if (found) return [{ ...newTest(found.key), operator: "contains", value: literalText(found.value) }];
  /** @type {Test[]} */
  const tests = [];
  for (const [key, value] of Object.entries(condition)) {
    const here = key === "$and" && Array.isArray(value) ? value.map(listed) : [key.startsWith("$") ? undefined : testsOf(key, value)];
    for (const some of here) {
      if (!some) return undefined;
      tests.push(...some);
    }
  }
  return tests;
}

/** @param {any} condition @returns {Condition} */
export function conditionOf(condition) {
  const tests = condition === undefined ? [] : listed(condition);
  return tests ? { tests } : { tests: [], json: JSON.stringify(condition, null, 2) };
}

/** What a comparison is, as operators; nothing while it is not finished. @param {Omit<Test, "key">} test @returns {any} */
export function operatorsOf({ operator, value, upper }) {
  const text = value.trim();
  if (operator === "known" || operator === "unknown") return { $exists: operator === "known" };
  if (text === "") return undefined;
  if (operator === "between") return upper.trim() === "" ? undefined : { $gte: literal(text), $lte: literal(upper) };
  if (OPERATORS[operator]?.takes === "list") {
    const values = literals(text);
    return values.length ? { [operator]: values } : undefined;
  }
  if (TEXTS.has(operator)) return { [operator]: text };
  const one = literal(text);
  const empty = one && typeof one === "object" && Object.keys(one).length === 0 && !Array.isArray(one);
  return operator === "$eq" && !empty ? one : { [operator]: one };
}

/** @param {Test} test @returns {any} a condition of one comparison */
function conditionOfTest(test) {
  const key = test.key.trim();
  if (!key) return undefined;
  if (test.operator === "contains") return test.value.trim() === "" ? undefined : contains(key, literal(test.value));
  const is = operatorsOf(test);
  return is === undefined ? undefined : { [key]: is };
}

/** What a form's condition comes to; nothing while it is not finished. @param {Condition} condition @returns {any} */
export function conditionFrom({ tests, json }) {
  if (json !== undefined) return parsed(json);
  /** @type {any[]} */
  const joined = [];
  for (const test of tests) {
    const one = conditionOfTest(test);
    if (one === undefined) return undefined;
    const room = joined.find((other) => fits(other, one));
    if (room) add(room, one);
    else joined.push(one);
  }
  return joined.length === 1 ? joined[0] : joined.length === 0 ? {} : { $and: joined };
}

/** Whether a comparison has a place beside others in one object. @param {any} there @param {any} one */
function fits(there, one) {
  const [[key, is] = ["", undefined]] = Object.entries(one);
  if (key.startsWith("$") || Object.keys(there).some((name) => name.startsWith("$"))) return false;
  if (!(key in there)) return true;
  return isOperators(there[key]) && isOperators(is) && Object.keys(is).every((operator) => !(operator in there[key]));
}

/** @param {any} there @param {any} one */
function add(there, one) {
  for (const [key, is] of Object.entries(one)) there[key] = key in there ? { ...there[key], ...is } : is;
}

/** @param {string} json @returns {any} an object, or nothing while it is none */
export function parsed(json) {
  try {
    const value = JSON.parse(json);
    return value && typeof value === "object" && !Array.isArray(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
