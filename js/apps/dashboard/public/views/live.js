import { remember } from "../address.js";
import { h, icon } from "../dom.js";
import { shortId, time } from "../format.js";
import { eventName, eventWho, feed, isAudience, isEntered, onFeed } from "../live-feed.js";
import { audienceBadge, badge, OUTCOMES, reasonText } from "../outcomes.js";
import { causeWords } from "./audience-changes.js";
import { eventDialog } from "./event-dialog.js";
import { empty } from "../states.js";
import { t } from "../words.js";

/** @typedef {import("../live-feed.js").LiveEvent} LiveEvent */

const MOST_ROWS = 200;
/** Chosen in the place of an outcome. */
const AUDIENCES = "audience";
const TYPES = ["track", "page", "screen", "identify", "group", "alias"];

/** @param {import("../app.js").Screen} screen */
export function liveView({ place, signal, query }) {
  let paused = false;
  /** Events up to here are shown while paused. */
  let frozenAt = 0;
  let text = query.get("q") ?? "";
  let outcome = query.get("outcome") ?? "";
  let type = query.get("type") ?? "";

  const search = h("input", { type: "search", placeholder: t("live.placeholder"), "aria-label": t("live.filter"), value: text, input: () => {
    text = search.value.trim().toLowerCase();
    filtered();
  } });
  const choice = h("select", { "aria-label": t("live.outcome"), change: () => {
    outcome = choice.value;
    filtered();
  } }, h("option", { value: "" }, t("live.every_outcome")), OUTCOMES.map(({ key, name }) => h("option", { value: key, selected: key === outcome }, name)), h("option", { value: AUDIENCES, selected: outcome === AUDIENCES }, t("live.audience_changes")));
  const types = h("select", { "aria-label": t("live.type"), change: () => {
    type = types.value;
    filtered();
  } }, h("option", { value: "" }, t("live.every_type")), TYPES.map((name) => h("option", { value: name, translate: "no", selected: name === type }, name)));
  const filtered = () => {
    remember({ q: text, outcome, type });
    draw();
  };
  const pause = h("button", { type: "button", class: "button", "aria-pressed": "false", click: () => {
    paused = !paused;
    frozenAt = feed().count;
    pause.setAttribute("aria-pressed", String(paused));
    draw();
  } });
  const state = h("p", { class: "stream-state", role: "status" });
  const list = h("div");
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("live.title")), state),
    h("div", { class: "tools" }, search, choice, types, pause),
    list,
  );

  const draw = () => {
    const now = feed();
    const words = { open: t("live.connected"), connecting: t("live.connecting"), broken: t("live.broken") };
    if (state.textContent !== words[now.state]) state.textContent = words[now.state];
    state.dataset.state = now.state;
    const waiting = paused ? now.count - frozenAt : 0;
    pause.textContent = paused ? t("live.resume", { count: waiting }) : t("live.pause");
    const shown = now.events.filter((event) => (!paused || event.id <= frozenAt) && matches(event, text, outcome, type));
    list.replaceChildren(rows(shown, now.events.length > 0));
  };
  onFeed(signal, () => (paused ? drawPaused() : draw()));
  /** While paused only the count of the waiting changes, so that the rows stay still under the reader. */
  const drawPaused = () => {
    const waiting = feed().count - frozenAt;
    pause.textContent = t("live.resume_waiting", { count: waiting });
  };
  draw();
}

/** @param {LiveEvent} line @param {string} text @param {string} outcome @param {string} type */
function matches(line, text, outcome, type) {
  if (type && line.event.type !== type) return false;
  if (outcome && outcome !== (isAudience(line.event) ? AUDIENCES : line.outcome)) return false;
  if (!text) return true;
  const { event } = line;
  return [eventName(event), event.type, event.userId, event.anonymousId, event.messageId, event.context?.page?.url, event.traits?.email, line.reason, line.profileId]
    .some((part) => typeof part === "string" && part.toLowerCase().includes(text));
}

/** @param {LiveEvent[]} shown @param {boolean} any */
function rows(shown, any) {
  if (shown.length === 0) {
    return any
      ? empty(t("live.no_match"), t("live.no_match_text"))
      : empty(t("live.waiting"), t("live.waiting_text"));
  }
  return h(
    "div",
    { class: "card flush" },
    h("ul", { class: "events", role: "list" }, shown.slice(0, MOST_ROWS).map(row)),
    shown.length > MOST_ROWS && h("p", { class: "more-note" }, t("live.newest", { most: MOST_ROWS, count: shown.length })),
  );
}

/** @param {LiveEvent} line */
export function row(line) {
  const { event } = line;
  const name = eventName(event);
  const noticed = isAudience(event);
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "event", click: () => eventDialog(line) },
      h("span", { class: "event-time" }, time(line.at)),
      h("span", { class: "event-name" }, name, event.type && event.type !== name && h("small", {}, event.type)),
      h("span", { class: "event-who" }, shortId(String(eventWho(event) || line.profileId))),
      noticed ? audienceBadge(isEntered(event)) : badge(line.outcome),
      h("span", { class: "event-reason" }, noticed ? causeWords(event.properties?.cause) : reasonText(line.reason) || pagePath(event)),
      icon("m9 6 6 6-6 6"),
    ),
  );
}

/** @param {any} event */
function pagePath(event) {
  const path = event.context?.page?.path ?? event.context?.page?.url;
  return typeof path === "string" ? path : "";
}
