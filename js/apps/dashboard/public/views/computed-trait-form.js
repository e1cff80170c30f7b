/** Making a computed trait, and changing one. */
import { call, words } from "../api.js";
import { h } from "../dom.js";
import { conditionFrom, conditionOf } from "../rules/condition.js";
import { shortPath, valuePath } from "../rules/rule.js";
import { allTime, windowFrom, windowOf } from "../rules/window.js";
import { loaded } from "../states.js";
import { vocabulary } from "../vocabulary.js";
import { t } from "../words.js";
import { computedSentence } from "./definition.js";
import { addWhere, botGaps, matchingGaps } from "./event-gaps.js";
import { choice, gap, keepingFocus, labelled, windowGaps } from "./fields.js";

/** @typedef {import("@headwater/api-client").ComputedTrait} Trait */
/** @typedef {import("@headwater/api-client").Aggregate} Aggregate */

/** What is computed, and whether it is of events or of values in them. @type {[string, [string, string][]][]} */
const AGGREGATES = [
  [t("traits.of_events"), [["count", t("traits.the_number_of")], ["time_since_last", t("traits.seconds_since_the_last")], ["time_since_first", t("traits.seconds_since_the_first")]]],
  [t("traits.of_numbers_in_them"), [["sum", t("traits.the_sum_of")], ["average", t("traits.the_average")], ["min", t("traits.the_smallest")], ["max", t("traits.the_largest")]]],
  [t("traits.of_values_in_them"), [["first", t("traits.the_first")], ["last", t("traits.the_last")], ["most_frequent", t("traits.the_most_frequent")], ["unique_count", t("traits.the_number_of_different")], ["last_n", t("traits.the_last_few_values_of")]]],
];
/** @type {Aggregate[]} */
const OF_EVENTS = ["count", "time_since_last", "time_since_first"];

/** @param {import("../app.js").Screen} screen */
export function computedTraitFormView({ place, signal, parts: [, id = ""] }) {
  const isNew = id === "new";
  const body = h("div");
  place.append(h("p", { class: "crumbs" }, h("a", { href: "#/computed-traits" }, t("traits.computed_traits"))), h("div", { class: "head" }, h("h1", {}, isNew ? t("traits.new_computed_trait") : t("traits.change_computed_trait"))), body);
  void loaded(body, signal, () => Promise.all([vocabulary(signal), isNew ? undefined : call("GET /computed_traits/{id}", { path: { id }, signal })]), ([known, trait]) => form(known, trait)).then(() => {
    /** @type {HTMLElement | null} */ (body.querySelector("input:not([readonly]), select"))?.focus();
  });
}

/** @param {import("../vocabulary.js").Vocabulary} known @param {Trait | undefined} trait nothing when it is a new one */
function form(known, trait) {
  const made = {
    event: trait?.event ?? "",
    where: conditionOf(trait?.where),
    aggregate: /** @type {Aggregate} */ (trait?.aggregate ?? "count"),
    of: shortPath(trait?.of ?? ""),
    n: String(trait?.n ?? 5),
    window: trait ? windowOf(trait) : allTime(),
    bots: trait?.bots === undefined ? "" : String(trait.bots),
  };
  const key = h("input", { required: true, autocomplete: "off", spellcheck: "false", placeholder: "orders_count", translate: "no", value: trait?.key ?? "", readonly: Boolean(trait), input: () => changed() });
  const rule = h("div", { class: "condition-text" });
  const reads = h("p", { class: "rule" });
  const error = h("p", { class: "form-error", role: "alert" });
  const save = h("button", { type: "submit", class: "button button-main" }, trait ? t("traits.save_changes") : t("traits.save_computed_trait"));

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
    reads.textContent = now ? t("traits.reads", { sentence: computedSentence(now) }) : "";
    error.textContent = "";
  };
  const redraw = () => {
    keepingFocus(rule, draw);
    changed();
  };
  const around = { changed, redraw };
  const draw = () => {
    const values = OF_EVENTS.includes(made.aggregate) ? [] : gap(t("traits.property_that_is_looked_at"), made.of, (value) => {
      made.of = value;
      changed();
    }, { placeholder: "total", suggest: () => known.properties.get(made.event)?.keys() ?? [] });
    const many = made.aggregate !== "last_n" ? [] : [t("traits.at_most"), ...gap(t("traits.how_many_values"), made.n, (value) => {
      made.n = value;
      changed();
    }, { type: "number", min: 1, class: "gap-number" }), t("traits.of_them_in")];
    const since = made.aggregate.startsWith("time_since");
    rule.replaceChildren(
      choice(t("traits.what_is_computed"), AGGREGATES, made.aggregate, (value) => {
        made.aggregate = /** @type {Aggregate} */ (value);
        redraw();
      }),
      ...values,
      ...many,
      values.length && !many.length ? t("traits.in") : "",
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
        error.textContent = t("traits.something_is_not_filled_in");
        return;
      }
      save.disabled = true;
      error.textContent = "";
      try {
        if (trait) await call("PUT /computed_traits/{id}", { path: { id: trait.id }, body: now });
        else await call("POST /computed_traits", { body: now });
        location.hash = "#/computed-traits";
      } catch (problem) {
        error.textContent = words(problem);
        save.disabled = false;
      }
    } },
    labelled(t("traits.key"), key, trait ? t("traits.audiences_name_it_so_it") : t("traits.how_audiences_and_programs_call")),
    h("fieldset", { class: "condition condition-alone" }, h("legend", { class: "sr" }, t("traits.what_is_computed")), rule),
    reads,
    error,
    h("p", { class: "row-actions" }, save, h("a", { class: "button", href: "#/computed-traits" }, t("traits.cancel"))),
    trait && h("p", { class: "hint" }, t("traits.the_trait_stays_what_it")),
  );
}
