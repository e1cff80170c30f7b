/** Conditions on attributes in words. */
import { kindName, plain } from "../format.js";
import { containsOf, isOperators, withDollars } from "../rules/condition.js";

/** @type {Record<string, string>} */
const TYPES = { string: "text", number: "a number", boolean: "yes or no", array: "a list", object: "an object", null: "nothing", undefined: "nothing" };

/** @param {any} values @param {string} word */
function list(values, word) {
  const all = (Array.isArray(values) ? values : [values]).map(quotedIfOdd);
  return all.length > 1 ? `${all.slice(0, -1).join(", ")} ${word} ${all.at(-1)}` : all.join("");
}

/** Text that could be taken for something else stands in quotes. @param {unknown} value */
function quotedIfOdd(value) {
  return typeof value === "string" && (value.trim() !== value || value === "" || value.includes(",")) ? `“${value}”` : plain(value);
}

const ANY_CASE = "in upper or lower case";

/** Each operator, after the name of what it is about. @type {Record<string, (operand: any) => string>} */
const WORDS = {
  $eq: (value) => (value === null ? "is not known" : `is ${quotedIfOdd(value)}`),
  $ne: (value) => (value === null ? "is known" : `is not ${quotedIfOdd(value)}`),
  $gt: (value) => `is more than ${plain(value)}`,
  $gte: (value) => `is at least ${plain(value)}`,
  $lt: (value) => `is less than ${plain(value)}`,
  $lte: (value) => `is at most ${plain(value)}`,
  $in: (values) => `is one of ${list(values, "or")}`,
  $nin: (values) => `is none of ${list(values, "or")}`,
  $ini: (values) => `is one of ${list(values, "or")}, ${ANY_CASE}`,
  $nini: (values) => `is none of ${list(values, "or")}, ${ANY_CASE}`,
  $all: (values) => `has all of ${list(values, "and")}`,
  $alli: (values) => `has all of ${list(values, "and")}, ${ANY_CASE}`,
  $elemMatch: (operand) => (isOperators(operand) && !joins(operand) ? `has an item that ${operatorWords(operand)}` : `has an item where ${conditionWords(operand)}`),
  $size: (operand) => (typeof operand === "number" ? `has ${operand} ${operand === 1 ? "item" : "items"}` : `has a number of items that ${operatorWords(operand)}`),
  $regex: (pattern) => `matches the pattern ${pattern}`,
  $regexi: (pattern) => `matches the pattern ${pattern}, ${ANY_CASE}`,
  $notRegex: (pattern) => `does not match the pattern ${pattern}`,
  $notRegexi: (pattern) => `does not match the pattern ${pattern}, ${ANY_CASE}`,
  $exists: (wanted) => (wanted ? "is known" : "is not known"),
  $type: (type) => `is ${TYPES[type] ?? type}`,
  $inGroup: (id) => `is in the group ${id}`,
  $notInGroup: (id) => `is not in the group ${id}`,
  $veq: (version) => `is version ${version}`,
  $vne: (version) => `is not version ${version}`,
  $vgt: (version) => `is a version after ${version}`,
  $vgte: (version) => `is version ${version} or later`,
  $vlt: (version) => `is a version before ${version}`,
  $vlte: (version) => `is version ${version} or earlier`,
  $not: (operand) => (isOperators(operand) ? `is nothing that ${operatorWords(operand)}` : `is not ${plain(operand)}`),
  contains: (value) => `contains ${quotedIfOdd(value)}`,
};

/** @param {any} condition */
function joins(condition) {
  return Object.keys(condition).some((name) => ["$and", "$or", "$nor"].includes(name));
}

/** `is at least 3 and is less than 9`, from operators, a value or our own words. @param {any} given @returns {string} */
export function operatorWords(given) {
  const is = withDollars(given);
  if (!isOperators(is) && !(is && typeof is === "object" && "contains" in is)) return String(WORDS.$eq?.(is));
  return Object.entries(is).map(([operator, operand]) => WORDS[operator]?.(operand) ?? `${operator} ${plain(operand)}`).join(" and ");
}

/** How the common comparisons continue “have plan …”. @type {Record<string, (value: any) => string>} */
const HAVING = {
  $eq: (value) => (value === null ? "unknown" : quotedIfOdd(value)),
  $ne: (value) => (value === null ? "known" : `other than ${quotedIfOdd(value)}`),
  $gt: (value) => `of more than ${plain(value)}`,
  $gte: (value) => `of at least ${plain(value)}`,
  $lt: (value) => `of less than ${plain(value)}`,
  $lte: (value) => `of at most ${plain(value)}`,
  $in: (values) => `one of ${list(values, "or")}`,
  $nin: (values) => `none of ${list(values, "or")}`,
  $exists: (wanted) => (wanted ? "known" : "unknown"),
  contains: (value) => `containing ${quotedIfOdd(value)}`,
};

/** @param {any} given */
function having(given) {
  const is = withDollars(given);
  const operators = isOperators(is) || (is && typeof is === "object" && "contains" in is) ? Object.entries(is) : [["$eq", is]];
  const short = operators.map(([operator, operand]) => HAVING[operator]?.(operand));
  return short.every((word) => word !== undefined) ? short.join(" and ") : `that ${operatorWords(is)}`;
}

/** `category is sneakers and …`. @param {any} condition @returns {string} */
export function conditionWords(condition) {
  return words(condition, (name, is) => `${kindName(name)} ${operatorWords(is)}`);
}

/** What continues “have”: `plan pro and seats of at least 3`. @param {any} condition @returns {string} */
export function havingWords(condition) {
  return words(condition, (name, is) => `${kindName(name)} ${having(is)}`);
}

/** @param {any} condition @param {(name: string, is: any) => string} attribute @returns {string} */
function words(condition, attribute) {
  const found = containsOf(condition);
  if (found) return attribute(found.key, { contains: found.value });
  const parts = Object.entries(condition ?? {}).map(([name, value]) => {
    if (name === "$not") return `not (${words(value, attribute)})`;
    const joined = Array.isArray(value) && /** @type {Record<string, string>} */ ({ $and: " and ", $or: " or ", $nor: " or " })[name];
    if (!joined) return attribute(name, value);
    const inner = value.map((/** @type {any} */ part) => words(part, attribute)).join(joined);
    if (value.length === 0) return name === "$nor" ? "nothing at all" : "anything";
    return name === "$nor" ? `none of (${inner})` : value.length > 1 && Object.keys(condition).length > 1 ? `(${inner})` : inner;
  });
  return parts.length === 0 ? "anything" : parts.join(" and ");
}
