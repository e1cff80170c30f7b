/** What a person did: by day and visit, filtered by type, as far back as wanted. */
import { call } from "../api.js";
import { h, icon } from "../dom.js";
import { day, inOneLine, kindName, plain, time } from "../format.js";
import { eventName, isAudience, isEntered } from "../live-feed.js";
import { empty, failed } from "../states.js";
import { t } from "../words.js";
import { causeWords } from "./audience-changes.js";
import { eventDialog } from "./event-dialog.js";

/**
 * What stands in a timeline: an event as it was sent, or that somebody entered an audience or left it.
 *
 * @typedef {import("@headwater/api-client").TimelineEntry & { traits?: Record<string, unknown>, anonymousId?: string, originalTimestamp?: string, receivedAt?: string, bot?: string, context?: any }} TimelineEvent
 * @typedef {{ data: TimelineEvent[], next_cursor: string | null }} Page
 */

/** Events further apart than this are of two visits. */
const VISIT = 30 * 60_000;
const PAGE = 50;
/** @type {[string, string][]} */
const TYPES = [["", t("timeline.everything")], ["track", t("timeline.track")], ["page", t("timeline.page")], ["screen", t("timeline.screen")], ["identify", t("timeline.identify")], ["group", t("timeline.group")], ["alias", t("timeline.alias")], ["audience", t("timeline.audience_changes")]];

/** The first page. @param {string} reference of the profile @param {AbortSignal} signal @param {string} [cursor] @returns {Promise<Page>} */
export function readTimeline(reference, signal, cursor) {
  return call("GET /profiles/{reference}/events", { path: { reference }, query: { audiences: true, order: "desc", limit: PAGE, cursor }, signal });
}

/** @param {Page} page the first @param {string} reference of the profile @param {AbortSignal} signal */
export function timelineOf(page, reference, signal) {
  if (page.data.length === 0) return [empty(t("timeline.no_events"), t("timeline.this_profile_has_none_or"))];
  let events = page.data;
  let cursor = page.next_cursor;
  let type = "";
  const list = h("div", { class: "card timeline" });
  const draw = () => {
    const shown = type ? events.filter((event) => event.type === type) : events;
    list.replaceChildren(...visits(shown));
    if (shown.length === 0) list.append(h("p", { class: "session" }, t("timeline.none_of_the_newest_events", { count: events.length })));
  };
  const choice = h("select", { "aria-label": t("timeline.type_of_event"), change: () => {
    type = choice.value;
    draw();
  } }, TYPES.map(([value, name]) => h("option", { value }, name)));
  const more = h("button", { type: "button", class: "button", click: async () => {
    more.disabled = true;
    try {
      const next = await readTimeline(reference, signal, cursor ?? undefined);
      events = [...events, ...next.data];
      cursor = next.next_cursor;
      draw();
      more.disabled = false;
      if (!cursor) more.remove();
    } catch (error) {
      if (!signal.aborted) more.replaceWith(failed(error, () => location.reload()));
    }
  } }, t("timeline.show_more"));
  draw();
  return [h("h2", { class: "sr" }, t("timeline.what_they_did")), h("div", { class: "tools" }, choice), list, ...(cursor ? [h("p", { class: "more" }, more)] : [])];
}

/** @param {TimelineEvent[]} events newest first @returns {Node[]} */
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

/** How long the visit lasted whose youngest event is at `index`, and where it was. @param {TimelineEvent[]} events @param {number} index */
function visitWords(events, index) {
  let last = index;
  const at = events.map(atOf);
  const when = (/** @type {number} */ one) => new Date(at[one] ?? "").getTime();
  while (last + 1 < events.length && when(last) - when(last + 1) <= VISIT && day(at[last + 1]) === day(at[index])) last += 1;
  const minutes = Math.round((when(index) - when(last)) / 60_000);
  const from = events.slice(index, last + 1).find((event) => event.anonymousId)?.anonymousId;
  const visit = minutes ? t("timeline.events_in_minutes", { events: last - index + 1, minutes }) : t("timeline.events", { events: last - index + 1 });
  return from ? `${visit} · ${from}` : visit;
}

/** @param {TimelineEvent} event @returns {string} */
function atOf(event) {
  return event.timestamp ?? event.originalTimestamp ?? "";
}

/** @param {TimelineEvent} event @param {string} at */
function moments(event, at) {
  return h(
    "button",
    { type: "button", class: `moment moment-${event.type}`, click: () => eventDialog({ event, outcome: "ok", at }) },
    h("span", { class: "moment-mark" }, icon(markOf(event))),
    h("span", { class: "moment-text" }, h("b", {}, eventName(event)), event.bot && h("span", { class: "badge", title: t("timeline.a_known_bot_by_what") }, t("timeline.bot", { name: event.bot })), h("span", {}, summary(event))),
    h("time", {}, time(at)),
  );
}

/** @param {TimelineEvent} event */
function markOf(event) {
  const { type } = event;
  if (isAudience(event)) return isEntered(event) ? "M4 12h11m-4-4 4 4-4 4m3-12h5v16h-5" : "M14 12H4m4-4-4 4 4 4m6-12h5v16h-5";
  if (type === "identify") return "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8Zm-7 8c.6-3.600 3.400-5.500 7-5.500s6.400 1.900 7 5.500";
  if (type === "page" || type === "screen") return "M6 3h8l4 4v14H6V3Zm8 0v4h4";
  return "M4 12h3l3-7 4 14 3-7h3";
}

/** The one line that tells most of an event. @param {TimelineEvent} event @returns {string} */
function summary(event) {
  const given = /** @type {Record<string, any>} */ (event.properties ?? event.traits ?? {});
  if (isAudience(event)) return causeWords(given.cause);
  if (event.type === "identify") return inOneLine(Object.entries(event.traits ?? {}).map(([key, value]) => `${kindName(key)} ${plain(value)}`));
  if (Array.isArray(given.products) && given.revenue !== undefined) return t("timeline.products", { revenue: plain(given.revenue), currency: given.currency ?? "", products: given.products.length });
  if (given.name) return [given.name, given.category, given.price && `${plain(given.price)} ${given.currency ?? ""}`].filter(Boolean).join(" · ");
  if (given.category) return String(given.category);
  return event.context?.page?.path ?? given.path ?? given.url ?? "";
}
