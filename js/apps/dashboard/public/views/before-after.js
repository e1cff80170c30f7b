/** What a decision would do: the profiles before it and after. */
import { identifierChip } from "../cells.js";
import { h } from "../dom.js";
import { kindName, plain } from "../format.js";
import { personName } from "./people.js";

/** @param {any} preview `{before, after}` */
export function beforeAfter({ before = [], after = [] }) {
  return h("div", { class: "before-after" }, side("Now", before), side("Afterwards", after));
}

/** @param {string} title @param {any[]} profiles */
function side(title, profiles) {
  return h("section", { class: "stack" }, h("h3", {}, title), profiles.length === 0 ? h("p", { class: "quiet" }, "Nobody.") : profiles.map(card));
}

/** @param {any} profile */
function card(profile) {
  const computed = Object.entries(profile.computed_traits ?? {});
  return h(
    "div",
    { class: "card" },
    h("p", {}, h("b", {}, personName(profile))),
    h("p", {}, (profile.identifiers ?? []).map(identifierChip)),
    h("p", { class: "quiet" }, `Audiences: ${(profile.audiences ?? []).map((/** @type {any} */ one) => one.name).join(", ") || "none"}.`),
    computed.length > 0 && h("p", { class: "quiet" }, computed.map(([key, value]) => `${kindName(key)} ${plain(value)}`).join(", ")),
  );
}
