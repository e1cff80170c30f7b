/** What is counted of people who do not agree to be collected. Of whom, each place's rule says. */
import { h } from "../dom.js";
import { t } from "../words.js";
import { labelled } from "./form-field.js";

/** @typedef {import("./consent-words.js").Policy} Policy */

/** @param {Policy} policy which is changed @param {() => void} redraw */
export function countingPart(policy, redraw) {
  const { counting } = policy;
  const on = h("input", { type: "checkbox", checked: Boolean(counting), change: () => {
    if (on.checked) policy.counting = { minimum_group: 20, events: [], pages: [] };
    else stopCounting(policy);
    redraw();
  } });
  return h("fieldset", { class: "plain", "data-path": "counting" }, h("legend", {}, t("consent.counting")), h("p", { class: "hint" }, t("consent.counting_hint")), h("label", { class: "check" }, on, t("consent.counting_on")), counting && fields(counting));
}

/** @param {NonNullable<Policy["counting"]>} counting which is changed */
function fields(counting) {
  const area = (/** @type {"events" | "pages"} */ key, /** @type {string} */ example) => {
    const field = h("textarea", { class: "lines", rows: 3, spellcheck: "false", placeholder: example, "data-path": `counting.${key}`, input: () => (counting[key] = field.value.split("\n").map((line) => line.trim()).filter(Boolean)) }, counting[key].join("\n"));
    return field;
  };
  const least = h("input", { type: "number", min: 10, required: true, value: counting.minimum_group, "data-path": "counting.minimum_group", input: () => (counting.minimum_group = Number(least.value)) });
  return h("div", { class: "form-row" }, labelled(t("consent.counted_events"), area("events", "Order Completed")), labelled(t("consent.counted_pages"), area("pages", "/prices")), labelled(t("consent.least"), least, t("consent.least_hint")));
}

/** A place can count nobody where nothing is counted. @param {Policy} policy which is changed */
function stopCounting(policy) {
  delete policy.counting;
  for (const rule of [policy.default, policy.unknown, ...Object.values(policy.jurisdictions ?? {})]) delete rule.counting;
}
