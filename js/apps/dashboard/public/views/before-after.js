/** What a decision would do: the profiles before it and after. */
import { identifierChip } from "../cells.js";
import { h } from "../dom.js";
import { inOneLine, kindName, plain } from "../format.js";
import { t } from "../words.js";
import { personName } from "./people.js";

/** @typedef {{ id?: string, identifiers: Profile["identifiers"] } & Partial<Profile>} Shown */
/** @typedef {import("@headwater/api-client").Profile} Profile */

/** @param {{ before: Shown[], after: Shown[] }} preview of people to come not all is known */
export function beforeAfter({ before, after }) {
  return h("div", { class: "before-after" }, side(t("identity.now"), before), side(t("identity.afterwards"), after));
}

/** @param {string} title @param {Shown[]} profiles */
function side(title, profiles) {
  return h("section", { class: "stack" }, h("h3", {}, title), profiles.length === 0 ? h("p", { class: "quiet" }, t("identity.nobody")) : profiles.map(card));
}

/** @param {Shown} profile */
function card(profile) {
  const audiences = (profile.audiences ?? []).map(({ name }) => name);
  const computed = Object.entries(profile.computed_traits ?? {});
  return h(
    "div",
    { class: "card" },
    h("p", {}, h("b", {}, personName(profile))),
    h("p", {}, profile.identifiers.map(identifierChip)),
    h("p", { class: "quiet" }, audiences.length ? t("identity.in_audiences", { names: inOneLine(audiences) }) : t("identity.in_no_audience")),
    computed.length > 0 && h("p", { class: "quiet" }, inOneLine(computed.map(([key, value]) => `${kindName(key)} ${plain(value)}`))),
  );
}
