import { all, api, withQuery } from "../api.js";
import { h, icon, newId } from "../dom.js";
import { day, identifierText, kindName, moment, plain, plural, time } from "../format.js";
import { eventName, isAudience, isEntered } from "../live-feed.js";
import { empty, failed, loaded } from "../states.js";
import { eventDialog } from "./event-dialog.js";
import { explanation } from "./explain.js";
import { causeWords, changeList } from "./audience-changes.js";
import { avatar, personName } from "./people.js";
import { whyDialog } from "./why.js";

/** @param {import("../app.js").Screen} screen */
export function profileView({ place, signal, parts }) {
  const asked = parts.slice(1).join("/");
  const path = `profiles/${encodeURIComponent(asked)}`;
  void loaded(place, signal, () => api(path, { signal }), (profile) => show(profile, path, signal));
}

/** @param {any} profile @param {string} path @param {AbortSignal} signal */
function show(profile, path, signal) {
  const timeline = h("div");
  const why = h("div");
  void loaded(timeline, signal, () => api(withQuery(`${path}/events`, { audiences: "true", order: "desc", limit: 20 }), { signal }), (page) => timelineOf(page, path, signal));
  void loaded(why, signal, () => api(`${path}/explain`, { signal }), explanation);
  const name = personName(profile);
  document.title = `${name} · Headwater`;
  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/people" }, "People")),
    h("div", { class: "head person-head" }, avatar(profile), h("div", {}, h("h1", {}, name), h("p", { class: "quiet mono" }, profile.id))),
    h(
      "div",
      { class: "profile" },
      h(
        "div",
        { class: "profile-main" },
        h("section", { "aria-labelledby": "timeline" }, h("h2", { id: "timeline" }, "Timeline"), timeline),
        h("section", { "aria-labelledby": "why" }, h("h2", { id: "why" }, "Why these identifiers are one person"), why),
      ),
      h(
        "div",
        { class: "profile-side" },
        audiences(profile, name, path, signal),
        values("Computed traits", profile.computed_traits, "Nothing computed yet."),
        values("Traits", profile.traits, "Nothing said about this person yet."),
        identifiers(profile),
        consent(profile.consent),
      ),
    ),
  ];
}

/** How many of the last comings and goings are shown. */
const CHANGES = 10;

/** @param {any} profile @param {string} name @param {string} path @param {AbortSignal} signal */
function audiences(profile, name, path, signal) {
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

/** @param {string} title @param {any} given @param {string} none */
function values(title, given, none) {
  const entries = Object.entries(given ?? {});
  return h(
    "section",
    { class: "card" },
    h("h2", {}, title),
    entries.length === 0 ? h("p", { class: "quiet" }, none) : h("dl", { class: "facts" }, entries.map(([key, value]) => h("div", {}, h("dt", {}, kindName(key)), h("dd", {}, plain(value))))),
  );
}

/** @param {any} profile */
function identifiers(profile) {
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Identifiers"),
    h("dl", { class: "facts" }, (profile.identifiers ?? []).map((/** @type {any} */ one) => h("div", {}, h("dt", {}, kindName(one.kind)), h("dd", { class: "mono", title: identifierText(one) }, one.value)))),
  );
}

/** @param {Record<string, boolean> | undefined} given */
function consent(given) {
  const entries = Object.entries(given ?? {});
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Consent"),
    entries.length === 0
      ? h("p", { class: "quiet" }, "No choice is known.")
      : h("ul", { class: "purposes", role: "list" }, entries.map(([purpose, granted]) => {
          const word = granted ? "granted" : "denied";
          return h("li", { class: `purpose purpose-${word}` }, h("span", {}, kindName(purpose)), h("b", {}, word));
        })),
  );
}

/** @param {any} page @param {string} path @param {AbortSignal} signal */
function timelineOf(page, path, signal) {
  if (page.data.length === 0) return empty("No events", "This profile has none, or consent does not allow showing them.");
  const list = h("div", { class: "card timeline" });
  let shown = "";
  let cursor = page.next_cursor;
  const add = (/** @type {any[]} */ items) => {
    for (const item of items) {
      const at = item.timestamp ?? item.originalTimestamp;
      const today = day(at);
      if (today !== shown) {
        shown = today;
        list.append(h("h3", {}, today));
      }
      list.append(moments(item, at));
    }
  };
  add(page.data);
  const more = h("button", { type: "button", class: "button", click: async () => {
    more.disabled = true;
    try {
      const next = await api(withQuery(`${path}/events`, { audiences: "true", order: "desc", limit: 20, cursor }), { signal });
      add(next.data);
      cursor = next.next_cursor;
      more.disabled = false;
      if (!cursor) more.remove();
    } catch (error) {
      if (!signal.aborted) more.replaceWith(failed(error, () => location.reload()));
    }
  } }, "Show more");
  return [list, ...(cursor ? [h("p", { class: "more" }, more)] : [])];
}

/** @param {any} event @param {any} at */
function moments(event, at) {
  return h(
    "button",
    { type: "button", class: `moment moment-${event.type}`, click: () => eventDialog({ event, outcome: "ok", at }) },
    h("span", { class: "moment-mark" }, icon(markOf(event))),
    h("span", { class: "moment-text" }, h("b", {}, eventName(event)), event.bot && h("span", { class: "badge", title: "A known bot, by what it calls itself" }, `bot: ${event.bot}`), h("span", {}, summary(event))),
    h("time", {}, time(at)),
  );
}

/** @param {any} event */
function markOf(event) {
  const { type } = event;
  if (isAudience(event)) return isEntered(event) ? "M4 12h11m-4-4 4 4-4 4m3-12h5v16h-5" : "M14 12H4m4-4-4 4 4 4m6-12h5v16h-5";
  if (type === "identify") return "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7 8c.6-3.600 3.400-5.500 7-5.500s6.400 1.900 7 5.500";
  if (type === "page" || type === "screen") return "M6 3h8l4 4v14H6V3Zm8 0v4h4";
  return "M4 12h3l3-7 4 14 3-7h3";
}

/** The one line that tells most of an event. @param {any} event */
function summary(event) {
  const given = event.properties ?? event.traits ?? {};
  if (isAudience(event)) return causeWords(given.cause);
  if (event.type === "identify") return Object.entries(event.traits ?? {}).map(([key, value]) => `${kindName(key)} ${plain(value)}`).join(", ");
  if (Array.isArray(given.products) && given.revenue !== undefined) return `${plain(given.revenue)} ${given.currency ?? ""}, ${plural(given.products.length, "product")}`;
  if (given.name) return [given.name, given.category, given.price && `${plain(given.price)} ${given.currency ?? ""}`].filter(Boolean).join(" · ");
  if (given.category) return String(given.category);
  return event.context?.page?.path ?? given.path ?? given.url ?? "";
}
