/** What a person did: by day and visit, filtered by type, as far back as wanted. */
import { api, withQuery } from "../api.js";
import { h, icon } from "../dom.js";
import { day, kindName, plain, plural, time } from "../format.js";
import { eventName, isAudience, isEntered } from "../live-feed.js";
import { empty, failed } from "../states.js";
import { causeWords } from "./audience-changes.js";
import { eventDialog } from "./event-dialog.js";

/** Events further apart than this are of two visits. */
const VISIT = 30 * 60_000;
const PAGE = 50;
/** @type {[string, string][]} */
const TYPES = [["", "Everything"], ["track", "Track"], ["page", "Page"], ["screen", "Screen"], ["identify", "Identify"], ["group", "Group"], ["alias", "Alias"], ["audience", "Audience changes"]];

/** The first page. @param {string} path of the profile @param {AbortSignal} signal @param {string} [cursor] */
export function readTimeline(path, signal, cursor) {
  return api(withQuery(`${path}/events`, { audiences: "true", order: "desc", limit: PAGE, cursor }), { signal });
}

/** @param {any} page the first @param {string} path @param {AbortSignal} signal */
export function timelineOf(page, path, signal) {
  if (page.data.length === 0) return [empty("No events", "This profile has none, or consent does not allow showing them.")];
  let events = page.data;
  let cursor = page.next_cursor;
  let type = "";
  const list = h("div", { class: "card timeline" });
  const draw = () => {
    const shown = type ? events.filter((/** @type {any} */ event) => event.type === type) : events;
    list.replaceChildren(...visits(shown));
    if (shown.length === 0) list.append(h("p", { class: "session" }, `None of the newest ${plural(events.length, "event")} is of this type.`));
  };
  const choice = h("select", { "aria-label": "Type of event", change: () => {
    type = choice.value;
    draw();
  } }, TYPES.map(([value, name]) => h("option", { value }, name)));
  const more = h("button", { type: "button", class: "button", click: async () => {
    more.disabled = true;
    try {
      const next = await readTimeline(path, signal, cursor);
      events = [...events, ...next.data];
      cursor = next.next_cursor;
      draw();
      more.disabled = false;
      if (!cursor) more.remove();
    } catch (error) {
      if (!signal.aborted) more.replaceWith(failed(error, () => location.reload()));
    }
  } }, "Show more");
  draw();
  return [h("h2", { class: "sr" }, "What they did"), h("div", { class: "tools" }, choice), list, ...(cursor ? [h("p", { class: "more" }, more)] : [])];
}

/** @param {any[]} events newest first @returns {Node[]} */
function visits(events) {
  /** @type {Node[]} */
  const nodes = [];
  let shownDay = "";
  let before = Number.NaN;
  events.forEach((event, index) => {
    const at = atOf(event);
    const when = new Date(at).getTime();
    const today = day(at);
    if (today !== shownDay) nodes.push(h("h3", {}, today));
    if (today !== shownDay || before - when > VISIT) nodes.push(h("p", { class: "session" }, visitWords(events, index)));
    shownDay = today;
    before = when;
    nodes.push(moments(event, at));
  });
  return nodes;
}

/** How long the visit lasted whose youngest event is at `index`, and where it was. @param {any[]} events @param {number} index */
function visitWords(events, index) {
  let last = index;
  const when = (/** @type {number} */ at) => new Date(atOf(events[at])).getTime();
  while (last + 1 < events.length && when(last) - when(last + 1) <= VISIT && day(atOf(events[last + 1])) === day(atOf(events[index]))) last += 1;
  const minutes = Math.round((when(index) - when(last)) / 60_000);
  const from = events.slice(index, last + 1).find((event) => event.anonymousId)?.anonymousId;
  return `${plural(last - index + 1, "event")}${minutes ? ` in ${plural(minutes, "minute")}` : ""}${from ? ` · ${from}` : ""}`;
}

/** @param {any} event @returns {string} */
function atOf(event) {
  return event.timestamp ?? event.originalTimestamp;
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
