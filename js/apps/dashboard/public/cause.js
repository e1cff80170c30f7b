/** Why an event was refused, and where that is mended. */
import { t } from "./words.js";

/** @typedef {{ text: string, name?: string, href?: string }} Cause what to do, and the screen for it where there is one */

/** @param {string} outcome @param {string | null | undefined} reason @param {any} event @returns {Cause | undefined} nothing where all is well */
export function causeOf(outcome, reason, event) {
  const why = reason ?? "";
  if (outcome === "denied") return { text: t("cause.consent"), name: t("cause.policy"), href: "#/consent" };
  if (outcome !== "quarantined") return undefined;
  if (why.includes("tracking plan")) return { text: t("cause.plan"), name: t("cause.plan_place"), href: planHref(event) };
  if (/consent|purpose|policy/i.test(why)) return { text: t("cause.unread"), name: t("cause.policy"), href: "#/consent" };
  return { text: t("cause.malformed") };
}

/** The event on the screen of the tracking plan. @param {any} event */
export function planHref(event) {
  const query = new URLSearchParams({ type: String(event?.type ?? "track") });
  const name = event?.event ?? event?.name;
  if (typeof name === "string") query.set("event", name);
  return `#/tracking-plan?${query}`;
}

/** Reasons with how often each is among these, the most frequent first. @param {{ reason: string }[]} refused @returns {[string, number][]} */
export function reasons(refused) {
  /** @type {Map<string, number>} */
  const counts = new Map();
  for (const { reason } of refused) counts.set(reason, (counts.get(reason) ?? 0) + 1);
  return [...counts].sort(([, one], [, other]) => other - one);
}
