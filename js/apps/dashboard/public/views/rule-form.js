/**
 * Rules as forms: groups within groups, and in them rules that read as sentences with gaps.
 *
 * @typedef {import("../rules/rule.js").Rule} Rule
 * @typedef {import("../rules/rule.js").Leaf} Leaf
 * @typedef {import("../rules/rule.js").Group} Group
 * @typedef {{ known: import("../vocabulary.js").Vocabulary, changed: () => void, self?: string }} Context `self` is the audience
 *   that is edited, which cannot look at itself
 */
import { h } from "../dom.js";
import { kindName } from "../format.js";
import { DATES, newGroup, newRule } from "../rules/rule.js";
import { t } from "../words.js";
import { conditionGaps } from "./condition-gaps.js";
import { eventGaps, sequenceGaps } from "./event-gaps.js";
import { choice, gap, keepingFocus, momentGap, putAround, removeButton, spanGap } from "./fields.js";

/** Nested deeper than this, nobody follows a rule any more; the text form goes on. */
const DEEPEST = 5;

const KINDS = [
  [t("rules.what_they_did"), [["event", t("rules.did")], ["event!", t("rules.did_not_do")], ["sequence", t("rules.did_one_after_another")], ["sequence!", t("rules.did_not_do_one_after")]]],
  [t("rules.who_they_are"), [["traits", t("rules.have_the_trait")], ["traits!", t("rules.do_not_have_the_trait")], ["computed_traits", t("rules.have_the_computed_trait")], ["computed_traits!", t("rules.do_not_have_the_computed")], ["date", t("rules.have_a_date_in_the")], ["date!", t("rules.do_not_have_a_date")], ["identifier", t("rules.have_the_identifier")], ["identifier!", t("rules.do_not_have_the_identifier")]]],
  [t("rules.where_they_belong"), [["consent", t("rules.asked_for_consent")], ["audience", t("rules.are_in_the_audience")], ["audience!", t("rules.are_not_in_the_audience")], ["everybody", t("rules.are_anybody_at_all")]]],
  [t("rules.for_engineers"), [["json", t("rules.fit_the_json")], ["json!", t("rules.do_not_fit_the_json")]]],
];
const MODES = [["all", t("rules.mode_all")], ["any", t("rules.at_least_one")], ["any!", t("rules.mode_none")], ["all!", t("rules.not_all")]];
const SAID = [["granted", t("rules.agree_to")], ["denied", t("rules.refused")], ["unset", t("rules.made_no_choice_about")], ["granted!", t("rules.do_not_agree_to")], ["denied!", t("rules.did_not_refuse")], ["unset!", t("rules.made_some_choice_about")]];

/** @param {{ negated: boolean }} rule @param {string} word */
function marked(rule, word) {
  return rule.negated ? `${word}!` : word;
}

/** @param {Group} group @param {Context} context @param {{ depth?: number, remove?: () => void }} [around] @returns {HTMLElement} */
export function groupForm(group, context, { depth = 0, remove } = {}) {
  const rows = h("div", { class: "conditions" });
  const lead = h("span");
  const redraw = () => {
    keepingFocus(rows, draw);
    context.changed();
  };
  const draw = () => {
    lead.textContent = group.rules.length === 1 ? t("rules.of_this_is_true") : t("rules.of_these_are_true");
    rows.replaceChildren(...group.rules.map((rule, index) => {
      const joiner = index === 0 ? t("rules.joiner_who") : group.mode === "all" ? t("rules.joiner_and") : t("rules.joiner_or");
      const gone = depth === 0 && group.rules.length === 1 ? undefined : () => {
        group.rules.splice(index, 1);
        if (group.rules.length === 0 && remove) return remove();
        redraw();
        focusRow(rows, Math.min(index, group.rules.length - 1));
      };
      if (rule.kind === "group") return groupForm(rule, context, { depth: depth + 1, remove: gone });
      return leafForm(rule, context, { joiner, remove: gone, replace: (next) => {
        group.rules[index] = next;
      } });
    }));
  };
  const mode = choice(t("rules.how_many_of_the_rules"), MODES, marked(group, group.mode), (value) => {
    group.negated = value.endsWith("!");
    group.mode = value.startsWith("any") ? "any" : "all";
    redraw();
  });
  const add = (/** @type {Rule} */ rule) => {
    group.rules.push(rule);
    redraw();
    focusRow(rows, group.rules.length - 1);
  };
  draw();
  return h(
    "fieldset",
    { class: depth ? "group" : "group group-outer" },
    h("legend", { class: "sr" }, depth ? t("rules.group_of_rules") : t("rules.rules")),
    h("div", { class: "group-head" }, h("span", {}, depth ? t("rules.for_whom") : t("rules.people_for_whom")), mode, lead, remove && removeButton(t("rules.remove_this_group"), remove, "")),
    rows,
    h(
      "p",
      { class: "row-actions" },
      h("button", { type: "button", class: "button", click: () => add(newRule()) }, depth ? t("rules.add_a_condition_to_this") : t("rules.add_a_condition")),
      depth < DEEPEST && h("button", { type: "button", class: "button", click: () => add({ ...newGroup(), mode: group.mode === "all" ? "any" : "all" }) }, depth ? t("rules.add_a_group_within") : t("rules.add_a_group")),
    ),
  );
}

/** @param {HTMLElement} rows @param {number} index */
function focusRow(rows, index) {
  /** @type {HTMLElement | null | undefined} */ (rows.children[index]?.querySelector("select"))?.focus();
}

