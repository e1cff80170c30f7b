/** The outcomes an event can have, in words, with the shape and colour that stand for them everywhere. */
import { h } from "./dom.js";
import { t } from "./words.js";

/**
 * @typedef {{ key: string, name: string, means: string, href: string }} Outcome
 * @type {Outcome[]}
 */
export const OUTCOMES = [
  { key: "ok", name: t("outcome.ok"), means: t("outcome.ok_means"), href: "#/live" },
  { key: "held", name: t("outcome.held"), means: t("outcome.held_means"), href: "#/ledger" },
  { key: "denied", name: t("outcome.denied"), means: t("outcome.denied_means"), href: "#/ledger" },
  { key: "quarantined", name: t("outcome.quarantined"), means: t("outcome.quarantined_means"), href: "#/quarantine" },
  { key: "duplicate", name: t("outcome.duplicate"), means: t("outcome.duplicate_means"), href: "#/ledger" },
  { key: "dropped", name: t("outcome.dropped"), means: t("outcome.dropped_means"), href: "#/ledger" },
  { key: "retry", name: t("outcome.retry"), means: t("outcome.retry_means"), href: "#/ledger" },
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
  const means = t("outcome.noticed");
  return entered ? h("span", { class: "badge badge-entered", title: means }, t("outcome.entered")) : h("span", { class: "badge badge-left", title: means }, t("outcome.left"));
}

/** @param {string | null | undefined} reason a code such as `missing_message_id`, or already a sentence */
export function reasonText(reason) {
  if (!reason) return "";
  return /\s/.test(reason) ? reason : reason.replaceAll("_", " ");
}
