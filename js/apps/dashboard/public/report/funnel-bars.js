/** A funnel as bars: how many people come how far. */
import { h, svg } from "../dom.js";
import { number, plural } from "../format.js";
import { percent, span } from "./question.js";

/** @param {any} funnel the answer of the server */
export function funnelBars(funnel) {
  return h("ol", { class: "funnel", role: "list" }, funnel.steps.map((/** @type {any} */ step, /** @type {number} */ index) => h(
    "li",
    { class: "funnel-step" },
    h("p", { class: "funnel-name" }, h("b", {}, `${index + 1}. ${step.event ?? "Anything"}`), h("span", { class: "num" }, number(step.people), " ", h("span", { class: "quiet" }, percent(step.share_of_first)))),
    bar(step.share_of_first),
    index > 0 && h("p", { class: "quiet" }, `${percent(step.share_of_previous)} went on, ${plural(funnel.steps[index - 1].people - step.people, "person", "people")} did not`, step.median_seconds !== null && ` · half of those who did within ${span(step.median_seconds)} of the first step`),
  )));
}

/** @param {number} share */
export function bar(share) {
  return svg("svg", { class: "bar-line", viewBox: "0 0 100 10", preserveAspectRatio: "none", "aria-hidden": "true" }, svg("rect", { class: "bar-whole", width: 100, height: 10 }), svg("rect", { class: "bar-part", width: Math.max(share * 100, share > 0 ? 0.5 : 0), height: 10 }));
}