/** @param {Leaf} first @param {Context} context @param {{ joiner: string, remove?: () => void, replace: (rule: Leaf) => void }} around */
function leafForm(first, context, { joiner, remove, replace }) {
  let rule = first;
  const place = h("span", { class: "rule-gaps" });
  const draw = () => putAround(place, gaps(rule, context, redraw));
  const redraw = () => {
    keepingFocus(place, draw);
    context.changed();
  };
  // It stays the same element, so that whoever chooses by typing its words is not interrupted.
  const kinds = choice(t("rules.what_the_condition_is_about"), KINDS, rule.kind === "consent" ? "consent" : marked(rule, rule.kind), (value) => {
    const [kind = "", negated] = [value.replace("!", ""), value.endsWith("!")];
    rule = kind === rule.kind ? { ...rule, negated } : newRule(kind, negated);
    replace(rule);
    redraw();
  });
  draw();
  return h(
    "fieldset",
    { class: "condition" },
    h("legend", { class: "sr" }, t("rules.condition")),
    h("span", { class: "condition-join" }, joiner),
    h("div", { class: "condition-text" }, kinds, place),
    remove && removeButton(t("rules.remove_this_condition"), remove, ""),
  );
}

/** @param {Leaf} rule @param {Context} context @param {() => void} redraw @returns {(Node | string)[]} */
function gaps(rule, { known, changed, self }, redraw) {
  const around = { changed, redraw };
  const pick = (/** @type {string} */ label, /** @type {string[][]} */ options, /** @type {{ value: string }} */ target) => picked(label, options, target, changed);
  switch (rule.kind) {
    case "event":
      return eventGaps(rule, known, around);
    case "sequence":
      return sequenceGaps(rule, known, around);
    case "traits":
      return traitGaps(rule, { noun: t("rules.trait"), example: ["plan", "pro"], names: () => known.traits.keys(), values: (name) => known.traits.get(name) ?? [] }, around);
    case "computed_traits":
      return traitGaps(rule, { noun: t("rules.computed_trait"), example: ["orders_count", "2"], names: () => known.computedTraits, values: () => [] }, around);
    case "date":
      return dateGaps(rule, known, around);
    case "audience":
      return pick(t("rules.audience"), known.audiences.filter(({ id }) => id !== self).map(({ id, name }) => [id, name]), rule);
    case "identifier":
      return pick(t("rules.kind_of_identifier"), known.kinds.map((kind) => [kind, kindName(kind)]), rule);
    case "consent":
      return [
        choice(t("rules.what_they_said"), SAID, marked(rule, rule.is), (value) => {
          rule.negated = value.endsWith("!");
          rule.is = value.replace("!", "");
          changed();
        }),
        ...pick(t("rules.purpose"), known.purposes.map((purpose) => [purpose, kindName(purpose)]), rule),
      ];
    case "json":
      return [h("textarea", { class: "gap schema", "aria-label": t("rules.rule_as_json"), rows: Math.min(14, Math.max(3, rule.json.split("\n").length)), spellcheck: "false", placeholder: '{"traits": {"$or": [{"plan": "pro"}, {"seats": {"$gte": 10}}]}}', input: (/** @type {any} */ event) => {
        rule.json = event.target.value;
        changed();
      } }, rule.json)];
    default:
      return [];
  }
}

/** A choice of what is defined; what is not there any more stays to be seen. @param {string} label @param {string[][]} options @param {{ value: string }} target @param {() => void} changed */
function picked(label, options, target, changed) {
  if (options.length === 0 && !target.value) return [t("rules.there_is_none_yet")];
  const there = !target.value || options.some(([value]) => value === target.value);
  const all = [...(target.value ? [] : [["", t("rules.choose")]]), ...(there ? [] : [[target.value, target.value]]), ...options];
  return [choice(label, all, target.value, (value) => {
    target.value = value;
    changed();
  })];
}

/** @param {import("../rules/rule.js").TraitRule} rule @param {import("./condition-gaps.js").About} about @param {import("./condition-gaps.js").Around} around */
function traitGaps(rule, about, around) {
  const more = rule.condition.json === undefined && h("button", { type: "button", class: "gap-add", click: () => {
    rule.condition.tests.push({ key: "", operator: "$eq", value: "", upper: "" });
    around.redraw();
  } }, t("rules.and_noun", { noun: about.noun.toLowerCase() }));
  return [...conditionGaps(rule.condition, about, around, { lead: "", least: 1 }), ...(more ? [more] : [])];
}

/** @param {import("../rules/rule.js").DateRule} rule @param {import("../vocabulary.js").Vocabulary} known @param {import("./condition-gaps.js").Around} around */
function dateGaps(rule, known, { changed, redraw }) {
  const how = choice(t("rules.when"), Object.entries(DATES), rule.how, (value) => {
    rule.how = value;
    redraw();
  });
  const set = (/** @type {string} */ iso) => {
    rule.moment = iso;
    changed();
  };
  return [
    ...gap(t("rules.trait"), rule.trait, (value) => {
      rule.trait = value;
      changed();
    }, { placeholder: "renews_at", suggest: () => known.traits.keys() }),
    t("rules.that"),
    how,
    ...(rule.how === "before" || rule.how === "after" ? momentGap(t("rules.moment"), rule.moment, set) : spanGap(t("rules.length_of_time"), rule, changed)),
  ];
}
