/** What is known of somebody, and which event said it. */
import { timeCell } from "../cells.js";
import { h } from "../dom.js";
import { inOneLine, kindName, plain } from "../format.js";
import { eventName } from "../live-feed.js";
import { empty } from "../states.js";
import { t } from "../words.js";
import { eventDialog } from "./event-dialog.js";

/** @typedef {import("@headwater/api-client").Profile} Profile */
/** @typedef {import("./timeline.js").TimelineEvent} TimelineEvent */

/** @param {Profile} profile @param {TimelineEvent[]} events the newest, newest first @returns {Node[]} */
export function traitsOf(profile, events) {
  const traits = Object.entries(profile.traits);
  const computed = Object.entries(profile.computed_traits);
  if (traits.length + computed.length === 0) return [empty(t("profile.nothing_known_yet"), t("profile.an_identify_event_brings_traits"), h("a", { class: "button", href: "#/computed-traits" }, t("profile.computed_traits")))];
  return [
    group(t("profile.computed_traits"), [t("profile.trait"), t("profile.value"), t("profile.rests_on")], computed.map(([key, value]) => [h("a", { href: "#/computed-traits" }, kindName(key)), plain(value), restsOn(profile.rests_on.computed_traits[key])])),
    group(t("profile.traits"), [t("profile.trait"), t("profile.value"), t("profile.said_by"), t("profile.rests_on")], traits.map(([key, value]) => [kindName(key), plain(value), origin(key, events), restsOn(profile.rests_on.traits[key])])),
  ].filter((node) => node !== null);
}

/** @param {string[] | undefined} purposes */
function restsOn(purposes) {
  return h("span", { class: "quiet" }, inOneLine((purposes ?? []).map(kindName)) || "–");
}

/** The youngest of the events that carries the trait. @param {string} key @param {TimelineEvent[]} events */
function origin(key, events) {
  const event = events.find((one) => one.traits?.[key] !== undefined || one.context?.traits?.[key] !== undefined);
  if (!event) return h("span", { class: "quiet" }, t("profile.an_older_event"));
  return h("button", { type: "button", class: "link-button", click: () => eventDialog({ event, outcome: "ok", at: event.receivedAt }) }, eventName(event), ", ", timeCell(event.timestamp));
}

/** @param {string} title @param {string[]} head @param {import("../dom.js").Child[][]} rows */
function group(title, head, rows) {
  if (rows.length === 0) return null;
  return h("section", {}, h("h2", {}, title), h("div", { class: "card flush scroll", tabindex: "0", role: "region", "aria-label": title }, h("table", { class: "table" }, h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, index) => (index === 0 ? h("th", { scope: "row" }, cell) : h("td", {}, cell)))))))));
}
