/** Refused events: found, looked at, their cause mended, tried again. */
import { remember } from "../address.js";
import { call, rows, words } from "../api.js";
import { reasons } from "../cause.js";
import { timeCell } from "../cells.js";
import { h, newId } from "../dom.js";
import { number, shortId } from "../format.js";
import { eventName } from "../live-feed.js";
import { reasonText } from "../outcomes.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { t } from "../words.js";
import { refusedDialog } from "./refused-dialog.js";

/**
 * @typedef {import("@headwater/api-client").QuarantinedMessage} QuarantinedMessage
 * @typedef {import("@headwater/api-client").ReplayedMessage} ReplayedMessage
 * @typedef {import("@headwater/api-client").Answer<"GET /quarantine">} Page
 */

const PAGE = 100;
/** So many reasons are listed above the rows. */
const MOST_REASONS = 5;
const FILTERS = /** @type {const} */ (["q", "source", "reason", "from", "to"]);

/** @param {import("../app.js").Screen} screen */
export function quarantineView({ place, signal, query }) {
  const given = (/** @type {string} */ name) => query.get(name) ?? "";
  const list = h("div");
  const result = h("div", { class: "replay-result", role: "status" });
  const again = h("button", { type: "button", class: "button", hidden: true, click: () => void replay(shown) }, t("quarantine.all_again"));
  const text = h("input", { type: "search", placeholder: t("quarantine.placeholder"), "aria-label": t("quarantine.search_label"), value: given("q") });
  const source = h("select", { "aria-label": t("quarantine.source"), change: () => void load() }, h("option", { value: "" }, t("quarantine.every_source")));
  const from = h("input", { type: "date", id: newId(), value: given("from") });
  const to = h("input", { type: "date", id: newId(), value: given("to") });
  let reason = given("reason");
  let sourceId = given("source");
  source.addEventListener("change", () => (sourceId = source.value), { capture: true });
  const only = h("p", { class: "notice only-reason", hidden: true });
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("quarantine.title")), again),
    h("p", { class: "lead" }, t("quarantine.lead")),
    h("form", { class: "tools", role: "search", submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      void load();
    } }, text, source, dayField(t("quarantine.from"), from), dayField(t("quarantine.before"), to), h("button", { type: "submit", class: "button" }, t("quarantine.search"))),
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
    only.replaceChildren(t("quarantine.only", { reason: reasonText(reason) }), h("button", { type: "button", class: "link-button", click: () => choose("") }, t("quarantine.every_reason")));
    return loaded(list, signal, () => page(), show);
  };
  const page = (/** @type {string} */ cursor = "") => call("GET /quarantine", { query: { ...shown, limit: PAGE, cursor }, signal });
  const choose = (/** @type {string} */ wanted) => {
    reason = wanted;
    void load();
  };

  /** @param {Page} first */
  function show(first) {
    again.hidden = first.data.length === 0;
    again.textContent = Object.keys(shown).length > 0 ? t("quarantine.these_again") : t("quarantine.all_again");
    if (first.data.length === 0) return Object.keys(shown).length > 0 ? empty(t("quarantine.no_match"), t("quarantine.no_match_text")) : empty(t("quarantine.empty"), t("quarantine.empty_text"));
    const listed = table({
      label: t("quarantine.label"),
      file: "quarantine",
      query,
      first,
      next: page,
      filter: false,
      columns: [
        { key: "event", name: t("quarantine.event"), text: (row) => eventName(eventOf(row)), cell: (row) => h("button", { type: "button", class: "link-button row-open", click: () => refusedDialog(row, () => void load()) }, eventName(eventOf(row))) },
        { key: "reason", name: t("quarantine.why"), text: (row) => row.reason, cell: (row) => h("span", { class: "why-cell", title: row.reason }, reasonText(row.reason)) },
        { key: "message_id", name: t("quarantine.message_id"), text: (row) => row.message_id, cell: (row) => h("code", { title: row.message_id }, shortId(row.message_id)), off: matchMedia("(max-width: 820px)").matches },
        { key: "source", name: t("quarantine.source"), text: (row) => names.get(row.source_id) ?? row.source_id, cell: (row) => names.get(row.source_id) ?? shortId(row.source_id), off: true },
        { key: "received_at", name: t("quarantine.received"), text: (row) => row.received_at, cell: (row) => timeCell(row.received_at) },
      ],
    });
    return [causes(first), listed].filter((node) => node instanceof Node);
  }

  /** The reasons of the rows, each to look at alone. @param {Page} first */
  function causes({ data, next_cursor: more }) {
    const found = reasons(data);
    if (reason || found.length < 2) return null;
    return h(
      "section",
      { class: "card causes", "aria-labelledby": "causes" },
      h("h2", { id: "causes" }, more ? t("quarantine.reasons_of_newest", { count: data.length }) : t("quarantine.reasons")),
      h("ul", { role: "list" }, found.slice(0, MOST_REASONS).map(([one, count]) => h("li", {}, h("b", { class: "num" }, number(count)), h("button", { type: "button", class: "link-button", click: () => choose(one) }, reasonText(one))))),
      found.length > MOST_REASONS && h("p", { class: "quiet" }, t("quarantine.other_reasons", { count: found.length - MOST_REASONS })),
    );
  }

  /** Tries all that the filter finds, and tells how far it is. @param {Record<string, string>} filter */
  async function replay(filter) {
    again.disabled = true;
    let stopped = false;
    const count = h("span", {}, t("quarantine.trying"));
    const stop = h("button", { type: "button", class: "button", click: () => {
      stopped = true;
      stop.disabled = true;
    } }, t("quarantine.stop"));
    result.replaceChildren(h("div", { class: "replaying" }, h("progress", { "aria-label": t("quarantine.trying_label") }), count, stop));
    /** @type {ReplayedMessage[]} */
    const outcomes = [];
    try {
      /** @type {string | null | undefined} */
      let cursor;
      do {
        /** @type {import("@headwater/api-client").Replay} */
        const answer = await call("POST /quarantine/replay", { body: { filter, cursor } });
        outcomes.push(...answer.outcomes);
        cursor = answer.next_cursor;
        count.textContent = t("quarantine.trying_count", { count: outcomes.length });
      } while (cursor && !stopped && !signal.aborted);
      result.replaceChildren(told(outcomes, Boolean(cursor)));
      await load();
    } catch (error) {
      result.replaceChildren(h("p", {}, words(error)));
    }
    again.disabled = false;
  }

  void load();
  rows("GET /sources", { signal }).then(
    ({ data }) => {
      for (const one of data) names.set(one.id, one.name);
      source.append(...data.map((one) => h("option", { value: one.id, selected: one.id === sourceId }, one.name)));
    },
    // Without the names of the sources everything else still works.
    () => source.remove(),
  );
}

/** A message that is no object is shown as the value that it is. @param {QuarantinedMessage} row @returns {any} */
function eventOf(row) {
  return typeof row.message === "object" && row.message ? row.message : { message: row.message };
}

/** @param {string} label @param {HTMLInputElement} field */
function dayField(label, field) {
  return h("span", { class: "inline-field" }, h("label", { for: field.id }, label), field);
}

/** @param {ReplayedMessage[]} outcomes @param {boolean} stopped */
function told(outcomes, stopped) {
  const refused = outcomes.filter(({ outcome }) => outcome !== "ok" && outcome !== "duplicate");
  const why = reasons(refused.map((one) => ({ reason: one.reason ?? one.outcome }))).slice(0, MOST_REASONS);
  return h(
    "div",
    {},
    h("p", {}, t("quarantine.replayed", { count: outcomes.length, stored: outcomes.length - refused.length, refused: refused.length, stopped: String(stopped) })),
    why.length > 0 && h("ul", { class: "bullets" }, why.map(([reason, count]) => h("li", {}, t("quarantine.reason_count", { count, reason: reasonText(reason) })))),
  );
}
