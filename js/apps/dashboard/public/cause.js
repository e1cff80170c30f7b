/** Why an event was refused, and where that is mended. */

/** @typedef {{ text: string, name?: string, href?: string }} Cause what to do, and the screen for it where there is one */

/** @param {string} outcome @param {string | null | undefined} reason @param {any} event @returns {Cause | undefined} nothing where all is well */
export function causeOf(outcome, reason, event) {
  const why = reason ?? "";
  if (outcome === "denied") return { text: "Consent decides this. If it should not, look at what the policy asks for.", name: "Consent policy", href: "#/consent" };
  if (outcome !== "quarantined") return undefined;
  if (why.includes("tracking plan")) return { text: "It differs from what the tracking plan expects. Change the plan, or have the site send what is planned.", name: "Its place in the plan", href: planHref(event) };
  if (/consent|purpose|policy/i.test(why)) return { text: "Its consent cannot be read. Map the banner's own names in the policy, or mend the message.", name: "Consent policy", href: "#/consent" };
  return { text: "The message itself is not well formed. Mend it here, and whoever sends it." };
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
