/** A funnel as bars: how many people come how far. */
import { h, svg } from "../dom.js";
import { number } from "../format.js";
import { t } from "../words.js";
import { share, span } from "./question.js";

/** @param {import("@headwater/api-client").Funnel} funnel */
export function funnelBars(funnel) {
  return h("ol", { class: "funnel", role: "list" }, funnel.steps.map((step, index) => h(
    "li",
    { class: "funnel-step" },
    h("p", { class: "funnel-name" }, h("b", {}, t("reports.numbered_step", { step: index + 1, event: step.event ?? t("reports.anything") })), h("span", { class: "num" }, number(step.people), " ", h("span", { class: "quiet" }, share(step.share_of_first)))),
    bar(step.share_of_first),
    index > 0 && h("p", { class: "quiet" }, t("reports.went_on", { share: share(step.share_of_previous), count: (funnel.steps[index - 1]?.people ?? 0) - step.people }), step.median_seconds !== null && t("reports.half_within", { span: span(step.median_seconds) })),
  )));
}

/** @param {number} part of the whole */
export function bar(part) {
  return svg("svg", { class: "bar-line", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { class: "bar-whole", width: 100, height: 10 }), svg("rect", { class: "bar-part", width: Math.max(part * 100, part > 0 ? 0.5 : 0), height: 10 }));
}
