/**
 * Definitions as sentences. The same words as the builder, so that what was built reads back alike.
 *
 * @typedef {(id: string) => string} NameOf what an audience is called
 */
import { kindName, number, plain, plural } from "../format.js";
import { withDollars } from "../rules/condition.js";
import { MEASURES, shortPath } from "../rules/rule.js";
import { spanParts } from "../rules/values.js";
import { PERIODS, UNITS } from "../rules/window.js";
import { conditionWords, havingWords, operatorWords } from "./condition-words.js";

const WHEN = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

/** Continues “People who …”. @param {any} expression @param {NameOf} [nameOf] @returns {string} */
export function sentence(expression, nameOf = (id) => id) {
  if (!expression || typeof expression !== "object") return "everybody";
  const { all, any, not } = expression;
  if (Array.isArray(all)) return all.length === 0 ? "are anybody at all" : joined(all, " and ", nameOf);
  if (Array.isArray(any)) return any.length === 0 ? "are nobody" : joined(any, " or ", nameOf);
  return not === undefined ? rule(expression, nameOf, true) : denied(not, nameOf);
}

/** @param {any[]} rules @param {string} word @param {NameOf} nameOf */
function joined(rules, word, nameOf) {
  const parts = rules.map((part) => {
    const grouped = (part.all?.length ?? 0) > 1 || (part.any?.length ?? 0) > 1;
    return grouped && rules.length > 1 ? `(${sentence(part, nameOf)})` : sentence(part, nameOf);
  });
  return parts.join(word);
}

/** @param {any} expression @param {NameOf} nameOf */
function denied(expression, nameOf) {
  const { all, any, not } = expression;
  if (Array.isArray(all) && all.length === 0) return "are nobody";
  if (all ?? any ?? not) return `are not among those who ${sentence(expression, nameOf)}`;
  return rule(expression, nameOf, false);
}

/** One rule that joins no others; `yes` is false where it is denied. @param {any} given @param {NameOf} nameOf @param {boolean} yes @returns {string} */
function rule(given, nameOf, yes) {
  const have = yes ? "have" : "do not have";
  if (given.event !== undefined) return `${yes ? "did" : "did not do"} ${eventWords(given)}`;
  if (given.sequence) return `${yes ? "" : "are not among those who "}did ${sequenceWords(given)}`;
  if (given.traits ?? given.computed_traits) return `${have} ${havingWords(given.traits ?? given.computed_traits)}`;
  if (given.trait ?? given.computed_trait) return `${have} ${havingWords({ [given.trait ?? given.computed_trait]: given.is })}`;
  if (given.date) return `${have} ${kindName(given.date)} ${dateWords(given)}`;
  if (given.audience) return `are ${yes ? "" : "not "}in the audience “${nameOf(given.audience)}”`;
  if (given.identifier) return `${have} the identifier ${kindName(given.identifier)}`;
  if (given.consent) return consentWords(kindName(given.consent), given.is ?? "granted", yes);
  return `${yes ? "" : "are not so: "}${JSON.stringify(given)}`;
}

/** @param {string} purpose @param {string} is @param {boolean} yes */
function consentWords(purpose, is, yes) {
  if (is === "denied") return yes ? `refused consent to ${purpose}` : `did not refuse consent to ${purpose}`;
  if (is === "unset") return yes ? `made no choice about ${purpose}` : `made a choice about ${purpose}`;
  return yes ? `consent to ${purpose}` : `do not consent to ${purpose}`;
}

/** @param {any} given */
function matchingWords({ event, where }) {
  return where === undefined ? String(event) : `${event} where ${conditionWords(where)}`;
}

/** @param {any} given */
function eventWords(given) {
  const of = given.aggregate && `with ${MEASURES[/** @type {keyof typeof MEASURES} */ (given.aggregate)] ?? given.aggregate} ${kindName(shortPath(given.of ?? ""))} that ${operatorWords(given.is)}`;
  return [matchingWords(given), of ?? times(given.count), windowWords(given), botWords(given.bots)].filter(Boolean).join(" ");
}

/** @param {boolean | undefined} bots */
function botWords(bots) {
  return bots === undefined ? "" : bots ? "(by known bots only)" : "(not by known bots)";
}

