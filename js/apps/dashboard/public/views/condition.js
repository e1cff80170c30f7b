/**
 * One condition of an audience, written as a sentence with gaps.
 *
 * @typedef {{ key: string, operator: string, value: string }} Where
 * @typedef {{
 *   kind: "event" | "trait" | "computed_trait", event: string, negated: boolean, where: Where[], times: string,
 *   within: string, key: string, operator: string, value: string
 * }} Condition
 * @typedef {{ first: boolean, joiner: string, changed: () => void, redraw: () => void, remove?: () => void }} Around
 */
import { h, icon, newId } from "../dom.js";
import { COMPARISONS } from "./definition.js";

const EVENTS = ["Product Viewed", "Product List Viewed", "Product Added", "Product Removed", "Cart Viewed", "Checkout Started", "Order Completed", "Signed In"];
const PERIODS = [["", "at any time"], ["1h", "in the last hour"], ["1d", "in the last day"], ["7d", "in the last 7 days"], ["30d", "in the last 30 days"], ["90d", "in the last 90 days"], ["365d", "in the last year"]];

/** The definition of a condition, or nothing while it is not finished. @param {Condition} condition */
export function expressionOf(condition) {
  if (condition.kind === "event") return eventExpression(condition);
  const key = condition.key.trim();
  const is = test(condition);
  return key && is ? { [condition.kind]: key, is } : undefined;
}

/** @param {Condition} condition */
function eventExpression(condition) {
  const event = condition.event.trim();
  if (!event) return undefined;
  /** @type {Record<string, unknown>} */
  const where = {};
  for (const one of condition.where) {
    const is = test(one);
    if (!one.key.trim() || !is) return undefined;
    where[one.key.trim()] = is;
  }
  const times = Number(condition.times);
  if (!condition.negated && !(Number.isInteger(times) && times >= 1)) return undefined;
  const expression = {
    event,
    ...(condition.where.length ? { where } : {}),
    count: { gte: condition.negated ? 1 : times },
    ...(condition.within ? { within: condition.within } : {}),
  };
  return condition.negated ? { not: expression } : expression;
}

/** @param {{ operator: string, value: string }} given */
function test({ operator, value }) {
  if (operator === "exists") return { exists: true };
  const text = value.trim();
  if (!text) return undefined;
  if (operator === "in") return { in: text.split(",").map((part) => literal(part.trim())) };
  return { [operator]: literal(text) };
}

/** Numbers and yes or no as such, everything else as text; quotes force text. @param {string} text */
function literal(text) {
  if (/^".*"$/.test(text)) return text.slice(1, -1);
  if (/^-?\d+(\.\d+)?$/.test(text)) return Number(text);
  if (text === "true") return true;
  if (text === "false") return false;
  return text;
}

/** @param {Condition} condition @param {Around} around */
export function conditionRow(condition, { first, joiner, changed, redraw, remove }) {
  const kind = choice("What the condition is about", [["event", "did"], ["not", "did not do"], ["trait", "has trait"], ["computed_trait", "has computed trait"]], condition.negated ? "not" : condition.kind, (value) => {
    condition.negated = value === "not";
    condition.kind = value === "not" ? "event" : /** @type {Condition["kind"]} */ (value);
    redraw();
  });
  return h(
    "fieldset",
    { class: "condition" },
    h("legend", { class: "sr" }, "Condition"),
    h("span", { class: "condition-join" }, first ? "who" : joiner),
    h("div", { class: "condition-text" }, kind, condition.kind === "event" ? eventGaps(condition, changed, redraw) : traitGaps(condition, changed, redraw)),
    remove && h("button", { type: "button", class: "icon-button", click: remove }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, "Remove this condition")),
  );
}

/** @param {Condition} condition @param {() => void} changed @param {() => void} redraw */
function eventGaps(condition, changed, redraw) {
  const list = newId();
  return [
    h("input", { "aria-label": "Event", list, value: condition.event, placeholder: "Product Viewed", class: "gap gap-wide", input: (/** @type {any} */ event) => {
      condition.event = event.target.value;
      changed();
    } }),
    h("datalist", { id: list }, EVENTS.map((name) => h("option", { value: name }))),
    ...condition.where.map((one, index) => whereGaps(one, index, condition, changed, redraw)),
    ...(condition.negated ? [] : [
      "at least",
      h("input", { type: "number", min: 1, max: 9999, "aria-label": "How many times", value: condition.times, class: "gap gap-number", input: (/** @type {any} */ event) => {
        condition.times = event.target.value;
        changed();
      } }),
      condition.times === "1" ? "time" : "times",
    ]),
    choice("When", PERIODS, condition.within, (value) => {
      condition.within = value;
      changed();
    }),
    h("button", { type: "button", class: "gap-add", click: () => {
      condition.where.push({ key: "category", operator: "eq", value: "" });
      redraw();
    } }, condition.where.length ? "+ and where" : "+ where"),
  ];
}

/** @param {Where} one @param {number} index @param {Condition} condition @param {() => void} changed @param {() => void} redraw */
function whereGaps(one, index, condition, changed, redraw) {
  return h(
    "span",
    { class: "where" },
    index === 0 ? "where" : "and",
    gap("Property", one, "key", "category", changed),
    operatorChoice(one, redraw),
    one.operator !== "exists" && gap("Value", one, "value", "sneakers", changed),
    h("button", { type: "button", class: "icon-button small", click: () => {
      condition.where.splice(index, 1);
      redraw();
    } }, icon("M7 7l10 10M17 7 7 17"), h("span", { class: "sr" }, "Remove this property")),
  );
}

/** @param {Condition} condition @param {() => void} changed @param {() => void} redraw */
function traitGaps(condition, changed, redraw) {
  const example = condition.kind === "trait" ? "plan" : "orders_count";
  return [gap("Trait", condition, "key", example, changed), operatorChoice(condition, redraw), condition.operator !== "exists" && gap("Value", condition, "value", condition.kind === "trait" ? "pro" : "2", changed)];
}

/**
 * @template {string} K
 * @param {string} label @param {Record<K, string>} target @param {K} key @param {string} placeholder @param {() => void} changed
 */
function gap(label, target, key, placeholder, changed) {
  return h("input", { "aria-label": label, class: "gap", value: target[key], placeholder, autocomplete: "off", input: (/** @type {any} */ event) => {
    target[key] = event.target.value;
    changed();
  } });
}

/** @param {{ operator: string }} target @param {() => void} redraw */
function operatorChoice(target, redraw) {
  return choice("Comparison", Object.entries(COMPARISONS), target.operator, (value) => {
    target.operator = value;
    redraw();
  });
}

/** @param {string} label @param {string[][]} options @param {string} selected @param {(value: string) => void} chosen */
function choice(label, options, selected, chosen) {
  const select = h("select", { "aria-label": label, class: "gap", change: () => chosen(select.value) }, options.map(([value = "", name = ""]) => h("option", { value, selected: value === selected }, name)));
  return select;
}
