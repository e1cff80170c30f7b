/**
 * Definitions as sentences. The same words as the builder, so that what was built reads back alike.
 *
 * @typedef {(id: string) => string} NameOf what an audience is called
 */
import { inOneLine, kindName, plain } from "../format.js";
import { LOCALES } from "../locale.js";
import { withDollars } from "../rules/condition.js";
import { MEASURES, shortPath } from "../rules/rule.js";
import { spanParts } from "../rules/values.js";
import { PERIODS, UNITS } from "../rules/window.js";
import { t } from "../words.js";
import { conditionWords, havingWords, joined, operatorWords } from "./condition-words.js";

const MOMENT = new Intl.DateTimeFormat(LOCALES, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });
const DAY = new Intl.DateTimeFormat(LOCALES, { day: "numeric", month: "short", year: "numeric" });

/** Continues “People who …”. @param {any} expression @param {NameOf} [nameOf] @returns {string} */
export function sentence(expression, nameOf = (id) => id) {
  if (!expression || typeof expression !== "object") return t("sentence.everybody");
  const { all, any, not } = expression;
  if (Array.isArray(all)) return all.length === 0 ? t("sentence.anybody") : rules(all, "conditions.both", nameOf);
  if (Array.isArray(any)) return any.length === 0 ? t("sentence.nobody") : rules(any, "conditions.either", nameOf);
  return not === undefined ? rule(expression, nameOf, true) : denied(not, nameOf);
}

/** @param {any[]} all @param {"conditions.both" | "conditions.either"} joiner @param {NameOf} nameOf */
function rules(all, joiner, nameOf) {
  const parts = all.map((part) => {
    const grouped = (part.all?.length ?? 0) > 1 || (part.any?.length ?? 0) > 1;
    return grouped && all.length > 1 ? `(${sentence(part, nameOf)})` : sentence(part, nameOf);
  });
  return joined(parts, joiner);
}

/** @param {any} expression @param {NameOf} nameOf */
function denied(expression, nameOf) {
  const { all, any, not } = expression;
  if (Array.isArray(all) && all.length === 0) return t("sentence.nobody");
  if (all ?? any ?? not) return t("sentence.not_among", { sentence: sentence(expression, nameOf) });
  return rule(expression, nameOf, false);
}

/** One rule that joins no others; `yes` is false where it is denied. @param {any} given @param {NameOf} nameOf @param {boolean} yes @returns {string} */
function rule(given, nameOf, yes) {
  if (given.event !== undefined) return t(yes ? "sentence.did" : "sentence.did_not", { what: eventWords(given) });
  if (given.sequence) return t(yes ? "sentence.did" : "sentence.not_in_sequence", { what: sequenceWords(given) });
  if (given.traits ?? given.computed_traits) return t(yes ? "sentence.have" : "sentence.have_not", { what: havingWords(given.traits ?? given.computed_traits) });
  if (given.trait ?? given.computed_trait) return t(yes ? "sentence.have" : "sentence.have_not", { what: havingWords({ [given.trait ?? given.computed_trait]: given.is }) });
  if (given.date) return t(yes ? "sentence.have_date" : "sentence.have_not_date", { trait: kindName(given.date), when: dateWords(given) });
  if (given.audience) return t(yes ? "sentence.in_audience" : "sentence.not_in_audience", { name: nameOf(given.audience) });
  if (given.identifier) return t(yes ? "sentence.have_identifier" : "sentence.have_not_identifier", { kind: kindName(given.identifier) });
  if (given.consent) return consentWords(kindName(given.consent), given.is ?? "granted", yes);
  return yes ? JSON.stringify(given) : t("sentence.not_so", { json: JSON.stringify(given) });
}

/** @param {string} purpose @param {string} is @param {boolean} yes */
function consentWords(purpose, is, yes) {
  if (is === "denied") return t(yes ? "sentence.consent_denied" : "sentence.consent_not_denied", { purpose });
  if (is === "unset") return t(yes ? "sentence.consent_unset" : "sentence.consent_set", { purpose });
  return t(yes ? "sentence.consent_granted" : "sentence.consent_not_granted", { purpose });
}

/** @param {any} given */
function matchingWords({ event, where }) {
  return where === undefined ? String(event) : t("sentence.event_where", { event: String(event), condition: conditionWords(where) });
}

/** A message of which some values may be empty. @param {string} text */
function tidy(text) {
  return text.replaceAll(/ {2,}/g, " ").trim();
}

/** @param {any} given */
function eventWords(given) {
  const measure = given.aggregate && t("sentence.with_measure", { measure: MEASURES[/** @type {keyof typeof MEASURES} */ (given.aggregate)] ?? given.aggregate, of: kindName(shortPath(given.of ?? "")), condition: operatorWords(given.is) });
  return tidy(t("sentence.event", { what: matchingWords(given), often: measure ?? times(given.count), when: windowWords(given), bots: botWords(given.bots) }));
}

