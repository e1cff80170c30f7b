/** What is known of somebody, and which event said it. */
import { timeCell } from "../cells.js";
import { h } from "../dom.js";
import { kindName, plain } from "../format.js";
import { eventName } from "../live-feed.js";
import { empty } from "../states.js";
import { eventDialog } from "./event-dialog.js";

/** @param {any} profile @param {any[]} events the newest, newest first @returns {Node[]} */
export function traitsOf(profile, events) {
  const traits = Object.entries(profile.traits ?? {});
  const computed = Object.entries(profile.computed_traits ?? {});
  if (traits.length + computed.length === 0) return [empty("Nothing known yet", "An identify event brings traits, and computed traits are counted from events.", h("a", { class: "button", href: "#/computed-traits" }, "Computed traits"))];
  return [
    group("Computed traits", ["Trait", "Value", "Rests on"], computed.map(([key, value]) => [h("a", { href: "#/computed-traits" }, kindName(key)), plain(value), restsOn(profile.rests_on?.computed_traits?.[key])])),
    group("Traits", ["Trait", "Value", "Said by", "Rests on"], traits.map(([key, value]) => [kindName(key), plain(value), origin(key, events), restsOn(profile.rests_on?.traits?.[key])])),
  ].filter((node) => node !== null);
}

/** @param {string[] | undefined} purposes */
function restsOn(purposes) {
  return h("span", { class: "quiet" }, (purposes ?? []).map(kindName).join(", ") || "–");
}

/** The youngest of the events that carries the trait. @param {string} key @param {any[]} events */
function origin(key, events) {
  const event = events.find((one) => one.traits?.[key] !== undefined || one.context?.traits?.[key] !== undefined);
  if (!event) return h("span", { class: "quiet" }, "an older event");
  return h("button", { type: "button", class: "link-button", click: () => eventDialog({ event, outcome: "ok", at: event.receivedAt }) }, eventName(event), ", ", timeCell(event.timestamp));
}

/** @param {string} title @param {string[]} head @param {import("../dom.js").Child[][]} rows */
function group(title, head, rows) {
  if (rows.length === 0) return null;
  return h("section", {}, h("h2", {}, title), h("div", { class: "card flush scroll", tabindex: "0", role: "region", "aria-label": title }, h("table", { class: "table" }, h("thead", {}, h("tr", {}, head.map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows.map((row) => h("tr", {}, row.map((cell, index) => (index === 0 ? h("th", { scope: "row" }, cell) : h("td", {}, cell)))))))));
}
