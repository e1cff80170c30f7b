/** A consent policy as its screen changes it and tells of it. */
import { plural } from "../format.js";

/**
 * @typedef {"opt_in" | "opt_out"} Regime
 * @typedef {{ regime: Regime, purposes?: Record<string, Regime>, gpc_denies?: string[], counting?: "refusal" | "start" }} Rule
 * @typedef {{ name: string, label?: string, description?: string }} Purpose
 * @typedef {{ minimum_group: number, events: string[], pages: string[] }} Counting
 * @typedef {{ version: number, purposes: Purpose[], uses: Record<string, string[]>, gpc_denies: string[], default: Rule, unknown: Rule, jurisdictions?: Record<string, Rule>, categories?: Record<string, string[]>, counting?: Counting }} Policy
 */

/** What an event is used for, in the order it happens. @type {[string, string][]} */
export const USES = [
  ["store", "Keep anything on the device"],
  ["send", "Send and keep an event"],
  ["link", "Link a browser to a known person"],
  ["traits", "Keep facts about the person"],
  ["audiences", "Put the person into audiences"],
  ["decisions", "Choose content for the person"],
  ["destinations", "Hand it to a destination"],
];

/** @type {[Regime, string][]} */
export const REGIMES = [["opt_in", "Ask first (opt-in)"], ["opt_out", "Allowed until refused (opt-out)"]];

/** @type {[string, string][]} */
export const COUNTED = [["", "Nobody"], ["refusal", "Those who refused"], ["start", "Those who have not agreed, from the start"]];

const COUNTRIES = new Intl.DisplayNames("en", { type: "region", fallback: "code" });

/** @param {string} use such as `store` or `destination:dst_mail` */
export function useName(use) {
  const named = USES.find(([key]) => key === use)?.[1];
  return named ?? `Hand it to ${use.replace(/^destination:/, "")}`;
}

/** All that the policy asks for: the uses that every policy has, and destinations that it names. @param {{ uses: Record<string, unknown> }} policy */
export function usesOf(policy) {
  const own = USES.map(([key]) => key);
  return [...own, ...Object.keys(policy.uses).filter((use) => !own.includes(use))];
}

/** @param {string} code of a place, such as `DE` or `US-CA` */
export function placeName(code) {
  const [country = "", region] = code.split("-");
  let name = country;
  try {
    name = COUNTRIES.of(country) ?? country;
  } catch {
    // No country has this code; the server says so when it checks the policy.
  }
  return region ? `${name}, ${region}` : name;
}

/** Codes of all countries that the browser has a name for. @returns {[string, string][]} */
export function countries() {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const codes = letters.flatMap((one) => letters.map((other) => one + other));
  const retired = new Set(["EU", "EZ", "UN", "XA", "XB", "ZZ", "QO", "UK", "DD", "FX", "SU", "TP", "YU", "ZR", "AN", "BU", "CS", "NT", "HV", "DY", "NH", "RH", "VD", "YD", "XK", "AC", "CP", "CQ", "DG", "EA", "IC", "TA"]);
  return codes.filter((code) => !retired.has(code) && placeName(code) !== code).map((code) => [code, placeName(code)]);
}

/** @param {Purpose} purpose */
export function purposeName({ name, label }) {
  return label || name.replaceAll("_", " ");
}

/** @param {Policy} policy @param {string[]} names */
function named(policy, names) {
  if (names.length === 0) return "nothing";
  return names.map((name) => purposeName(policy.purposes.find((one) => one.name === name) ?? { name })).join(", ");
}

/** A place's rule on one line. @param {Policy} policy @param {Rule} rule */
export function ruleWords(policy, rule) {
  const parts = [rule.regime === "opt_in" ? "asks first" : "allowed until refused"];
  for (const [purpose, regime] of Object.entries(rule.purposes ?? {})) parts.push(`${named(policy, [purpose])} ${regime === "opt_in" ? "asks first" : "until refused"}`);
  if (rule.gpc_denies) parts.push(`Global Privacy Control denies ${named(policy, rule.gpc_denies)}`);
  if (rule.counting) parts.push(rule.counting === "refusal" ? "counts those who refused" : "counts those who have not agreed");
  return parts.join(" · ");
}

