/** What privacy requests are called, and how long there is to answer them. */
import { h } from "../dom.js";
import { t } from "../words.js";

/** @typedef {import("@headwater/api-client").PrivacyRequest} Request */

/** @type {Record<string, string>} */
export const KINDS = { access: t("privacy.access"), portability: t("privacy.portability"), erasure: t("privacy.erasure"), rectification: t("privacy.rectification"), restriction: t("privacy.restriction") };

/** @type {Record<string, string>} */
export const ABOUT = {
  access: t("privacy.everything_that_is_held_of"),
  portability: t("privacy.what_the_person_provided_for"),
  erasure: t("privacy.everything_of_the_person_goes"),
  rectification: t("privacy.traits_are_corrected"),
  restriction: t("privacy.the_persons_data_is_kept"),
};

/** @type {Record<string, string>} */
export const METHODS = { email_link: t("privacy.a_link_sent_to_their"), phone_code: t("privacy.a_code_sent_to_their"), signed_in: t("privacy.they_asked_from_within_their"), document: t("privacy.a_document_was_looked_at"), knowledge: t("privacy.they_told_what_only_they"), other: t("privacy.another_way") };

/** @type {Record<string, [string, string]>} */
const STATES = { received: [t("privacy.check_identity"), "badge-held"], verified: [t("privacy.ready_to_start"), "badge-retry"], running: [t("privacy.running"), "badge-retry"], done: [t("privacy.done"), "badge-ok"], refused: [t("privacy.refused"), "badge-denied"], cancelled: [t("privacy.cancelled"), "badge"] };

/** @type {Record<string, string>} */
const STORES = { suppressions: t("privacy.suppression"), events: t("privacy.events"), traits: t("privacy.traits"), computed_traits: t("privacy.computed_traits"), exposures: t("privacy.what_they_were_shown"), consent: t("privacy.consent"), audiences: t("privacy.audiences"), identity: t("privacy.identity_graph"), matching: t("privacy.suggested_matches"), quarantine: t("privacy.quarantine"), decisions: t("privacy.merge_decisions"), answers: t("privacy.remembered_api_answers"), requests: t("privacy.other_requests"), backups: t("privacy.keys_of_backups"), log: t("privacy.log_files"), snapshots: t("privacy.snapshots_at_the_edge"), storage: t("privacy.freed_storage"), identifiers: t("privacy.identifiers") };

/** @param {string} state */
export function stateBadge(state) {
  const [name, look] = STATES[state] ?? [state, "badge"];
  return h("span", { class: `badge ${look}` }, name);
}

/** @param {string} store */
export function storeName(store) {
  return STORES[store] ?? store.replaceAll("_", " ");
}

/** Whether somebody still waits for an answer. @param {Request} request */
export function isOpen(request) {
  return ["received", "verified", "running"].includes(request.state);
}

/** How long there is, in words. @param {Pick<Request, "due_at">} request @param {number} [now] */
export function due(request, now = Date.now()) {
  const days = Math.floor((Date.parse(request.due_at) - now) / 86_400_000);
  if (days < 0) return { text: t("privacy.days_overdue", { days: -days }), late: true, soon: true };
  return { text: days === 0 ? t("privacy.due_today") : t("privacy.days_left", { days }), late: false, soon: days <= 7 };
}

/** @param {Request} request */
export function dueNote(request) {
  if (!isOpen(request)) return h("span", { class: "quiet" }, "–");
  const { text, late, soon } = due(request);
  return h("span", { class: late ? "due due-late" : soon ? "due due-soon" : "due" }, text);
}

/** Who is meant, as far as that is still known. @param {Request} request */
export function subjectText(request) {
  return request.subject ?? t("privacy.erased_person_hash", { hash: request.subject_hash.slice(0, 8) });
}
