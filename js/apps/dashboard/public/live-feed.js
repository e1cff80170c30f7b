/**
 * The stream of events, followed once for the whole dashboard, so that a screen opened later already has what came before.
 *
 * @typedef {{ id: number, at: string, outcome: string, reason: string, event: any, profileId: string }} LiveEvent `outcome` is empty
 *   where nobody has sent it: somebody entered an audience or left it
 */
import { follow } from "./api.js";
import { t } from "./words.js";

const MOST = 2000;
/** @type {LiveEvent[]} newest first */
let events = [];
/** @type {"connecting" | "open" | "broken"} */
let state = "connecting";
let count = 0;
/** @type {AbortController | undefined} */
let following;
/** @type {Set<() => void>} */
const listeners = new Set();
let scheduled = false;

export function startFeed() {
  if (following) return;
  following = new AbortController();
  void follow("events/live", {
    signal: following.signal,
    state: (next) => {
      state = next;
      tell();
    },
    message: (data) => {
      count += 1;
      events.unshift({
        id: count,
        at: data.received_at ?? data.event?.receivedAt ?? data.event?.timestamp ?? new Date().toISOString(),
        outcome: data.outcome ?? (isAudience(data.event) ? "" : "ok"),
        reason: data.reason ?? "",
        event: data.event ?? {},
        profileId: data.profile_id ?? "",
      });
      if (events.length > MOST) events.length = MOST;
      tell();
    },
  });
}

export function stopFeed() {
  following?.abort();
  following = undefined;
  events = [];
}

/** At most one redraw a frame, however fast events come. */
function tell() {
  if (scheduled) return;
  scheduled = true;
  setTimeout(() => {
    scheduled = false;
    for (const listener of listeners) listener();
  }, 50);
}

/** @param {AbortSignal} signal @param {() => void} listener */
export function onFeed(signal, listener) {
  listeners.add(listener);
  signal.addEventListener("abort", () => listeners.delete(listener));
}

export function feed() {
  return { events, state, count };
}

/** Whether it says that somebody entered an audience or left it. @param {any} event */
export function isAudience(event) {
  return event?.type === "audience";
}

/** Whether they entered. @param {any} event */
export function isEntered(event) {
  return event.event === "Audience Entered";
}

/** What an event is called in a list. @param {any} event */
export function eventName(event) {
  if (isAudience(event)) {
    const name = event.properties?.audience_name ?? t("live_feed.gone");
    return isEntered(event) ? t("live_feed.entered", { name }) : t("live_feed.left", { name });
  }
  return event?.event ?? event?.name ?? event?.type ?? t("live_feed.not_kept");
}

/** Who an event belongs to, as far as it says. @param {any} event */
export function eventWho(event) {
  return event?.userId ?? event?.traits?.email ?? event?.context?.traits?.email ?? event?.anonymousId ?? "";
}
