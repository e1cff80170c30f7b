/** Conditions on attributes in words. */
import { inOneLine, kindName, plain } from "../format.js";
import { containsOf, isOperators, withDollars } from "../rules/condition.js";
import { t } from "../words.js";

/** @type {Record<string, string>} */
const TYPES = { string: t("conditions.type_string"), number: t("conditions.type_number"), boolean: t("conditions.type_boolean"), array: t("conditions.type_array"), object: t("conditions.type_object"), null: t("conditions.type_null"), undefined: t("conditions.type_null") };

/** @param {any} values @param {"conditions.or" | "conditions.and"} joiner */
function list(values, joiner) {
  const all = (Array.isArray(values) ? values : [values]).map(quotedIfOdd);
  return all.length > 1 ? t(joiner, { some: inOneLine(all.slice(0, -1)), last: all.at(-1) ?? "" }) : all.join("");
}

/** Text that could be taken for something else stands in quotes. @param {unknown} value */
function quotedIfOdd(value) {
  return typeof value === "string" && (value.trim() !== value || value === "" || value.includes(",")) ? `“${value}”` : plain(value);
}

/** Each operator, after the name of what it is about. @type {Record<string, (operand: any) => string>} */
const WORDS = {
  $eq: (value) => (value === null ? t("conditions.not_known") : t("conditions.eq", { value: quotedIfOdd(value) })),
  $ne: (value) => (value === null ? t("conditions.known") : t("conditions.ne", { value: quotedIfOdd(value) })),
  $gt: (value) => t("conditions.gt", { value: plain(value) }),
  $gte: (value) => t("conditions.gte", { value: plain(value) }),
  $lt: (value) => t("conditions.lt", { value: plain(value) }),
  $lte: (value) => t("conditions.lte", { value: plain(value) }),
  $in: (values) => t("conditions.one_of", { values: list(values, "conditions.or") }),
  $nin: (values) => t("conditions.none_of", { values: list(values, "conditions.or") }),
  $ini: (values) => t("conditions.one_of_any_case", { values: list(values, "conditions.or") }),
  $nini: (values) => t("conditions.none_of_any_case", { values: list(values, "conditions.or") }),
  $all: (values) => t("conditions.all_of", { values: list(values, "conditions.and") }),
  $alli: (values) => t("conditions.all_of_any_case", { values: list(values, "conditions.and") }),
  $elemMatch: (operand) => (isOperators(operand) && !joins(operand) ? t("conditions.item_that", { condition: operatorWords(operand) }) : t("conditions.item_where", { condition: conditionWords(operand) })),
  $size: (operand) => (typeof operand === "number" ? t("conditions.items", { count: operand }) : t("conditions.items_that", { condition: operatorWords(operand) })),
  $regex: (pattern) => t("conditions.matches", { pattern: String(pattern) }),
  $regexi: (pattern) => t("conditions.matches_any_case", { pattern: String(pattern) }),
  $notRegex: (pattern) => t("conditions.matches_not", { pattern: String(pattern) }),
  $notRegexi: (pattern) => t("conditions.matches_not_any_case", { pattern: String(pattern) }),
  $exists: (wanted) => (wanted ? t("conditions.known") : t("conditions.not_known")),
  $type: (type) => t("conditions.is_type", { type: TYPES[type] ?? String(type) }),
  $inGroup: (id) => t("conditions.in_group", { id: String(id) }),
  $notInGroup: (id) => t("conditions.not_in_group", { id: String(id) }),
  $veq: (version) => t("conditions.version", { version: String(version) }),
  $vne: (version) => t("conditions.version_not", { version: String(version) }),
  $vgt: (version) => t("conditions.version_after", { version: String(version) }),
  $vgte: (version) => t("conditions.version_from", { version: String(version) }),
  $vlt: (version) => t("conditions.version_before", { version: String(version) }),
  $vlte: (version) => t("conditions.version_until", { version: String(version) }),
  $not: (operand) => (isOperators(operand) ? t("conditions.nothing_that", { condition: operatorWords(operand) }) : t("conditions.ne", { value: plain(operand) })),
  contains: (value) => t("conditions.contains", { value: quotedIfOdd(value) }),
};