/** @param {any} given */
function times(given) {
  const count = withDollars(given ?? { $gte: 1 });
  if (typeof count === "number") return count === 0 ? "never" : `exactly ${timesOf(count)}`;
  const { $gte, $lte, ...rest } = count;
  const more = Object.keys(rest).length;
  if (!more && $gte !== undefined && $lte !== undefined) return `from ${$gte} to ${timesOf($lte)}`;
  if (!more && $gte !== undefined) return $gte === 1 ? "" : `at least ${timesOf($gte)}`;
  if (!more && $lte !== undefined) return `at most ${timesOf($lte)}`;
  if (Object.keys(count).length === 1) {
    if (rest.$eq !== undefined) return times(rest.$eq);
    if (rest.$gt !== undefined) return `more than ${timesOf(rest.$gt)}`;
    if (rest.$lt !== undefined) return `fewer than ${timesOf(rest.$lt)}`;
    if (rest.$ne !== undefined) return `not exactly ${timesOf(rest.$ne)}`;
  }
  return `a number of times that ${operatorWords(count)}`;
}

/** @param {number} count */
function timesOf(count) {
  return count === 1 ? "once" : `${number(count)} times`;
}

/** @param {any} given */
function sequenceWords({ sequence, without, within }) {
  const steps = sequence.map((/** @type {any} */ step, /** @type {number} */ index) => {
    const what = matchingWords(step.not ?? step);
    if (step.not) return `then did not do ${what} for ${span(step.within)}`;
    return `${index ? "then " : ""}${what}${step.within ? ` within ${span(step.within)}` : ""}`;
  });
  const none = (without ?? []).map(matchingWords);
  return [steps.join(", "), none.length ? `, and no ${none.join(" or ")} in between` : "", within ? `, beginning in the last ${plainSpan(within)}` : ""].join("");
}

/** @param {any} given */
function dateWords({ in_last: last, in_next: next, longer_ago: ago, before, after }) {
  if (last) return `in the last ${plainSpan(last)}`;
  if (next) return `in the next ${plainSpan(next)}`;
  if (ago) return `at least ${span(ago)} ago`;
  return before === undefined ? `on or after ${moment(after)}` : `before ${moment(before)}`;
}

/** When events have to have happened; nothing for all time. @param {any} given */
export function windowWords({ within, calendar, timezone, from, until }) {
  if (within) return `in the last ${plainSpan(within)}`;
  if (calendar) return `${PERIODS[/** @type {keyof typeof PERIODS} */ (calendar)] ?? calendar} (${timezone ?? "UTC"})`;
  if (from && until) return `from ${moment(from)} until ${moment(until)}`;
  return from ? `since ${moment(from)}` : until ? `before ${moment(until)}` : "";
}

/** @param {string | number} value */
function moment(value) {
  const at = new Date(value);
  return Number.isNaN(at.getTime()) ? plain(value) : WHEN.format(at).replace(", 00:00", "");
}

/** @param {string} within such as `30d` */
export function span(within) {
  const parts = spanParts(within);
  if (!parts) return String(within);
  return plural(Number(parts.amount), UNITS[/** @type {keyof typeof UNITS} */ (parts.unit)]);
}

/** After “the last”, one needs no number. @param {string} within */
function plainSpan(within) {
  return span(within).replace(/^1 /, "");
}

/** @type {Record<string, (of: string, n: number) => string>} */
const COMPUTED = {
  count: () => "the number of",
  sum: (of) => `the sum of ${of} in`,
  average: (of) => `the average ${of} in`,
  min: (of) => `the smallest ${of} in`,
  max: (of) => `the largest ${of} in`,
  first: (of) => `the first ${of} in`,
  last: (of) => `the last ${of} in`,
  most_frequent: (of) => `the most frequent ${of} in`,
  unique_count: (of) => `the number of different values of ${of} in`,
  last_n: (of, n) => `the last ${n} values of ${of} in`,
  time_since_last: () => "the seconds since the last",
  time_since_first: () => "the seconds since the first",
};

/** A computed trait in words. @param {any} trait */
export function computedSentence(trait) {
  const what = COMPUTED[trait.aggregate]?.(kindName(shortPath(trait.of ?? "")), trait.n) ?? trait.aggregate;
  return [what, matchingWords(trait), windowWords(trait), botWords(trait.bots)].filter(Boolean).join(" ");
}
