/** Which audiences somebody is in, why, and why not. */
import { call, rows } from "../api.js";
import { h, newId } from "../dom.js";
import { moment } from "../format.js";
import { loaded } from "../states.js";
import { rich, t } from "../words.js";
import { changeList } from "./audience-changes.js";
import { whyDialog } from "./why.js";

/** @typedef {import("@headwater/api-client").Profile} Profile */
/** @typedef {import("@headwater/api-client").Audience} Audience */
/** @typedef {import("@headwater/api-client").AudienceChange} Change */

/** How many of the last comings and goings are shown. */
const CHANGES = 10;

/** @param {Profile} profile @param {string} name @param {AbortSignal} signal */
export function audiencesOf(profile, name, signal) {
  const own = profile.audiences;
  const others = h("div");
  const history = h("div");
  void loaded(others, signal, () => rows("GET /audiences", { signal }), ({ data }) => {
    void loaded(history, signal, () => call("GET /profiles/{reference}/audience_changes", { path: { reference: profile.id }, query: { order: "desc", limit: CHANGES }, signal }), (found) => comings(found.data));
    return whyNot(data.filter(({ id }) => !own.some((one) => one.id === id)), profile, name);
  });
  return h(
    "section",
    { class: "card", "aria-labelledby": "in-audiences" },
    h("h2", { id: "in-audiences" }, t("profile.audiences")),
    own.length === 0
      ? h("p", { class: "quiet" }, t("profile.in_none"))
      : h("ul", { class: "in-audiences", role: "list" }, own.map((one) => h(
          "li",
          {},
          h("span", {}, h("a", { href: `#/audiences/${one.id}` }, one.name), h("small", { class: "quiet" }, t("profile.since", { since: moment(one.since) }))),
          h("button", { type: "button", class: "button", click: () => whyDialog({ audienceId: one.id, profileId: profile.id, person: name }) }, rich("profile.why_audience", { name: one.name, sr: (inside) => h("span", { class: "sr" }, inside) })),
        ))),
    others,
    history,
  );
}

/** @param {Audience[]} others @param {Profile} profile @param {string} name */
function whyNot(others, profile, name) {
  if (others.length === 0) return [];
  const id = newId();
  const choice = h("select", { id }, others.map((one) => h("option", { value: one.id }, one.name)));
  return h("div", { class: "why-not" }, h("label", { for: id }, t("profile.not_in")), choice, h("button", { type: "button", class: "button", click: () => whyDialog({ audienceId: choice.value, profileId: profile.id, person: name }) }, t("profile.why_not")));
}

/** @param {Change[]} changes newest first */
function comings(changes) {
  if (changes.length === 0) return [];
  const list = changeList(changes, ({ audience_id: id, audience_name: name }) => (name === null ? t("profile.an_audience_that_is_gone") : h("a", { href: `#/audiences/${id}` }, name)));
  return h("details", { class: "raw" }, h("summary", {}, t("profile.entering_and_leaving")), list);
}
