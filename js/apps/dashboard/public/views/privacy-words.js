/** What privacy requests are called, and how long there is to answer them. */
import { h } from "../dom.js";
import { plural } from "../format.js";

/** @type {Record<string, string>} */
export const KINDS = { access: "Access", portability: "Portability", erasure: "Erasure", rectification: "Rectification", restriction: "Restriction" };

/** @type {Record<string, string>} */
export const ABOUT = {
  access: "Everything that is held of the person, to read.",
  portability: "What the person provided, for another program to read.",
  erasure: "Everything of the person goes, and they are not taken in again.",
  rectification: "Traits are corrected.",
  restriction: "The person's data is kept, and not used.",
};

/** @type {Record<string, string>} */
export const METHODS = { email_link: "A link sent to their address", phone_code: "A code sent to their number", signed_in: "They asked from within their account", document: "A document was looked at", knowledge: "They told what only they know", other: "Another way" };

/** @type {Record<string, [string, string]>} */
const STATES = { received: ["Check identity", "badge-held"], verified: ["Ready to start", "badge-retry"], running: ["Running", "badge-retry"], done: ["Done", "badge-ok"], refused: ["Refused", "badge-denied"], cancelled: ["Cancelled", "badge"] };

/** @type {Record<string, string>} */
const STORES = { suppressions: "Suppression", events: "Events", traits: "Traits", computed_traits: "Computed traits", exposures: "What they were shown", consent: "Consent", audiences: "Audiences", identity: "Identity graph", matching: "Suggested matches", quarantine: "Quarantine", decisions: "Merge decisions", answers: "Remembered API answers", requests: "Other requests", backups: "Keys of backups", log: "Log files", snapshots: "Snapshots at the edge", storage: "Freed storage", identifiers: "Identifiers" };

/** @param {string} state */
export function stateBadge(state) {
  const [name, look] = STATES[state] ?? [state, "badge"];
  return h("span", { class: `badge ${look}` }, name);
}

/** @param {string} store */
export function storeName(store) {
  return STORES[store] ?? store.replaceAll("_", " ");
}

/** Whether somebody still waits for an answer. @param {any} request */
export function isOpen(request) {
  return ["received", "verified", "running"].includes(request.state);
}

/** How long there is, in words. @param {any} request @param {number} [now] */
export function due(request, now = Date.now()) {
  const days = Math.floor((Date.parse(request.due_at) - now) / 86_400_000);
  if (days < 0) return { text: `${plural(-days, "day")} overdue`, late: true, soon: true };
  return { text: days === 0 ? "due today" : `${plural(days, "day")} left`, late: false, soon: days <= 7 };
}

/** @param {any} request */
export function dueNote(request) {
  if (!isOpen(request)) return h("span", { class: "quiet" }, "–");
  const { text, late, soon } = due(request);
  return h("span", { class: late ? "due due-late" : soon ? "due due-soon" : "due" }, text);
}

/** Who is meant, as far as that is still known. @param {any} request */
export function subjectText(request) {
  return request.subject ?? `erased person ${request.subject_hash.slice(0, 8)}`;
}
