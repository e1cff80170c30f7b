/** Making a computed trait, and changing one. */
import { api, words } from "../api.js";
import { h } from "../dom.js";
import { conditionFrom, conditionOf } from "../rules/condition.js";
import { shortPath, valuePath } from "../rules/rule.js";
import { allTime, windowFrom, windowOf } from "../rules/window.js";
import { loaded } from "../states.js";
import { vocabulary } from "../vocabulary.js";
import { computedSentence } from "./definition.js";
import { addWhere, botGaps, matchingGaps } from "./event-gaps.js";
import { choice, gap, keepingFocus, labelled, windowGaps } from "./fields.js";

/** What is computed, and whether it is of events or of values in them. @type {[string, [string, string][]][]} */
const AGGREGATES = [
  ["Of events", [["count", "the number of"], ["time_since_last", "seconds since the last"], ["time_since_first", "seconds since the first"]]],
  ["Of numbers in them", [["sum", "the sum of"], ["average", "the average"], ["min", "the smallest"], ["max", "the largest"]]],
  ["Of values in them", [["first", "the first"], ["last", "the last"], ["most_frequent", "the most frequent"], ["unique_count", "the number of different"], ["last_n", "the last few values of"]]],
];
const OF_EVENTS = ["count", "time_since_last", "time_since_first"];

/** @param {import("../app.js").Screen} screen */
export function computedTraitFormView({ place, signal, parts: [, id = ""] }) {
  const isNew = id === "new";
  const body = h("div");
  place.append(h("p", { class: "crumbs" }, h("a", { href: "#/computed-traits" }, "Computed traits")), h("div", { class: "head" }, h("h1", {}, isNew ? "New computed trait" : "Change computed trait")), body);
  const path = `computed_traits/${encodeURIComponent(id)}`;
  void loaded(body, signal, () => Promise.all([vocabulary(signal), isNew ? undefined : api(path, { signal })]), ([known, trait]) => form(known, trait)).then(() => {
    /** @type {HTMLElement | null} */ (body.querySelector("input:not([readonly]), select"))?.focus();
  });
}

/** @param {import("../vocabulary.js").Vocabulary} known @param {any} trait nothing when it is a new one */
function form(known, trait) {
  const made = {
    event: trait?.event ?? "",
    where: conditionOf(trait?.where),
    aggregate: trait?.aggregate ?? "count",
    of: shortPath(trait?.of ?? ""),
    n: String(trait?.n ?? 5),
    window: trait ? windowOf(trait) : allTime(),
    bots: trait?.bots === undefined ? "" : String(trait.bots),
  };
  const key = h("input", { required: true, autocomplete: "off", spellcheck: "false", placeholder: "orders_count", value: trait?.key ?? "", readonly: Boolean(trait), input: () => changed() });
  const rule = h("div", { class: "condition-text" });
  const reads = h("p", { class: "rule" });
  const error = h("p", { class: "form-error", role: "alert" });
  const save = h("button", { type: "submit", class: "button button-main" }, trait ? "Save changes" : "Save computed trait");

  /** Nothing while it is not finished. */
  const definition = () => {
    const where = conditionFrom(made.where);
    const window = made.aggregate.startsWith("time_since") && made.window.kind !== "between" ? {} : windowFrom(made.window);
    const of = OF_EVENTS.includes(made.aggregate) ? "" : valuePath(made.of);
    if (!made.event.trim() || where === undefined || !window || of === undefined) return undefined;
    return {
      key: key.value.trim(),
      event: made.event.trim(),
      ...(Object.keys(where).length ? { where } : {}),
      aggregate: made.aggregate,
      ...(of ? { of } : {}),
      ...(made.aggregate === "last_n" ? { n: Number(made.n) } : {}),
      ...(made.bots ? { bots: made.bots === "true" } : {}),
      ...window,
    };
  };
  const changed = () => {
    const now = definition();
    reads.textContent = now ? `For each person ${computedSentence(now)}.` : "";
    error.textContent = "";
  };
  const redraw = () => {
    keepingFocus(rule, draw);
    changed();
  };
  const around = { changed, redraw };
  const draw = () => {
    const values = OF_EVENTS.includes(made.aggregate) ? [] : gap("Property that is looked at", made.of, (value) => {
      made.of = value;
      changed();
    }, { placeholder: "total", suggest: () => known.properties.get(made.event)?.keys() ?? [] });
    const many = made.aggregate !== "last_n" ? [] : ["at most", ...gap("How many values", made.n, (value) => {
      made.n = value;
      changed();
    }, { type: "number", min: 1, class: "gap-number" }), "of them, in"];
    const since = made.aggregate.startsWith("time_since");
    rule.replaceChildren(
      choice("What is computed", AGGREGATES, made.aggregate, (value) => {
        made.aggregate = value;
        redraw();
      }),
      ...values,
      ...many,
      values.length && !many.length ? "in" : "",
      ...matchingGaps(made, known, around),
      ...(since ? [] : windowGaps(made.window, changed, redraw)),
      ...addWhere(made, around),
      ...botGaps(made, around),
    );
  };
  draw();
  changed();
  return h(
    "form",
    { class: "card narrow", submit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      const now = definition();
      if (!now) {
        error.textContent = "Something is not filled in yet.";
        return;
      }
      save.disabled = true;
      error.textContent = "";
      try {
        if (trait) await api(`computed_traits/${encodeURIComponent(trait.id)}`, { method: "PUT", body: now });
        else await api("computed_traits", { method: "POST", body: now });
        location.hash = "#/computed-traits";
      } catch (problem) {
        error.textContent = words(problem);
        save.disabled = false;
      }
    } },
    labelled("Key", key, trait ? "Audiences name it, so it stays." : "How audiences and programs call it, such as orders_count."),
    h("fieldset", { class: "condition condition-alone" }, h("legend", { class: "sr" }, "What is computed"), rule),
    reads,
    error,
    h("p", { class: "row-actions" }, save, h("a", { class: "button", href: "#/computed-traits" }, "Cancel")),
    trait && h("p", { class: "hint" }, "The trait stays what it is until what is stored was counted anew. Audiences that look at it follow."),
  );
}