/** The policy without a purpose, wherever it is named. @param {Policy} policy @param {string} purpose @returns {Policy} */
export function withoutPurpose(policy, purpose) {
  const without = (/** @type {string[]} */ names) => names.filter((name) => name !== purpose);
  const lists = (/** @type {Record<string, string[]>} */ all) => Object.fromEntries(Object.entries(all).map(([key, names]) => [key, without(names)]));
  const rule = (/** @type {Rule} */ one) => tidy({ ...one, purposes: Object.fromEntries(Object.entries(one.purposes ?? {}).filter(([name]) => name !== purpose)), gpc_denies: one.gpc_denies && without(one.gpc_denies) });
  return {
    ...policy,
    purposes: policy.purposes.filter(({ name }) => name !== purpose),
    uses: lists(policy.uses),
    gpc_denies: without(policy.gpc_denies),
    default: rule(policy.default),
    unknown: rule(policy.unknown),
    jurisdictions: Object.fromEntries(Object.entries(policy.jurisdictions ?? {}).map(([code, one]) => [code, rule(one)])),
    categories: lists(policy.categories ?? {}),
  };
}

/** A rule without what says nothing. @param {Rule} rule @returns {Rule} */
export function tidy({ regime, purposes, gpc_denies: denies, counting }) {
  const own = Object.keys(purposes ?? {}).length > 0;
  return { regime, ...(own ? { purposes } : {}), ...(denies ? { gpc_denies: denies } : {}), ...(counting ? { counting } : {}) };
}

/** @param {unknown} one @param {unknown} other */
function same(one, other) {
  return JSON.stringify(sorted(one)) === JSON.stringify(sorted(other));
}

/** @param {any} value @returns {any} */
function sorted(value) {
  if (Array.isArray(value)) return value.every((one) => typeof one === "string") ? [...value].sort() : value.map(sorted);
  if (!value || typeof value !== "object") return value;
  return Object.fromEntries(Object.keys(value).filter((key) => value[key] !== undefined).sort().map((key) => [key, sorted(value[key])]));
}

/** What a person changed, a sentence each; none where both say the same. @param {Policy} before @param {Policy} after @returns {string[]} */
export function changes(before, after) {
  return [...purposeChanges(before, after), ...useChanges(before, after), ...placeChanges(before, after), ...otherChanges(before, after)];
}

/** @param {Policy} before @param {Policy} after */
function purposeChanges(before, after) {
  const found = [];
  for (const purpose of after.purposes) {
    const old = before.purposes.find(({ name }) => name === purpose.name);
    if (!old) found.push(`New purpose: ${purposeName(purpose)}.`);
    else if (!same(old, purpose)) found.push(`${purposeName(old)} is worded differently.`);
  }
  for (const old of before.purposes) if (!after.purposes.some(({ name }) => name === old.name)) found.push(`No purpose ${purposeName(old)} any more.`);
  return found;
}

/** @param {Policy} before @param {Policy} after */
function useChanges(before, after) {
  return [...new Set([...usesOf(before), ...usesOf(after)])].flatMap((use) => {
    const [old, now] = [before.uses[use], after.uses[use]];
    if (same(old, now)) return [];
    if (!now) return [`${useName(use)}: follows the other destinations.`];
    return [`${useName(use)}: needs ${named(after, now)}${old ? ` instead of ${named(before, old)}` : ""}.`];
  });
}

/** @param {Policy} before @param {Policy} after */
function placeChanges(before, after) {
  /** @type {string[]} */
  const found = [];
  const compare = (/** @type {string} */ name, /** @type {Rule | undefined} */ old, /** @type {Rule | undefined} */ now) => {
    if (same(old, now)) return;
    if (!now) found.push(`${name}: no rule of its own any more.`);
    else if (!old) found.push(`${name}: a rule of its own, ${ruleWords(after, now)}.`);
    else found.push(`${name}: ${ruleWords(after, now)}; it was ${ruleWords(before, old)}.`);
  };
  compare("Every other place", before.default, after.default);
  compare("Unknown places", before.unknown, after.unknown);
  const [old, now] = [before.jurisdictions ?? {}, after.jurisdictions ?? {}];
  for (const code of [...new Set([...Object.keys(old), ...Object.keys(now)])].sort()) compare(placeName(code), old[code], now[code]);
  return found;
}

/** @param {Policy} before @param {Policy} after */
function otherChanges(before, after) {
  const found = [];
  if (!same(before.gpc_denies, after.gpc_denies)) found.push(`Global Privacy Control denies ${named(after, after.gpc_denies)}; it was ${named(before, before.gpc_denies)}.`);
  if (!same(before.categories ?? {}, after.categories ?? {})) found.push(`The consent tool's names: ${plural(Object.keys(after.categories ?? {}).length, "name")} mapped.`);
  if (!same(before.counting, after.counting)) found.push(after.counting ? `Counted of those who did not agree: ${[...after.counting.events, ...after.counting.pages].join(", ") || "nothing"}, in groups of ${after.counting.minimum_group} or more.` : "Nothing is counted any more of those who did not agree.");
  return found;
}
