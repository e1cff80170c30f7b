import { api, withQuery, words } from "../api.js";
import { remember } from "../address.js";
import { h, newId } from "../dom.js";
import { moment, number, plural, shortId } from "../format.js";
import { eventName } from "../live-feed.js";
import { reasonText } from "../outcomes.js";
import { empty, failed, loaded } from "../states.js";
import { toast } from "../toast.js";
import { eventDialog } from "./event-dialog.js";
import { labelled, saving } from "./form-field.js";

/** @param {import("../app.js").Screen} screen */
export function quarantineView({ place, signal, query }) {
  const list = h("div");
  const result = h("p", { class: "replay-result", role: "status" });
  const again = h("button", { type: "button", class: "button", hidden: true }, "Try all again");
  const text = h("input", { type: "search", value: query.get("q") ?? "", placeholder: "Search messages and reasons…", "aria-label": "Search messages and reasons" });
  const source = h("select", { "aria-label": "Source" }, h("option", { value: "" }, "Every source"));
  const from = h("input", { type: "date", id: newId() });
  const to = h("input", { type: "date", id: newId() });
  const search = h("form", { class: "tools", role: "search", submit: (/** @type {Event} */ event) => {
    event.preventDefault();
    remember({ q: text.value.trim() });
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
      if (page.data.length > 0) return pages(page, signal, shown, () => void load());
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

/** @param {any} page @param {AbortSignal} signal @param {Record<string, string>} filter @param {() => void} again */
function pages(page, signal, filter, again) {
  const rows = h("ul", { class: "card flush refused", role: "list" }, page.data.map((/** @type {any} */ one) => refused(one, again)));
  let cursor = page.next_cursor;
  const more = h("button", { type: "button", class: "button", click: async () => {
    more.disabled = true;
    try {
      const next = await api(withQuery("quarantine", { ...filter, limit: 50, cursor }), { signal });
      rows.append(...next.data.map((/** @type {any} */ one) => refused(one, again)));
      cursor = next.next_cursor;
      more.disabled = false;
      if (!cursor) more.remove();
    } catch (error) {
      if (!signal.aborted) more.replaceWith(failed(error, () => location.reload()));
    }
  } }, "Show more");
  return [rows, ...(cursor ? [h("p", { class: "more" }, more)] : [])];
}

/** Where the cause of a refusal is mended, by what the reason speaks of. @param {string} reason @returns {[string, string] | undefined} */
export function causeOf(reason) {
  if (/tracking plan|not planned|violat/i.test(reason)) return ["#/tracking-plan", "Tracking plan"];
  if (/consent|purpose|policy/i.test(reason)) return ["#/consent", "Consent policy"];
  if (/identifier|user id|anonymous id/i.test(reason)) return ["#/identity?tab=rules", "Identity rules"];
  return undefined;
}

/** @param {any} item @param {() => void} again */
function refused(item, again) {
  const event = typeof item.message === "object" && item.message ? item.message : { message: item.message };
  const cause = causeOf(String(item.reason));
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
    h("p", { class: "refusal-acts" }, cause && h("a", { href: cause[0] }, cause[1]), h("button", { type: "button", class: "link-button", click: () => mend(item, again) }, "Mend and try again", h("span", { class: "sr" }, ` ${item.message_id}`))),
  );
}

/** The message as it should have been, tried again. @param {any} item @param {() => void} again */
function mend(item, again) {
  const text = h("textarea", { class: "schema", rows: 14, spellcheck: "false", autofocus: true }, JSON.stringify(item.message, null, 2));
  const dialog = h(
    "dialog",
    { class: "sheet", "aria-labelledby": "mend-title", close: () => dialog.remove() },
    h("div", { class: "sheet-in" }, h("h2", { id: "mend-title" }, "Mend and try again"), h("p", {}, reasonText(item.reason)), saving({ save: "Try again", also: [h("button", { type: "button", class: "button", click: () => dialog.close() }, "Cancel")], act: async () => {
      let message;
      try {
        message = JSON.parse(text.value);
      } catch (error) {
        throw new Error(`This is not JSON: ${words(error)}`);
      }
      const { outcomes } = await api("quarantine/replay", { method: "POST", body: { mended: [{ id: item.id, message }] } });
      const [first] = outcomes;
      if (first && first.outcome !== "ok" && first.outcome !== "duplicate") throw new Error(`Still refused: ${reasonText(first.reason) || first.outcome}`);
      dialog.close();
      toast("It is stored now.");
      again();
    } }, labelled("Message", text))),
  );
  document.body.append(dialog);
  dialog.showModal();
}
