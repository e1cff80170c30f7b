import { api, withQuery } from "../api.js";
import { h } from "../dom.js";
import { moment, number, plural, shortId } from "../format.js";
import { eventName } from "../live-feed.js";
import { reasonText } from "../outcomes.js";
import { empty, failed, loaded } from "../states.js";
import { eventDialog } from "./event-dialog.js";

/** Messages that the server tries again in one request. */
const MOST = 500;

/** @param {import("../app.js").Screen} screen */
export function quarantineView({ place, signal }) {
  const list = h("div");
  const result = h("p", { class: "replay-result", role: "status" });
  const again = h("button", { type: "button", class: "button", hidden: true }, "Try all again");
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Quarantine"), again),
    h("p", { class: "lead" }, "Events that were refused, each kept whole with the reason. Nothing is thrown away silently."),
    result,
    list,
  );
  /** @type {string[]} */
  let shown = [];
  const load = () => loaded(list, signal, () => api(withQuery("quarantine", { limit: 50 }), { signal }), (page) => {
    shown = page.data.map((/** @type {any} */ item) => item.id);
    again.hidden = shown.length === 0;
    if (shown.length === 0) return empty("Nothing in quarantine", "Every event that arrived was well formed. What is refused later shows up here with its reason.");
    return pages(page, signal, (more) => shown.push(...more));
  });
  again.addEventListener("click", async () => {
    again.disabled = true;
    result.textContent = "Trying again…";
    try {
      const { outcomes } = await api("quarantine/replay", { method: "POST", body: { ids: shown.slice(0, MOST) } });
      result.textContent = told(outcomes);
      await load();
    } catch (error) {
      result.textContent = error instanceof Error ? error.message : String(error);
    }
    again.disabled = false;
  });
  void load();
}

/** @param {any[]} outcomes */
function told(outcomes) {
  const stored = outcomes.filter(({ outcome }) => outcome === "ok" || outcome === "duplicate").length;
  return `${plural(outcomes.length, "event")} tried again: ${number(stored)} now stored, ${number(outcomes.length - stored)} still refused.`;
}

/** @param {any} page @param {AbortSignal} signal @param {(ids: string[]) => void} added */
function pages(page, signal, added) {
  const rows = h("ul", { class: "card flush refused", role: "list" }, page.data.map(refused));
  let cursor = page.next_cursor;
  const more = h("button", { type: "button", class: "button", click: async () => {
    more.disabled = true;
    try {
      const next = await api(withQuery("quarantine", { limit: 50, cursor }), { signal });
      rows.append(...next.data.map(refused));
      added(next.data.map((/** @type {any} */ item) => item.id));
      cursor = next.next_cursor;
      more.disabled = false;
      if (!cursor) more.remove();
    } catch (error) {
      if (!signal.aborted) more.replaceWith(failed(error, () => location.reload()));
    }
  } }, "Show more");
  return [rows, ...(cursor ? [h("p", { class: "more" }, more)] : [])];
}

/** @param {any} item */
function refused(item) {
  const event = typeof item.message === "object" && item.message ? item.message : { message: item.message };
  return h(
    "li",
    {},
    h(
      "button",
      { type: "button", class: "refusal", click: () => eventDialog({ event, outcome: "quarantined", reason: item.reason, at: item.received_at }) },
      h("span", { class: "refusal-reason" }, reasonText(item.reason)),
      h("span", { class: "quiet" }, eventName(event), " · ", shortId(item.message_id)),
      h("time", { class: "quiet" }, moment(item.received_at)),
    ),
  );
}