/** @param {boolean | undefined} bots */
function botWords(bots) {
  return bots === undefined ? "" : bots ? t("sentence.by_bots") : t("sentence.not_by_bots");
}

/** @param {any} given @returns {string} */
function times(given) {
  const count = withDollars(given ?? { $gte: 1 });
  if (typeof count === "number") return t("sentence.exactly", { count });
  const { $gte, $lte, ...rest } = count;
  const more = Object.keys(rest).length;
  if (!more && $gte !== undefined && $lte !== undefined) return t("sentence.from_to_times", { least: String($gte), count: $lte });
  if (!more && $gte !== undefined) return $gte === 1 ? "" : t("sentence.at_least", { count: $gte });
  if (!more && $lte !== undefined) return t("sentence.at_most", { count: $lte });
  if (Object.keys(count).length === 1) {
    if (rest.$eq !== undefined) return times(rest.$eq);
    if (rest.$gt !== undefined) return t("sentence.more_than", { count: rest.$gt });
    if (rest.$lt !== undefined) return t("sentence.fewer_than", { count: rest.$lt });
    if (rest.$ne !== undefined) return t("sentence.not_exactly", { count: rest.$ne });
  }
  return t("sentence.times_that", { condition: operatorWords(count) });
}

/** @param {any} given */
function sequenceWords({ sequence, without, within }) {
  const steps = sequence.map((/** @type {any} */ step, /** @type {number} */ index) => {
    const what = matchingWords(step.not ?? step);
    if (step.not) return t("sentence.then_not", { what, span: span(step.within) });
    if (step.within) return t(index ? "sentence.then_within" : "sentence.first_within", { what, span: span(step.within) });
    return index ? t("sentence.then", { what }) : what;
  });
  const none = (without ?? []).map(matchingWords);
  const walk = inOneLine(steps);
  const parts = none.length ? t("sentence.and_no", { sequence: walk, none: joined(none, "conditions.either") }) : walk;
  return within ? t("sentence.beginning", { sequence: parts, last: lastWords(within) }) : parts;
}

/** @param {any} given */
function dateWords({ in_last: last, in_next: next, longer_ago: ago, before, after }) {
  if (last) return lastWords(last);
  if (next) return t("sentence.in_next", spanValues(next));
  if (ago) return t("sentence.ago", { span: span(ago) });
  return before === undefined ? t("sentence.on_or_after", { at: moment(after) }) : t("sentence.before", { at: moment(before) });
}

/** When events have to have happened; nothing for all time. @param {any} given @returns {string} */
export function windowWords({ within, calendar, timezone, from, until }) {
  if (within) return lastWords(within);
  if (calendar) return t("sentence.calendar", { period: PERIODS[/** @type {keyof typeof PERIODS} */ (calendar)] ?? calendar, timezone: timezone ?? "UTC" });
  if (from && until) return t("sentence.from_until", { from: moment(from), until: moment(until) });
  return from ? t("sentence.since", { at: moment(from) }) : until ? t("sentence.before", { at: moment(until) }) : "";
}

/** @param {string | number} value */
function moment(value) {
  const at = new Date(value);
  if (Number.isNaN(at.getTime())) return plain(value);
  return (at.getHours() === 0 && at.getMinutes() === 0 ? DAY : MOMENT).format(at);
}

/** Its amount and unit, or the text where it has none. @param {string} within such as `30d` */
function spanValues(within) {
  const parts = spanParts(within);
  return { count: Number(parts?.amount ?? 0), unit: parts ? (UNITS.find((one) => one === parts.unit) ?? "d") : "other", text: String(within) };
}

/** @param {string} within such as `30d` */
export function span(within) {
  return t("sentence.span", spanValues(within));
}

/** After “the last”, one needs no number. @param {string} within */
function lastWords(within) {
  return t("sentence.in_last", spanValues(within));
}

/** @type {Record<string, (of: string, n: number) => string>} */
const COMPUTED = {
  count: () => t("sentence.computed_count"),
  sum: (of) => t("sentence.computed_sum", { of }),
  average: (of) => t("sentence.computed_average", { of }),
  min: (of) => t("sentence.computed_min", { of }),
  max: (of) => t("sentence.computed_max", { of }),
  first: (of) => t("sentence.computed_first", { of }),
  last: (of) => t("sentence.computed_last", { of }),
  most_frequent: (of) => t("sentence.computed_most_frequent", { of }),
  unique_count: (of) => t("sentence.computed_unique_count", { of }),
  last_n: (of, n) => t("sentence.computed_last_n", { of, n }),
  time_since_last: () => t("sentence.computed_since_last"),
  time_since_first: () => t("sentence.computed_since_first"),
};

/** A computed trait in words. @param {any} trait */
export function computedSentence(trait) {
  const what = COMPUTED[trait.aggregate]?.(kindName(shortPath(trait.of ?? "")), trait.n) ?? trait.aggregate;
  return tidy(t("sentence.computed", { what, events: matchingWords(trait), when: windowWords(trait), bots: botWords(trait.bots) }));
}
