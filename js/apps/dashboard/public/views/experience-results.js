/** Whether it did better: differences with their intervals, and the figures behind them. */
import { call } from "../api.js";
import { h } from "../dom.js";
import { moment, number } from "../format.js";
import { LOCALES } from "../locale.js";
import { intervalChart } from "../interval-chart.js";
import { empty } from "../states.js";
import { t } from "../words.js";
import { labelled, saving, select } from "./form-field.js";

const PERCENT = new Intl.NumberFormat(LOCALES, { style: "percent", maximumFractionDigits: 1, signDisplay: "exceptZero" });
const SHARE = new Intl.NumberFormat(LOCALES, { style: "percent", maximumFractionDigits: 2 });

/** @typedef {import("@headwater/api-client").ExperienceResults} Results */
/** @typedef {import("@headwater/api-client").ArmFigures} Arm */

/** @type {Record<import("@headwater/api-client").Conclusion, string>} */
const CONCLUSIONS = { better: t("experiences.better"), worse: t("experiences.worse"), unclear: t("experiences.unclear") };

/** @param {HTMLElement} panel @param {string} id the experience's @param {AbortSignal} signal */
export function resultsPanel(panel, id, signal) {
  const metric = select([["conversion", t("experiences.share_of_people_who_did")], ["sum", t("experiences.sum_for_each_person_of")], ["mean", t("experiences.mean_over_events_of")]], "conversion");
  const event = h("input", { value: "Order Completed", required: true, autocomplete: "off" });
  const of = h("input", { placeholder: "properties.total", autocomplete: "off" });
  const within = h("input", { value: "14d", required: true, pattern: "[0-9]+[smhdw]", title: t("experiences.a_length_of_time_such") });
  const ofField = labelled(t("experiences.value"), of);
  const told = () => (ofField.hidden = metric.value === "conversion");
  metric.addEventListener("change", told);
  told();
  const shown = h("div", { class: "stack", role: "status" });
  const read = async () => {
    const answer = await call("GET /experiences/{id}/results", { path: { id }, query: { metric: /** @type {import("@headwater/api-client").MetricKind} */ (metric.value), event: event.value.trim(), within: within.value.trim(), of: metric.value === "conversion" ? "" : of.value.trim() }, signal });
    shown.replaceChildren(...results(answer));
  };
  panel.append(saving({ class: "card form", label: t("experiences.what_is_measured"), save: t("experiences.compare"), act: read }, h("div", { class: "form-row" }, labelled(t("experiences.measure"), metric), labelled(t("experiences.event"), event), ofField, labelled(t("experiences.within_of_the_first_exposure"), within))), shown);
  read().catch((error) => {
    if (!signal.aborted) shown.textContent = error instanceof Error ? error.message : String(error);
  });
}

/** @param {Results} answer @returns {Node[]} */
function results(answer) {
  if (answer.people === 0) return [empty(t("experiences.nobody_was_shown_an_arm"), t("experiences.as_soon_as_pages_tell"))];
  const outcomes = answer.arms.map(({ arm, comparison }) => ({ name: arm, outcome: comparison?.outcome }));
  const rows = outcomes.flatMap(({ name, outcome }) => (outcome?.status === "ready" ? [{ name, estimate: outcome.estimate, low: outcome.interval.lower, high: outcome.interval.upper }] : []));
  const waiting = new Set(outcomes.flatMap(({ outcome }) => (outcome?.status === "not_ready" ? [outcome.reason] : [])));
  const warning = "warning" in answer.split ? answer.split.warning : null;
  const excluded = answer.excluded.crossed + answer.excluded.unknown_arm;
  return [
    ...(warning ? [h("p", { class: "warn", role: "alert", translate: "no" }, warning)] : []),
    ...(rows.length ? [h("section", { class: "card" }, h("h2", {}, t("experiences.compared_with_baseline", { baseline: answer.baseline ?? "" })), intervalChart(rows, (value) => PERCENT.format(value)), h("p", { class: "quiet" }, t("experiences.the_line_is_where_the")))] : []),
    ...[...waiting].map((reason) => h("p", { class: "notice" }, t("experiences.not_yet_reason", { reason }))),
    h("section", {}, h("h2", {}, t("experiences.the_figures")), h("div", { class: "card flush scroll", tabindex: "0", role: "region", "aria-label": t("experiences.figures_by_arm") }, h("table", { class: "table" }, h("thead", {}, h("tr", {}, [t("experiences.arm"), t("experiences.people"), t("experiences.converted"), t("experiences.share_or_mean"), t("experiences.difference"), t("experiences.result")].map((name, index) => h("th", { scope: "col", class: index > 0 && index < 5 ? "num" : null }, name)))), h("tbody", {}, answer.arms.map((arm) => figureRow(arm, answer)))))),
    h("p", { class: "quiet" }, t("experiences.people_as_of", { people: answer.people, at: moment(answer.as_of), excluded })),
  ];
}

/** @param {Arm} arm @param {Results} answer */
function figureRow(arm, answer) {
  const { comparison } = arm;
  const outcome = comparison?.outcome;
  const ready = outcome?.status === "ready" ? outcome : undefined;
  const conversion = answer.metric.metric === "conversion";
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, arm.arm, arm.arm === answer.baseline && h("small", { class: "quiet" }, " ", t("experiences.baseline"))),
    h("td", { class: "num" }, number(arm.people)),
    h("td", { class: "num" }, number(arm.converted)),
    h("td", { class: "num" }, arm.value === undefined ? "–" : conversion ? SHARE.format(arm.value) : number(arm.value)),
    h("td", { class: "num" }, ready ? PERCENT.format(ready.estimate) : "–"),
    h("td", {}, ready ? CONCLUSIONS[ready.conclusion] : comparison ? t("experiences.not_yet") : ""),
  );
}
