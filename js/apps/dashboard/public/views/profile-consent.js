/** What somebody says of each purpose, what follows from it and why, and everything they ever said. */
import { call } from "../api.js";
import { timeCell } from "../cells.js";
import { h } from "../dom.js";
import { kindName } from "../format.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { t } from "../words.js";

/** @typedef {import("@headwater/api-client").Profile} Profile */
/** @typedef {import("@headwater/api-client").ConsentWhy} Why */
/** @typedef {import("@headwater/api-client").ConsentEntry} Entry */

/** What may be asked, in words. */
const USES = [["link", t("profile.link_their_browsers_and_accounts")], ["traits", t("profile.keep_facts_about_them")], ["audiences", t("profile.put_them_into_audiences")], ["decisions", t("profile.choose_content_for_them")]];

/** @param {HTMLElement} panel @param {Profile} profile @param {AbortSignal} signal */
export async function consentOf(panel, profile, signal) {
  const path = { reference: profile.id };
  await loaded(panel, signal, async () => {
    const [ledger, ...why] = await Promise.all([call("GET /profiles/{reference}/consent", { path, signal }), ...USES.map(([use]) => call("GET /profiles/{reference}/consent/why", { path, query: { use }, signal }).catch(() => undefined))]);
    return { ledger, why };
  }, ({ ledger, why }) => [
    h("section", { class: "card" }, h("h2", {}, t("profile.what_they_say_now")), purposes(profile.consent)),
    h("section", { class: "card" }, h("h2", {}, t("profile.what_is_done_and_why")), h("ul", { class: "clauses", role: "list" }, USES.map(([, name], index) => whyOf(name ?? "", why[index])))),
    h("section", {}, h("h2", {}, t("profile.everything_they_said")), history(ledger.entries)),
  ]);
}

/** @param {Record<string, boolean>} given */
export function purposes(given) {
  const entries = Object.entries(given);
  if (entries.length === 0) return h("p", { class: "quiet" }, t("profile.no_choice_is_known_what"));
  return h("ul", { class: "purposes", role: "list" }, entries.map(([purpose, granted]) => h("li", { class: `purpose purpose-${granted ? "granted" : "denied"}` }, h("span", {}, kindName(purpose)), h("b", {}, granted ? t("profile.granted") : t("profile.denied")))));
}

/** @param {string} name @param {Why | undefined} why */
function whyOf(name, why) {
  if (!why) return null;
  const sentences = why.evidence ? [...new Set(why.evidence.reasons.map(({ sentence }) => sentence))] : [why.reason ?? ""];
  // The last question that was asked is the one that this use turns on.
  const shown = why.allowed ? sentences.slice(-1) : sentences;
  return h("li", { class: why.allowed ? "clause clause-yes" : "clause clause-no" }, h("span", { class: "clause-mark" }, h("span", { "aria-hidden": "true" }, why.allowed ? "✓" : "✗"), h("span", { class: "sr" }, t(why.allowed ? "profile.allowed" : "profile.not_allowed"), " ")), h("div", {}, h("p", {}, name), shown.map((sentence) => h("p", { class: "clause-seen" }, sentence))));
}

/** @param {Entry[]} entries */
function history(entries) {
  if (entries.length === 0) return empty(t("profile.nothing_said_yet"), t("profile.each_choice_a_person_makes"));
  const choices = (/** @type {Entry} */ one) => Object.entries(one.choices).map(([purpose, given]) => t(given ? "profile.said_yes" : "profile.said_no", { purpose: kindName(purpose) })).join(", ");
  return table({
    label: t("profile.consent_history"),
    file: "consent-history",
    filter: false,
    query: new URLSearchParams(),
    first: { data: [...entries].sort((a, b) => b.said_at.localeCompare(a.said_at)) },
    columns: [
      { key: "said", name: t("profile.said"), text: (one) => one.said_at, cell: (one) => timeCell(one.said_at) },
      { key: "choices", name: t("profile.choices"), text: choices, cell: choices },
      { key: "source", name: t("profile.by_way_of"), text: (one) => one.source ?? "", cell: (one) => one.source ?? "–" },
      { key: "anchor", name: t("profile.with"), text: (one) => one.anchor, cell: (one) => h("span", { class: "mono" }, one.anchor) },
      { key: "hash", name: t("profile.hash"), off: true, text: (one) => one.hash, cell: (one) => h("span", { class: "mono" }, one.hash) },
    ],
  });
}
