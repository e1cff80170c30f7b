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
import { DATES, newGroup, newRule } from "../rules/rule.js";
import { conditionGaps } from "./condition-gaps.js";
import { eventGaps, sequenceGaps } from "./event-gaps.js";
import { choice, gap, keepingFocus, momentGap, removeButton, spanGap } from "./fields.js";

/** Nested deeper than this, nobody follows a rule any more; the text form goes on. */
const DEEPEST = 5;

const KINDS = [
  ["What they did", [["event", "did"], ["event!", "did not do"], ["sequence", "did one after another"], ["sequence!", "did not do one after another"]]],
  ["Who they are", [["traits", "have the trait"], ["traits!", "do not have the trait"], ["computed_traits", "have the computed trait"], ["computed_traits!", "do not have the computed trait"], ["date", "have a date in the trait"], ["date!", "do not have a date in the trait"], ["identifier", "have the identifier"], ["identifier!", "do not have the identifier"]]],
  ["Where they belong", [["consent", "asked for consent,"], ["audience", "are in the audience"], ["audience!", "are not in the audience"], ["everybody", "are anybody at all"]]],
  ["For engineers", [["json", "fit the JSON"], ["json!", "do not fit the JSON"]]],
];
const MODES = [["all", "all"], ["any", "at least one"], ["any!", "none"], ["all!", "not all"]];
const SAID = [["granted", "agree to"], ["denied", "refused"], ["unset", "made no choice about"], ["granted!", "do not agree to"], ["denied!", "did not refuse"], ["unset!", "made some choice about"]];

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
    lead.textContent = group.rules.length === 1 ? "of this is true:" : "of these are true:";
    rows.replaceChildren(...group.rules.map((rule, index) => {
      const joiner = index === 0 ? "who" : group.mode === "all" ? "and" : "or";
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
  const mode = choice("How many of the rules have to hold", MODES, marked(group, group.mode), (value) => {
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
    h("legend", { class: "sr" }, depth ? "Group of rules" : "Rules"),
    h("div", { class: "group-head" }, h("span", {}, depth ? "for whom" : "People for whom"), mode, lead, remove && removeButton("Remove this group", remove, "")),
    rows,
    h(
      "p",
      { class: "row-actions" },
      h("button", { type: "button", class: "button", click: () => add(newRule()) }, depth ? "Add a condition to this group" : "Add a condition"),
      depth < DEEPEST && h("button", { type: "button", class: "button", click: () => add({ ...newGroup(), mode: group.mode === "all" ? "any" : "all" }) }, depth ? "Add a group within" : "Add a group"),
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
  const draw = () => place.replaceChildren(...gaps(rule, context, redraw));
  const redraw = () => {
    keepingFocus(place, draw);
    context.changed();
  };
  // It stays the same element, so that whoever chooses by typing its words is not interrupted.
  const kinds = choice("What the condition is about", KINDS, rule.kind === "consent" ? "consent" : marked(rule, rule.kind), (value) => {
    const [kind = "", negated] = [value.replace("!", ""), value.endsWith("!")];
    rule = kind === rule.kind ? { ...rule, negated } : newRule(kind, negated);
    replace(rule);
    redraw();
  });
  draw();
  return h(
    "fieldset",
    { class: "condition" },
    h("legend", { class: "sr" }, "Condition"),
    h("span", { class: "condition-join" }, joiner),
    h("div", { class: "condition-text" }, kinds, place),
    remove && removeButton("Remove this condition", remove, ""),
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
      return traitGaps(rule, { noun: "Trait", example: ["plan", "pro"], names: () => known.traits.keys(), values: (name) => known.traits.get(name) ?? [] }, around);
    case "computed_traits":
      return traitGaps(rule, { noun: "Computed trait", example: ["orders_count", "2"], names: () => known.computedTraits, values: () => [] }, around);
    case "date":
      return dateGaps(rule, known, around);
    case "audience":
      return pick("Audience", known.audiences.filter(({ id }) => id !== self).map(({ id, name }) => [id, name]), rule);
    case "identifier":
      return pick("Kind of identifier", known.kinds.map((kind) => [kind, kind.replaceAll("_", " ")]), rule);
    case "consent":
      return [
        choice("What they said", SAID, marked(rule, rule.is), (value) => {
          rule.negated = value.endsWith("!");
          rule.is = value.replace("!", "");
          changed();
        }),
        ...pick("Purpose", known.purposes.map((purpose) => [purpose, purpose.replaceAll("_", " ")]), rule),
      ];
    case "json":
      return [h("textarea", { class: "gap schema", "aria-label": "Rule as JSON", rows: Math.min(14, Math.max(3, rule.json.split("\n").length)), spellcheck: "false", placeholder: '{"traits": {"$or": [{"plan": "pro"}, {"seats": {"$gte": 10}}]}}', input: (/** @type {any} */ event) => {
        rule.json = event.target.value;
        changed();
      } }, rule.json)];
    default:
      return [];
  }
}

/** A choice of what is defined; what is not there any more stays to be seen. @param {string} label @param {string[][]} options @param {{ value: string }} target @param {() => void} changed */
function picked(label, options, target, changed) {
  if (options.length === 0 && !target.value) return ["(there is none yet)"];
  const there = !target.value || options.some(([value]) => value === target.value);
  const all = [...(target.value ? [] : [["", "choose…"]]), ...(there ? [] : [[target.value, target.value]]), ...options];
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
  } }, `+ and ${about.noun.toLowerCase()}`);
  return [...conditionGaps(rule.condition, about, around, { lead: "", least: 1 }), ...(more ? [more] : [])];
}

/** @param {import("../rules/rule.js").DateRule} rule @param {import("../vocabulary.js").Vocabulary} known @param {import("./condition-gaps.js").Around} around */
function dateGaps(rule, known, { changed, redraw }) {
  const how = choice("When", Object.entries(DATES), rule.how, (value) => {
    rule.how = value;
    redraw();
  });
  const set = (/** @type {string} */ iso) => {
    rule.moment = iso;
    changed();
  };
  return [
    ...gap("Trait", rule.trait, (value) => {
      rule.trait = value;
      changed();
    }, { placeholder: "renews_at", suggest: () => known.traits.keys() }),
    "that",
    how,
    ...(rule.how === "before" || rule.how === "after" ? momentGap("Moment", rule.moment, set) : spanGap("Length of time", rule, changed)),
  ];
}
