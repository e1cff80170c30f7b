/** Which audiences somebody is in, why, and why not. */
import { all, api, withQuery } from "../api.js";
import { h, newId } from "../dom.js";
import { moment } from "../format.js";
import { loaded } from "../states.js";
import { changeList } from "./audience-changes.js";
import { whyDialog } from "./why.js";

/** How many of the last comings and goings are shown. */
const CHANGES = 10;

/** @param {any} profile @param {string} name @param {string} path @param {AbortSignal} signal */
export function audiencesOf(profile, name, path, signal) {
  const own = profile.audiences ?? [];
  const others = h("div");
  const history = h("div");
  void loaded(others, signal, () => all("audiences", signal), ({ data }) => {
    void loaded(history, signal, () => api(withQuery(`${path}/audience_changes`, { order: "desc", limit: CHANGES }), { signal }), (found) => comings(found.data));
    return whyNot(data.filter(({ id }) => !own.some((/** @type {any} */ one) => one.id === id)), profile, name);
  });
  return h(
    "section",
    { class: "card", "aria-labelledby": "in-audiences" },
    h("h2", { id: "in-audiences" }, "Audiences"),
    own.length === 0
      ? h("p", { class: "quiet" }, "In none.")
      : h("ul", { class: "in-audiences", role: "list" }, own.map((/** @type {any} */ one) => h(
          "li",
          {},
          h("span", {}, h("a", { href: `#/audiences/${one.id}` }, one.name), h("small", { class: "quiet" }, `since ${moment(one.since)}`)),
          h("button", { type: "button", class: "button", click: () => whyDialog({ audienceId: one.id, profileId: profile.id, person: name }) }, "Why?", h("span", { class: "sr" }, ` ${one.name}`)),
        ))),
    others,
    history,
  );
}

/** @param {any[]} others @param {any} profile @param {string} name */
function whyNot(others, profile, name) {
  if (others.length === 0) return [];
  const id = newId();
  const choice = h("select", { id }, others.map((one) => h("option", { value: one.id }, one.name)));
  return h("div", { class: "why-not" }, h("label", { for: id }, "Not in"), choice, h("button", { type: "button", class: "button", click: () => whyDialog({ audienceId: choice.value, profileId: profile.id, person: name }) }, "Why not?"));
}

/** @param {any[]} changes newest first */
function comings(changes) {
  if (changes.length === 0) return [];
  const list = changeList(changes, ({ audience_id: id, audience_name: name }) => (name === null ? "an audience that is gone" : h("a", { href: `#/audiences/${id}` }, name)));
  return h("details", { class: "raw" }, h("summary", {}, "Entering and leaving"), list);
}
