/** What a consent policy says, in words. */
import { inOneLine, kindName } from "../format.js";
import { LANGUAGE, t } from "../words.js";

/** @typedef {import("@headwater/api-client").ConsentPolicy} Policy */
/** @typedef {import("@headwater/api-client").ConsentRule} Rule */
/** @typedef {import("@headwater/api-client").ConsentRegime} Regime */

/** Always allowed, so that nobody is asked about it. */
export const NECESSARY = "necessary";

/** What an event is used for, in the order in which it happens. @type {Record<string, string>} */
const USES = {
  store: t("consent.use_store"),
  send: t("consent.use_send"),
  link: t("consent.use_link"),
  traits: t("consent.use_traits"),
  audiences: t("consent.use_audiences"),
  decisions: t("consent.use_decisions"),
  destinations: t("consent.use_destinations"),
};

/** @type {[Regime, string][]} */
export const REGIMES = [["opt_in", t("consent.opt_in")], ["opt_out", t("consent.opt_out")]];

const COUNTRIES = new Intl.DisplayNames(LANGUAGE, { type: "region", fallback: "code" });
/** Codes with a name that are no country of ISO 3166. */
const NO_COUNTRY = new Set(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "XK", "ZZ"]);

/** @param {string} use such as `store` or `destination:dst_mail` */
export function useName(use) {
  return USES[use] ?? t("consent.use_destination", { name: use.replace(/^destination:/, "") });
}

/** All that a policy asks for: what every policy has, and the destinations that it names. @param {Policy} policy */
export function usesOf(policy) {
  return [...Object.keys(USES), ...Object.keys(policy.uses).filter((use) => !USES[use])];
}

/** @param {{ name: string, label?: string }} purpose */
export function purposeName({ name, label }) {
  return label || kindName(name);
}

/** The purposes about which people are asked. @param {Policy} policy */
export function asked(policy) {
  return policy.purposes.filter(({ name }) => name !== NECESSARY);
}

/** @param {string} code of a country or a region, such as `DE` or `US-CA` */
export function placeName(code) {
  const [country = "", region] = code.split("-");
  let name = country;
  try {
    name = COUNTRIES.of(country) ?? country;
  } catch {
    // No country has such a code: the server says so when it checks the policy.
  }
  return region ? `${name}, ${region}` : name;
}

/** Every country with its code. @returns {[string, string][]} */
export function countries() {
  const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
  const codes = letters.flatMap((one) => letters.map((other) => one + other));
  // A code that was given up is another one's name: UK is GB.
  const current = codes.filter((code) => !NO_COUNTRY.has(code) && new Intl.Locale(`und-${code}`).region === code);
  return current.map((code) => /** @type {[string, string]} */ ([code, placeName(code)])).filter(([code, name]) => name !== code);
}

/** What a place's rule says, on one line. @param {Policy} policy @param {Rule} rule */
export function ruleWords(policy, rule) {
  const named = (/** @type {string} */ name) => purposeName(policy.purposes.find((one) => one.name === name) ?? { name });
  const parts = [t(`consent.rule_${rule.regime}`)];
  for (const [purpose, regime] of Object.entries(rule.purposes ?? {})) parts.push(t(`consent.exception_${regime}`, { purpose: named(purpose) }));
  if (rule.gpc_denies) parts.push(rule.gpc_denies.length ? t("consent.rule_gpc", { purposes: inOneLine(rule.gpc_denies.map(named)) }) : t("consent.rule_no_gpc"));
  if (rule.counting) parts.push(t(`consent.counts_${rule.counting}`));
  return parts.join(" · ");
}
