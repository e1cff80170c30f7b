/** Pairs that may be one person, strongest first, to be answered with two keys. */
import { api, withQuery, words } from "../api.js";
import { identifierChip } from "../cells.js";
import { h } from "../dom.js";
import { identifierText, kindName, moment, number, plural } from "../format.js";
import { empty, failed, loaded } from "../states.js";
import { toast } from "../toast.js";
import { waterfallChart } from "../waterfall.js";

const PAGE = 20;
const POLL = 1000;

/** @param {HTMLElement} panel @param {AbortSignal} signal */
export function reviewPanel(panel, signal) {
  const state = h("div", { role: "status" });
  const list = h("div");
  const start = h("button", { type: "button", class: "button button-main", click: async () => {
    start.disabled = true;
    try {
      await api("identity/matching", { method: "POST", body: { threshold: 0.9 } });
      await follow();
    } catch (error) {
      state.replaceChildren(h("p", { class: "form-error" }, words(error)));
    }
    start.disabled = false;
  } }, "Look for matches");
  /** Until the run has ended. */
  const follow = async () => {
    for (;;) {
      const { data } = await api("identity/matching?limit=1", { signal });
      const [run] = data;
      state.replaceChildren(run ? runWords(run) : h("p", { class: "quiet" }, "Nothing was matched yet."));
      if (run?.status !== "running") break;
      await new Promise((done) => setTimeout(done, POLL));
      if (signal.aborted) return;
    }
    await show();
  };
  const show = () => loaded(list, signal, () => api(withQuery("identity/suggestions", { limit: PAGE }), { signal }), (page) => {
    if (page.data.length === 0) return empty("Nothing to review", "Matching compares what is known of people who share no identifier, and suggests pairs that may be one person. It decides nothing by itself unless you say so.");
    return queue(page, signal);
  });
  panel.append(h("div", { class: "row-head" }, state, start), list);
  follow().catch((error) => {
    if (!signal.aborted) list.replaceChildren(failed(error, () => void follow().catch(() => {})));
  });
}

/** @param {any} run */
function runWords(run) {
  const ended = { running: `Comparing: ${plural(run.records ?? 0, "record")}…`, done: `Matched ${moment(run.ended_at)}: ${plural(run.records ?? 0, "record")}, ${plural(run.suggestions ?? 0, "suggestion")}.` };
  const text = ended[/** @type {keyof typeof ended} */ (run.status)] ?? `The last matching suggested nothing${run.reason ? `: ${run.reason}` : "."}`;
  return h("p", { class: "quiet" }, text);
}

/** @param {any} page @param {AbortSignal} signal */
function queue(page, signal) {
  const rows = h("ul", { class: "card flush rows-list", role: "list", "aria-label": "Suggestions" });
  let cursor = page.next_cursor;
  const add = (/** @type {any[]} */ data) => rows.append(...data.map((one) => row(one, rows)));
  add(page.data);
  const more = h("button", { type: "button", class: "button", hidden: !cursor, click: async () => {
    more.disabled = true;
    try {
      const next = await api(withQuery("identity/suggestions", { limit: PAGE, cursor }), { signal });
      add(next.data);
      cursor = next.next_cursor;
      more.hidden = !cursor;
    } catch (error) {
      toast(words(error));
    }
    more.disabled = false;
  } }, "Show more");
  return [h("p", { class: "quiet" }, "Keys: j and k walk, a accepts, r rejects."), rows, h("p", { class: "more" }, more)];
}

/** @param {any} one @param {HTMLElement} rows */
function row(one, rows) {
  const names = [identifierText(one.a), identifierText(one.b)];
  let busy = false;
  const answer = async (/** @type {"accept" | "reject"} */ word) => {
    if (busy) return;
    busy = true;
    try {
      const decided = await api(`identity/suggestions/${one.id}/${word}`, { method: "POST", body: {} });
      const next = /** @type {HTMLElement | null} */ (item.nextElementSibling ?? item.previousElementSibling);
      item.remove();
      next?.focus();
      if (!next) rows.replaceWith(empty("All reviewed", "Every suggestion on this page has an answer."));
      const id = decided?.decision_id ?? decided?.id;
      toast(word === "accept" ? `${names.join(" and ")} are one person.` : `${names.join(" and ")} stay apart.`, id && { name: "Undo", act: () => api(`identity/decisions/${id}`, { method: "DELETE" }).then(() => toast("Undone: the suggestion is open again."), (error) => toast(words(error))) });
    } catch (error) {
      toast(words(error));
      busy = false;
    }
  };
  const item = h(
    "li",
    { class: "review", tabindex: "0", "aria-label": `${names.join(" and ")}, ${one.waterfall.weight.toFixed(1)} bits`, keydown: (/** @type {KeyboardEvent} */ event) => {
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
    h("div", { class: "row-head" }, h("span", {}, names.map((name, index) => h("a", { href: `#/people/${encodeURIComponent(one.profiles[index])}` }, identifierChip(name)))), h("span", { class: "quiet num" }, `${number(Math.round(one.waterfall.weight * 10) / 10)} bits`)),
    h("dl", { class: "facts" }, one.waterfall.bars.filter((/** @type {any} */ bar) => bar.values.some(Boolean)).map((/** @type {any} */ bar) => h("div", {}, h("dt", {}, kindName(bar.field)), h("dd", {}, bar.values[0] === bar.values[1] ? bar.values[0] : `${bar.values[0] || "unknown"} / ${bar.values[1] || "unknown"}`)))),
    h("details", { class: "raw" }, h("summary", {}, "Why: field by field"), waterfallChart(one.waterfall)),
    h("div", { class: "row-actions" }, h("button", { type: "button", class: "button", click: () => void answer("accept") }, "One person", h("span", { class: "sr" }, `: ${names.join(" and ")}`)), h("button", { type: "button", class: "button", click: () => void answer("reject") }, "Two people", h("span", { class: "sr" }, `: ${names.join(" and ")}`))),
  );
  return item;
}
