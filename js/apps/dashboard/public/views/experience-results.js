/** Whether it did better: differences with their intervals, and the figures behind them. */
import { api, withQuery } from "../api.js";
import { h } from "../dom.js";
import { moment, number, plural } from "../format.js";
import { intervalChart } from "../interval-chart.js";
import { empty } from "../states.js";
import { labelled, saving, select } from "./form-field.js";

const PERCENT = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" });
const SHARE = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 2 });

/** @param {HTMLElement} panel @param {string} path @param {AbortSignal} signal */
export function resultsPanel(panel, path, signal) {
  const metric = select([["conversion", "Share of people who did"], ["sum", "Sum for each person of"], ["mean", "Mean over events of"]], "conversion");
  const event = h("input", { value: "Order Completed", required: true, autocomplete: "off" });
  const of = h("input", { placeholder: "properties.total", autocomplete: "off" });
  const within = h("input", { value: "14d", required: true, pattern: "[0-9]+[smhdw]", title: "A length of time such as 14d" });
  const ofField = labelled("Value", of);
  const told = () => (ofField.hidden = metric.value === "conversion");
  metric.addEventListener("change", told);
  told();
  const shown = h("div", { class: "stack", role: "status" });
  const read = async () => {
    const answer = await api(withQuery(`${path}/results`, { metric: metric.value, event: event.value.trim(), within: within.value.trim(), of: metric.value === "conversion" ? "" : of.value.trim() }), { signal });
    shown.replaceChildren(...results(answer));
  };
  panel.append(saving({ class: "card form", label: "What is measured", save: "Compare", act: read }, h("div", { class: "form-row" }, labelled("Measure", metric), labelled("Event", event), ofField, labelled("Within, of the first exposure", within))), shown);
  read().catch((error) => {
    if (!signal.aborted) shown.textContent = error instanceof Error ? error.message : String(error);
  });
}

/** @param {any} answer @returns {Node[]} */
function results(answer) {
  if (answer.people === 0) return [empty("Nobody was shown an arm yet", "As soon as pages tell Experience Viewed for what they show, people are counted here, each from their first exposure on.")];
  const compared = answer.arms.filter((/** @type {any} */ arm) => arm.comparison?.outcome?.status === "ready");
  const rows = compared.map((/** @type {any} */ { arm, comparison: { outcome } }) => ({ name: arm, estimate: outcome.estimate, low: outcome.interval.lower, high: outcome.interval.upper }));
  const waiting = [...new Set(answer.arms.map((/** @type {any} */ arm) => arm.comparison?.outcome?.reason).filter(Boolean))];
  const excluded = answer.excluded.crossed + answer.excluded.unknown_arm;
  return [
    ...(answer.split?.warning || answer.split?.suspicious ? [h("p", { class: "warn", role: "alert" }, answer.split.warning ?? answer.split.reason)] : []),
    ...(rows.length ? [h("section", { class: "card" }, h("h2", {}, `Compared with ${answer.baseline}`), intervalChart(rows, (value) => PERCENT.format(value)), h("p", { class: "quiet" }, "The line is where the difference is at 95 %; look as often as you like. If it crosses “no difference”, the data cannot tell."))] : []),
    ...waiting.map((reason) => h("p", { class: "notice" }, `Not yet: ${reason}.`)),
    h("section", {}, h("h2", {}, "The figures"), h("div", { class: "card flush scroll", tabindex: "0", role: "region", "aria-label": "Figures by arm" }, h("table", { class: "table" }, h("thead", {}, h("tr", {}, ["Arm", "People", "Converted", "Share or mean", "Difference", "Result"].map((name, index) => h("th", { scope: "col", class: index > 0 && index < 5 ? "num" : null }, name)))), h("tbody", {}, answer.arms.map((/** @type {any} */ arm) => figureRow(arm, answer)))))),
    h("p", { class: "quiet" }, `${plural(answer.people, "person", "people")}, as of ${moment(answer.as_of)}.${excluded ? ` ${plural(excluded, "person", "people")} left out: shown more than one arm, or one that is gone.` : ""}`),
  ];
}

/** @param {any} arm @param {any} answer */
function figureRow(arm, answer) {
  const { comparison } = arm;
  const outcome = comparison?.outcome;
  const ready = outcome?.status === "ready";
  const mean = arm.mean ?? comparison?.variant?.mean ?? (arm.converted !== undefined && arm.people ? arm.converted / arm.people : null);
  const conversion = answer.metric.metric === "conversion";
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, arm.arm, arm.arm === answer.baseline && h("small", { class: "quiet" }, " baseline")),
    h("td", { class: "num" }, number(arm.people)),
    h("td", { class: "num" }, arm.converted === undefined ? "–" : number(arm.converted)),
    h("td", { class: "num" }, mean === null ? "–" : conversion ? SHARE.format(mean) : number(mean)),
    h("td", { class: "num" }, ready ? PERCENT.format(outcome.estimate) : "–"),
    h("td", {}, ready ? String(outcome.conclusion).replaceAll("_", " ") : comparison ? "not yet" : ""),
  );
}
