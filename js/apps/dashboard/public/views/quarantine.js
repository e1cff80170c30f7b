import { api, withQuery } from "../api.js";
import { h, newId } from "../dom.js";
import { moment, number, plural, shortId } from "../format.js";
import { eventName } from "../live-feed.js";
import { reasonText } from "../outcomes.js";
import { empty, failed, loaded } from "../states.js";
import { eventDialog } from "./event-dialog.js";

/** @param {import("../app.js").Screen} screen */
export function quarantineView({ place, signal }) {
  const list = h("div");
  const result = h("p", { class: "replay-result", role: "status" });
  const again = h("button", { type: "button", class: "button", hidden: true }, "Try all again");
  const text = h("input", { type: "search", placeholder: "Search messages and reasons…", "aria-label": "Search messages and reasons" });
  const source = h("select", { "aria-label": "Source" }, h("option", { value: "" }, "Every source"));
  const from = h("input", { type: "date", id: newId() });
  const to = h("input", { type: "date", id: newId() });
  const search = h("form", { class: "tools", role: "search", submit: (/** @type {Event} */ event) => {
    event.preventDefault();
    void load();
  } }, text, source, day("From", from), day("Before", to), h("button", { type: "submit", class: "button" }, "Search"));
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Quarantine"), again),
    h("p", { class: "lead" }, "Events that were refused, each kept whole with the reason. Nothing is thrown away silently."),
    search,
    result,
    list,
  );
  /** What the list shows, in the words of the server API. */
  const filter = () => Object.fromEntries(Object.entries({ q: text.value.trim(), source: source.value, from: from.value, to: to.value }).filter(([, value]) => value));
  /** @type {Record<string, string>} */
  let shown = {};
  const load = () => {
    shown = filter();
    return loaded(list, signal, () => api(withQuery("quarantine", { ...shown, limit: 50 }), { signal }), (page) => {
      again.hidden = page.data.length === 0;
      if (page.data.length > 0) return pages(page, signal, shown);
      return Object.keys(shown).length > 0 ? empty("Nothing found", "No refused event has all of this.") : empty("Nothing in quarantine", "Every event that arrived was well formed. What is refused later shows up here with its reason.");
    });
  };
  again.addEventListener("click", async () => {
    again.disabled = true;
    result.textContent = "Trying again…";
    try {
      const outcomes = [];
      let cursor;
      do {
        const answer = await api("quarantine/replay", { method: "POST", body: { filter: shown, ...(cursor ? { cursor } : {}) } });
        outcomes.push(...answer.outcomes);
        cursor = answer.next_cursor;
        result.textContent = `Trying again… ${number(outcomes.length)} so far`;
      } while (cursor && !signal.aborted);
      result.textContent = told(outcomes);
      await load();
    } catch (error) {
      result.textContent = error instanceof Error ? error.message : String(error);
    }
    again.disabled = false;
  });
  void load();
  api(withQuery("sources", { limit: 100 }), { signal }).then(
    ({ data }) => source.append(...data.map((/** @type {any} */ one) => h("option", { value: one.id }, one.name))),
    // Without the names of the sources everything else still works.
    () => source.remove(),
  );
}

/** @param {string} label @param {HTMLInputElement} field */
function day(label, field) {
  return h("span", { class: "inline-field" }, h("label", { for: field.id }, label), field);
}

/** @param {any[]} outcomes */
function told(outcomes) {
  const stored = outcomes.filter(({ outcome }) => outcome === "ok" || outcome === "duplicate").length;
  return `${plural(outcomes.length, "event")} tried again: ${number(stored)} now stored, ${number(outcomes.length - stored)} still refused.`;
}

/** @param {any} page @param {AbortSignal} signal @param {Record<string, string>} filter */
function pages(page, signal, filter) {
  const rows = h("ul", { class: "card flush refused", role: "list" }, page.data.map(refused));
  let cursor = page.next_cursor;
  const more = h("button", { type: "button", class: "button", click: async () => {
    more.disabled = true;
    try {
      const next = await api(withQuery("quarantine", { ...filter, limit: 50, cursor }), { signal });
      rows.append(...next.data.map(refused));
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
