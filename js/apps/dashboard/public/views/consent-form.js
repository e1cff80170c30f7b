/** A policy as a form, and what it would do before it is published. */
import { call } from "../api.js";
import { h } from "../dom.js";
import { number } from "../format.js";
import { toast } from "../toast.js";
import { t } from "../words.js";
import { confirmDialog } from "./confirm-dialog.js";
import { countingPart } from "./consent-counting.js";
import { placesPart } from "./consent-places.js";
import { purposesPart, signalPart, toolNamesPart, usesPart } from "./consent-purposes.js";
import { useName } from "./consent-words.js";
import { besideFields } from "./field-mistakes.js";
import { keepingFocus } from "./fields.js";
import { saving } from "./form-field.js";

/** Days of events over which a policy is tried. */
const DAYS = 7;

/** @typedef {import("@headwater/api-client").Answer<"POST /consent/policy/try">} Tried */

/** @param {import("@headwater/api-client").CurrentConsentPolicy} current @param {() => void} again */
export function policyForm(current, again) {
  const policy = structuredClone(current.policy);
  const shown = h("div", { class: "stack", role: "status" });
  const parts = h("div", { class: "form" });
  /** @type {Set<string>} */
  const open = new Set();
  // What was shown is of the policy as it was written then.
  const changed = () => {
    publish.hidden = true;
    shown.replaceChildren();
    form.querySelector(":scope > .form-error")?.replaceChildren();
  };
  const draw = () => parts.replaceChildren(purposesPart(policy, redraw), usesPart(policy, redraw), signalPart(policy), placesPart(policy, open, redraw), countingPart(policy, redraw), toolNamesPart(policy, redraw));
  const redraw = () => {
    changed();
    keepingFocus(parts, draw);
  };
  const written = () => ({ ...policy, version: current.version });
  const publish = h("button", { type: "button", class: "button", hidden: true, click: () => confirmDialog({ title: t("consent.publish_title"), text: t("consent.publish_text"), button: t("consent.publish"), act: async () => {
    await call("POST /consent/policy", { body: written() });
    toast(t("consent.published"));
    again();
  } }) }, t("consent.publish_asks"));
  /** @type {HTMLElement} */
  const form = saving(
    { class: "card form", label: t("consent.title"), save: t("consent.try"), also: [publish], act: () => besideFields(form, async () => {
      await call("POST /consent/policy/check", { body: written() });
      shown.replaceChildren(effect(await call("POST /consent/policy/try", { body: { days: DAYS, policy: written() } })));
      publish.hidden = false;
    }) },
    h("h2", {}, t("consent.version", { version: current.version })),
    parts,
  );
  form.addEventListener("input", changed);
  draw();
  return h("div", { class: "stack" }, form, shown);
}

/** @param {Tried} tried */
function effect(tried) {
  const uses = Object.entries(tried.uses);
  const { people, stored } = tried;
  const memberships = Object.values(people?.memberships ?? {});
  const changes = Object.keys(tried.refused).length > 0 || uses.some(([, use]) => use.lost.events + use.gained.events > 0);
  return h(
    "section",
    { class: "stack" },
    h("h2", {}, t("consent.effect")),
    h("p", {}, t(stored.complete ? "consent.tried" : "consent.tried_youngest", { count: stored.events, days: DAYS }), " ", changes ? "" : t("consent.no_change")),
    h("div", { class: "card flush scroll", tabindex: "0", role: "region", "aria-label": t("consent.uses_short") }, h("table", { class: "table" }, h("thead", {}, h("tr", {}, [t("consent.use"), t("consent.allowed_now"), t("consent.allowed_then"), t("consent.gained"), t("consent.lost")].map((name, index) => h("th", { scope: "col", class: index ? "num" : null }, name)))), h("tbody", {}, uses.map(([key, use]) => h("tr", {}, h("th", { scope: "row" }, useName(key), use.lost.samples[0] && h("small", { class: "quiet sample-reason" }, use.lost.samples[0].reason)), [use.allowed_now, use.allowed_then, use.gained.events, use.lost.events].map((count) => h("td", { class: "num" }, number(count)))))))),
    people && h("p", {}, t("consent.people", { people: people.people, profiles: people.profiles.now, profilesThen: people.profiles.then, links: people.links.now, linksThen: people.links.then })),
    memberships.length > 0 && h("ul", { class: "card flush rows-list", role: "list" }, memberships.map((one) => h("li", {}, t("consent.members", { name: one.name, now: one.now, then: one.then })))),
  );
}
