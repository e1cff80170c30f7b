/** Comparisons of properties or traits, as gaps in a sentence. */
import { h } from "../dom.js";
import { newTest, OPERATORS } from "../rules/condition.js";
import { t } from "../words.js";
import { choice, gap, removeButton } from "./fields.js";

/**
 * @typedef {import("../rules/condition.js").Condition} Condition
 * @typedef {import("../rules/condition.js").Test} Test
 * @typedef {{ changed: () => void, redraw: () => void }} Around
 * @typedef {{ names: () => Iterable<string>, values: (name: string) => Iterable<string>, noun: string, example: [string, string] }} About
 */

const VALUED = Object.entries(OPERATORS).filter(([operator]) => operator !== "contains").map(([operator, { words }]) => [operator, words]);

/**
 * @param {Condition} condition @param {About} about @param {Around} around @param {{ lead: string, least: number }} options `lead`
 *   stands before the first comparison, of which `least` stay
 * @returns {Node[]}
 */
export function conditionGaps(condition, about, { changed, redraw }, { lead, least }) {
  if (condition.json !== undefined) {
    return [
      h("span", { class: "where where-json" }, lead, h("textarea", { class: "gap schema", "aria-label": t("rules.noun_as_a_condition_in", { noun: about.noun }), rows: Math.min(8, condition.json.split("\n").length + 1), spellcheck: "false", input: (/** @type {any} */ event) => {
        condition.json = event.target.value;
        changed();
      } }, condition.json), removeButton(t("rules.replace_this_condition_by_fields"), () => {
        delete condition.json;
        condition.tests = least ? [newTest()] : [];
        redraw();
      })),
    ];
  }
  return condition.tests.map((test, index) => h(
    "span",
    { class: "where" },
    h("span", { class: "where-join" }, index === 0 ? lead : t("rules.and")),
    ...gap(about.noun, test.key, (value) => {
      test.key = value;
      changed();
    }, { placeholder: about.example[0], suggest: about.names }),
    choice(t("rules.comparison"), Object.entries(OPERATORS).map(([operator, { words }]) => [operator, words]), test.operator, (value) => {
      test.operator = value;
      redraw();
    }),
    ...valueGaps(test, about.example[1], () => about.values(test.key), changed),
    condition.tests.length > least && removeButton(t("rules.remove_noun_key", { noun: about.noun.toLowerCase(), key: test.key }), () => {
      condition.tests.splice(index, 1);
      redraw();
    }),
  ));
}

/** How a value without a name is compared. @param {Omit<Test, "key">} test @param {Around} around @returns {(Node | string)[]} */
export function comparisonGaps(test, { changed, redraw }) {
  return [
    choice(t("rules.comparison"), VALUED, test.operator, (value) => {
      test.operator = value;
      redraw();
    }),
    ...valueGaps(test, "100", () => [], changed),
  ];
}

/** @param {Omit<Test, "key">} test @param {string} example @param {() => Iterable<string>} suggest @param {() => void} changed @returns {(Node | string)[]} */
function valueGaps(test, example, suggest, changed) {
  const takes = OPERATORS[test.operator]?.takes;
  if (takes === "none") return [];
  const value = gap(takes === "list" ? t("rules.values_with_commas_between_them") : t("rules.value"), test.value, (typed) => {
    test.value = typed;
    changed();
  }, { placeholder: takes === "list" ? `${example}, …` : example, suggest });
  if (takes !== "two") return value;
  return [...value, t("rules.between_and"), ...gap(t("rules.upper_value"), test.upper, (typed) => {
    test.upper = typed;
    changed();
  }, { suggest })];
}
