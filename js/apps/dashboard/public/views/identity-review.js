/** Pairs that may be one person, strongest first, to be answered with two keys. */
import { call, words } from "../api.js";
import { identifierChip } from "../cells.js";
import { h } from "../dom.js";
import { identifierText, kindName, moment } from "../format.js";
import { empty, failed, loaded } from "../states.js";
import { toast } from "../toast.js";
import { waterfallChart } from "../waterfall.js";
import { rich, t } from "../words.js";

/** @typedef {import("@headwater/api-client").Suggestion} Suggestion */
/** @typedef {{ data: Suggestion[], next_cursor: string | null }} Page */

const PAGE = 20;
const POLL = 1000;

/** @param {HTMLElement} panel @param {AbortSignal} signal */
export function reviewPanel(panel, signal) {
  const state = h("div", { role: "status" });
  const list = h("div");
  const start = h("button", { type: "button", class: "button button-main", click: async () => {
    start.disabled = true;
    try {
      await call("POST /identity/matching", { body: { threshold: 0.9 } });
      await follow();
    } catch (error) {
      state.replaceChildren(h("p", { class: "form-error" }, words(error)));
    }
    start.disabled = false;
  } }, t("identity.look_for_matches"));
  /** Until the run has ended. */
  const follow = async () => {
    for (;;) {
      const { data } = await call("GET /identity/matching", { query: { limit: 1 }, signal });
      const [run] = data;
      state.replaceChildren(run ? runWords(run) : h("p", { class: "quiet" }, t("identity.nothing_was_matched_yet")));
      if (run?.status !== "running") break;
      await new Promise((done) => setTimeout(done, POLL));
      if (signal.aborted) return;
    }
    await show();
  };
  const show = () => loaded(list, signal, () => call("GET /identity/suggestions", { query: { limit: PAGE }, signal }), (page) => {
    if (page.data.length === 0) return empty(t("identity.nothing_to_review"), t("identity.matching_compares_what_is_known"));
    return queue(page, signal);
  });
  panel.append(h("div", { class: "row-head" }, state, start), list);
  follow().catch((error) => {
    if (!signal.aborted) list.replaceChildren(failed(error, () => void follow().catch(() => {})));
  });
}

/** @param {import("@headwater/api-client").MatchingRun} run */
function runWords(run) {
  const { status, records, suggestions, reason } = run;
  const text = status === "running" ? t("identity.comparing_records", { records }) : status === "done" ? t("identity.matched", { ended_at: moment(run.ended_at), records, suggestions }) : reason ? t("identity.suggested_nothing_because", { reason }) : t("identity.suggested_nothing");
  return h("p", { class: "quiet" }, text);
}

/** @param {Page} page @param {AbortSignal} signal */
function queue(page, signal) {
  const rows = h("ul", { class: "card flush rows-list", role: "list", "aria-label": t("identity.suggestions") });
  let cursor = page.next_cursor;
  const add = (/** @type {Suggestion[]} */ data) => rows.append(...data.map((one) => row(one, rows)));
  add(page.data);
  const more = h("button", { type: "button", class: "button", hidden: !cursor, click: async () => {
    more.disabled = true;
    try {
      const next = await call("GET /identity/suggestions", { query: { limit: PAGE, cursor: cursor ?? undefined }, signal });
      add(next.data);
      cursor = next.next_cursor;
      more.hidden = !cursor;
    } catch (error) {
      toast(words(error));
    }
    more.disabled = false;
  } }, t("identity.show_more"));
  return [h("p", { class: "quiet" }, t("identity.keys_j_and_k_walk")), rows, h("p", { class: "more" }, more)];
}

/** @param {Suggestion} one @param {HTMLElement} rows */
function row(one, rows) {
  const ends = [identifierText(one.a), identifierText(one.b)];
  const names = t("identity.a_and_b", { a: one.a, b: one.b });
  const waterfall = /** @type {import("../waterfall.js").Waterfall} */ (one.waterfall);
  const sr = (/** @type {import("../dom.js").Child[]} */ inside) => h("span", { class: "sr" }, inside);
  let busy = false;
  const answer = async (/** @type {"accept" | "reject"} */ word) => {
    if (busy) return;
    busy = true;
    try {
      const decided = await call(`POST /identity/suggestions/{id}/${word}`, { path: { id: one.id }, body: {} });
      const next = /** @type {HTMLElement | null} */ (item.nextElementSibling ?? item.previousElementSibling);
      item.remove();
      next?.focus();
      if (!next) rows.replaceWith(empty(t("identity.all_reviewed"), t("identity.every_suggestion_on_this_page")));
      toast(word === "accept" ? t("identity.names_are_one_person", { names }) : t("identity.names_stay_apart", { names }), { name: t("identity.undo"), act: () => void call("DELETE /identity/decisions/{id}", { path: { id: decided.id } }).then(() => toast(t("identity.undone_the_suggestion_is_open")), (error) => toast(words(error))) });
    } catch (error) {
      toast(words(error));
      busy = false;
    }
  };
  const item = h(
    "li",
    { class: "review", tabindex: "0", "aria-label": t("identity.names_weight_bits", { names, weight: waterfall.weight }), keydown: (/** @type {KeyboardEvent} */ event) => {
      if (event.ctrlKey || event.metaKey || event.altKey) return;
      const to = event.key === "j" || event.key === "ArrowDown" ? item.nextElementSibling : event.key === "k" || event.key === "ArrowUp" ? item.previousElementSibling : undefined;
      if (to) {
        event.preventDefault();
        /** @type {HTMLElement} */ (to).focus();
      } else if (event.key === "a" || event.key === "r") {
        event.preventDefault();
        void answer(event.key === "a" ? "accept" : "reject");
      }
    } },
    h("div", { class: "row-head" }, h("span", {}, ends.map((name, index) => h("a", { href: `#/people/${encodeURIComponent(one.profiles[index] ?? name)}` }, identifierChip(name)))), h("span", { class: "quiet num" }, t("identity.bits", { weight: waterfall.weight }))),
    h("dl", { class: "facts" }, waterfall.bars.filter(({ values }) => values.some(Boolean)).map(({ field, values: [left, right] }) => h("div", {}, h("dt", {}, kindName(field)), h("dd", {}, left === right ? left : `${left || t("identity.unknown")} / ${right || t("identity.unknown")}`)))),
    h("details", { class: "raw" }, h("summary", {}, t("identity.why_field_by_field")), waterfallChart(waterfall)),
    h("div", { class: "row-actions" }, h("button", { type: "button", class: "button", click: () => void answer("accept") }, rich("identity.one_person", { names, sr })), h("button", { type: "button", class: "button", click: () => void answer("reject") }, rich("identity.two_people", { names, sr }))),
  );
  return item;
}
