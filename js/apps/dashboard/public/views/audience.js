import { api, withQuery } from "../api.js";
import { h } from "../dom.js";
import { moment, number, plural } from "../format.js";
import { empty, loaded } from "../states.js";
import { sentence } from "./definition.js";
import { avatar, personName } from "./people.js";

/** @param {import("../app.js").Screen} screen */
export function audienceView({ place, signal, parts: [, id = ""] }) {
  const path = `audiences/${encodeURIComponent(id)}`;
  void loaded(place, signal, () => api(path, { signal }), (audience) => {
    document.title = `${audience.name} · Headwater`;
    const members = h("div");
    void loaded(members, signal, () => api(withQuery(`${path}/members`, { limit: 100 }), { signal }), (page) => memberList(page, audience.members));
    return [
      h("p", { class: "crumbs" }, h("a", { href: "#/audiences" }, "Audiences")),
      h("div", { class: "head" }, h("h1", {}, audience.name), audience.status && h("span", { class: `badge badge-${audience.status === "ready" ? "ok" : "held"}` }, audience.status === "ready" ? "up to date" : audience.status)),
      h("p", { class: "rule" }, `People who ${sentence(audience.definition)}.`),
      h("p", { class: "quiet mono" }, audience.id),
      h("section", { "aria-labelledby": "members" }, h("h2", { id: "members" }, "Members"), members),
      h("details", { class: "raw" }, h("summary", {}, "Definition as JSON"), h("pre", { class: "code", tabindex: "0" }, JSON.stringify(audience.definition, null, 2))),
    ];
  });
}

/** @param {any} page @param {number} members */
function memberList(page, members) {
  if (page.data.length === 0) return empty("Nobody yet", "People join here the moment their events match the rule.");
  return [
    h("ul", { class: "card flush member-list", role: "list" }, page.data.map(member)),
    h("p", { class: "more-note" }, page.next_cursor ? `The first ${number(page.data.length)} of ${number(members)}.` : plural(members, "person", "people")),
  ];
}

/** @param {any} one an identified profile, and since when it belongs */
function member(one) {
  const profile = { traits: {}, ...one, identifiers: one.identifiers ?? [] };
  return h("li", {}, h("a", { class: "row-link", href: `#/people/${encodeURIComponent(one.id)}` }, avatar(profile), h("span", {}, personName(profile), h("small", {}, `since ${moment(one.since)}`))));
}
