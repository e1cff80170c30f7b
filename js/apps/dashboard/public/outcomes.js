/** The outcomes an event can have, in words, with the shape and colour that stand for them everywhere. */
import { h } from "./dom.js";

/**
 * @typedef {{ key: string, name: string, means: string, href: string }} Outcome
 * @type {Outcome[]}
 */
export const OUTCOMES = [
  { key: "ok", name: "stored", means: "Durably stored and processed.", href: "#/live" },
  { key: "held", name: "held", means: "Waiting in the browser for consent.", href: "#/ledger" },
  { key: "denied", name: "denied", means: "Consent did not allow it, or the source drops bots. Nothing of it was kept.", href: "#/ledger" },
  { key: "quarantined", name: "quarantined", means: "Refused and kept with the reason.", href: "#/quarantine" },
  { key: "duplicate", name: "duplicate", means: "The same message id had already arrived.", href: "#/ledger" },
  { key: "dropped", name: "dropped", means: "Lost in the browser, and reported by it.", href: "#/ledger" },
  { key: "retry", name: "retry", means: "Not taken yet: the SDK tries again.", href: "#/ledger" },
];

/** @param {string} key */
export function outcomeName(key) {
  return OUTCOMES.find((outcome) => outcome.key === key)?.name ?? key;
}

/** @param {string} key */
export function badge(key) {
  return h("span", { class: `badge badge-${key}`, title: OUTCOMES.find((outcome) => outcome.key === key)?.means }, outcomeName(key));
}

/** In the place of an outcome where nobody has sent the event. @param {boolean} entered */
export function audienceBadge(entered) {
  const means = "Headwater noticed this as it happened: nobody has sent it.";
  return entered ? h("span", { class: "badge badge-entered", title: means }, "entered") : h("span", { class: "badge badge-left", title: means }, "left");
}

/** @param {string | null | undefined} reason a code such as `missing_message_id`, or already a sentence */
export function reasonText(reason) {
  if (!reason) return "";
  return /\s/.test(reason) ? reason : reason.replaceAll("_", " ");
}