/** @param {any} condition */
function joins(condition) {
  return Object.keys(condition).some((name) => ["$and", "$or", "$nor"].includes(name));
}

/** One after the other. @param {string[]} parts @param {"conditions.both" | "conditions.either"} joiner */
export function joined(parts, joiner) {
  return parts.slice(1).reduce((one, other) => t(joiner, { one, other }), parts[0] ?? "");
}

/** `is at least 3 and is less than 9`, from operators, a value or our own words. @param {any} given @returns {string} */
export function operatorWords(given) {
  const is = withDollars(given);
  if (!isOperators(is) && !(is && typeof is === "object" && "contains" in is)) return String(WORDS.$eq?.(is));
  return joined(Object.entries(is).map(([operator, operand]) => WORDS[operator]?.(operand) ?? `${operator} ${plain(operand)}`), "conditions.both");
}

/** How the common comparisons continue “have plan …”. @type {Record<string, (value: any) => string>} */
const HAVING = {
  $eq: (value) => (value === null ? t("conditions.having_unknown") : quotedIfOdd(value)),
  $ne: (value) => (value === null ? t("conditions.having_known") : t("conditions.having_other", { value: quotedIfOdd(value) })),
  $gt: (value) => t("conditions.having_gt", { value: plain(value) }),
  $gte: (value) => t("conditions.having_gte", { value: plain(value) }),
  $lt: (value) => t("conditions.having_lt", { value: plain(value) }),
  $lte: (value) => t("conditions.having_lte", { value: plain(value) }),
  $in: (values) => t("conditions.having_one_of", { values: list(values, "conditions.or") }),
  $nin: (values) => t("conditions.having_none_of", { values: list(values, "conditions.or") }),
  $exists: (wanted) => (wanted ? t("conditions.having_known") : t("conditions.having_unknown")),
  contains: (value) => t("conditions.having_part", { value: quotedIfOdd(value) }),
};

/** @param {any} given */
function having(given) {
  const is = withDollars(given);
  const operators = isOperators(is) || (is && typeof is === "object" && "contains" in is) ? Object.entries(is) : [["$eq", is]];
  const short = operators.flatMap(([operator, operand]) => HAVING[operator]?.(operand) ?? []);
  return short.length === operators.length ? joined(short, "conditions.both") : t("conditions.having_that", { condition: operatorWords(is) });
}

/** `category is sneakers and …`. @param {any} condition @returns {string} */
export function conditionWords(condition) {
  return words(condition, (name, is) => t("conditions.attribute", { name: kindName(name), condition: operatorWords(is) }));
}

/** What continues “have”: `plan pro and seats of at least 3`. @param {any} condition @returns {string} */
export function havingWords(condition) {
  return words(condition, (name, is) => t("conditions.attribute", { name: kindName(name), condition: having(is) }));
}

/** @param {any} condition @param {(name: string, is: any) => string} attribute @returns {string} */
function words(condition, attribute) {
  const found = containsOf(condition);
  if (found) return attribute(found.key, { contains: found.value });
  const parts = Object.entries(condition ?? {}).map(([name, value]) => {
    if (name === "$not") return t("conditions.not", { condition: words(value, attribute) });
    if (!Array.isArray(value) || !["$and", "$or", "$nor"].includes(name)) return attribute(name, value);
    const inner = joined(value.map((/** @type {any} */ part) => words(part, attribute)), name === "$and" ? "conditions.both" : "conditions.either");
    if (value.length === 0) return name === "$nor" ? t("conditions.nothing") : t("conditions.anything");
    return name === "$nor" ? t("conditions.none", { conditions: inner }) : value.length > 1 && Object.keys(condition).length > 1 ? `(${inner})` : inner;
  });
  return parts.length === 0 ? t("conditions.anything") : joined(parts, "conditions.both");
}
