/** Refused events: found, looked at, their cause mended, tried again. */
import { remember } from "../address.js";
import { api, withQuery, words } from "../api.js";
import { reasons } from "../cause.js";
import { timeCell } from "../cells.js";
import { h, newId } from "../dom.js";
import { number, plural, shortId } from "../format.js";
import { eventName } from "../live-feed.js";
import { reasonText } from "../outcomes.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { refusedDialog } from "./refused-dialog.js";

const PAGE = 100;
/** So many reasons are listed above the rows. */
const MOST_REASONS = 5;
const FILTERS = /** @type {const} */ (["q", "source", "reason", "from", "to"]);

/** @param {import("../app.js").Screen} screen */
export function quarantineView({ place, signal, query }) {
  const given = (/** @type {string} */ name) => query.get(name) ?? "";
  const list = h("div");
  const result = h("div", { class: "replay-result", role: "status" });
  const again = h("button", { type: "button", class: "button", hidden: true, click: () => void replay(shown) }, "Try all again");
  const text = h("input", { type: "search", placeholder: "Search messages and reasons…", "aria-label": "Search messages and reasons", value: given("q") });
  const source = h("select", { "aria-label": "Source", change: () => void load() }, h("option", { value: "" }, "Every source"));
  const from = h("input", { type: "date", id: newId(), value: given("from") });
  const to = h("input", { type: "date", id: newId(), value: given("to") });
  let reason = given("reason");
  let sourceId = given("source");
  source.addEventListener("change", () => (sourceId = source.value), { capture: true });
  const only = h("p", { class: "notice only-reason", hidden: true });
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Quarantine"), again),
    h("p", { class: "lead" }, "Events that were refused, each kept whole with the reason. Nothing is thrown away silently."),
    h("form", { class: "tools", role: "search", submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      void load();
    } }, text, source, dayField("From", from), dayField("Before", to), h("button", { type: "submit", class: "button" }, "Search")),
    only,
    result,
    list,
  );

  /** What the list shows, in the words of the server API. @type {Record<string, string>} */
  let shown = {};
  /** @type {Map<string, string>} */
  const names = new Map();
  const load = () => {
    const filter = { q: text.value.trim(), source: sourceId, reason, from: from.value, to: to.value };
    shown = Object.fromEntries(Object.entries(filter).filter(([, value]) => value));
    remember(Object.fromEntries(FILTERS.map((name) => [name, filter[name]])));
    only.hidden = !reason;
    only.replaceChildren(`Only: ${reasonText(reason)} `, h("button", { type: "button", class: "link-button", click: () => choose("") }, "Show every reason"));
    return loaded(list, signal, () => page(), show);
  };
  const page = (/** @type {string} */ cursor = "") => api(withQuery("quarantine", { ...shown, limit: PAGE, cursor }), { signal });
  const choose = (/** @type {string} */ wanted) => {
    reason = wanted;
    void load();
  };

  /** @param {any} first */
  function show(first) {
    again.hidden = first.data.length === 0;
    again.textContent = Object.keys(shown).length > 0 ? "Try these again" : "Try all again";
    if (first.data.length === 0) return Object.keys(shown).length > 0 ? empty("Nothing found", "No refused event has all of this.") : empty("Nothing in quarantine", "Every event that arrived was well formed. What is refused later shows up here with its reason.");
    const rows = table({
      label: "Refused events",
      file: "quarantine",
      query,
      first,
      next: page,
      filter: false,
      columns: [
        { key: "event", name: "Event", text: (row) => eventName(eventOf(row)), cell: (row) => h("button", { type: "button", class: "link-button row-open", click: () => refusedDialog(row, () => void load()) }, eventName(eventOf(row))) },
        { key: "reason", name: "Why", text: (row) => row.reason, cell: (row) => h("span", { class: "why-cell", title: row.reason }, reasonText(row.reason)) },
        { key: "message_id", name: "Message id", text: (row) => row.message_id, cell: (row) => h("code", { title: row.message_id }, shortId(row.message_id)), off: matchMedia("(max-width: 820px)").matches },
        { key: "source", name: "Source", text: (row) => names.get(row.source_id) ?? row.source_id, cell: (row) => names.get(row.source_id) ?? shortId(row.source_id), off: true },
        { key: "received_at", name: "Received", text: (row) => row.received_at, cell: (row) => timeCell(row.received_at) },
      ],
    });
    return [causes(first), rows].filter((node) => node instanceof Node);
  }

  /** The reasons of the rows, each to look at alone. @param {any} first */
  function causes({ data, next_cursor: more }) {
    const found = reasons(data);
    if (reason || found.length < 2) return null;
    return h(
      "section",
      { class: "card causes", "aria-labelledby": "causes" },
      h("h2", { id: "causes" }, more ? `Reasons of the newest ${number(data.length)}` : "Reasons"),
      h("ul", { role: "list" }, found.slice(0, MOST_REASONS).map(([one, count]) => h("li", {}, h("b", { class: "num" }, number(count)), h("button", { type: "button", class: "link-button", click: () => choose(one) }, reasonText(one))))),
      found.length > MOST_REASONS && h("p", { class: "quiet" }, `And ${plural(found.length - MOST_REASONS, "other reason")}.`),
    );
  }

  /** Tries all that the filter finds, and tells how far it is. @param {Record<string, string>} filter */
  async function replay(filter) {
    again.disabled = true;
    let stopped = false;
    const count = h("span", {}, "Trying again…");
    const stop = h("button", { type: "button", class: "button", click: () => {
      stopped = true;
      stop.disabled = true;
    } }, "Stop");
    result.replaceChildren(h("div", { class: "replaying" }, h("progress", { "aria-label": "Trying again" }), count, stop));
    /** @type {any[]} */
    const outcomes = [];
    try {
      let cursor;
      do {
        const answer = await api("quarantine/replay", { method: "POST", body: { filter, ...(cursor ? { cursor } : {}) } });
        outcomes.push(...answer.outcomes);
        cursor = answer.next_cursor;
        count.textContent = `Trying again… ${number(outcomes.length)} so far`;
      } while (cursor && !stopped && !signal.aborted);
      result.replaceChildren(told(outcomes, Boolean(cursor)));
      await load();
    } catch (error) {
      result.replaceChildren(h("p", {}, words(error)));
    }
    again.disabled = false;
  }

  void load();
  api(withQuery("sources", { limit: 100 }), { signal }).then(
    ({ data }) => {
      for (const one of data) names.set(one.id, one.name);
      source.append(...data.map((/** @type {any} */ one) => h("option", { value: one.id, selected: one.id === sourceId }, one.name)));
    },
    // Without the names of the sources everything else still works.
    () => source.remove(),
  );
}

/** @param {any} row */
function eventOf(row) {
  return typeof row.message === "object" && row.message ? row.message : { message: row.message };
}

/** @param {string} label @param {HTMLInputElement} field */
function dayField(label, field) {
  return h("span", { class: "inline-field" }, h("label", { for: field.id }, label), field);
}

/** @param {any[]} outcomes @param {boolean} stopped */
function told(outcomes, stopped) {
  const refused = outcomes.filter(({ outcome }) => outcome !== "ok" && outcome !== "duplicate");
  const why = reasons(refused.map((one) => ({ reason: one.reason ?? one.outcome }))).slice(0, MOST_REASONS);
  return h(
    "div",
    {},
    h("p", {}, `${plural(outcomes.length, "event")} tried again: ${number(outcomes.length - refused.length)} now stored, ${number(refused.length)} still refused.${stopped ? " You stopped it; the others wait." : ""}`),
    why.length > 0 && h("ul", { class: "bullets" }, why.map(([reason, count]) => h("li", {}, `${number(count)}: ${reasonText(reason)}`))),
  );
}
