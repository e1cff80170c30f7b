/** What a plan has found, and what it would find. */
import { h } from "../dom.js";
import { moment, number, plural, shortId } from "../format.js";
import { ACTIONS, plannedName } from "../plan.js";
import { empty } from "../states.js";

/** @param {string} action */
export function actionBadge(action) {
  const known = ACTIONS.find(({ key }) => key === action);
  return h("span", { class: `badge badge-${known?.badge ?? "duplicate"}` }, known?.name ?? action);
}

/** @param {import("@headwater/api-client").TrackingPlanTrial} tried an answer of `tracking-plan/try` */
export function tryResult(tried) {
  const { stored, quarantined, events } = tried;
  const scope = [
    `${plural(stored.events, "stored event")}${stored.complete ? "" : ` (the youngest; one try reads up to ${number(stored.limit)})`}`,
    `${plural(quarantined.events, "message")} in quarantine${quarantined.complete ? "" : " (the youngest)"}`,
  ];
  return h(
    "section",
    { class: "card stack", "aria-labelledby": "tried" },
    h("h2", { id: "tried", tabindex: "-1" }, "What this plan would have done"),
    h("p", { class: "quiet" }, `Compared with ${scope.join(" and ")} since ${moment(stored.since)}. Nothing was changed.`),
    events.length === 0
      ? h("p", {}, "No events in these days.")
      : h(
          "div",
          { class: "scroll-x", role: "region", tabindex: "0", "aria-labelledby": "tried" },
          h(
            "table",
            { class: "table" },
            h("thead", {}, h("tr", {}, ["Event", "Pass", "Allowed", "Flagged", "Quarantined", "Let out of quarantine"].map((name, at) => h("th", { scope: "col", class: at ? "num" : null }, name)))),
            h("tbody", {}, events.map((one) => h(
              "tr",
              {},
              h("th", { scope: "row" }, plannedName(one), " ", h("small", { class: "quiet" }, one.planned ? one.type : `${one.type}, not planned`)),
              [one.stored.pass, one.stored.allow, one.stored.flag, one.stored.quarantine, one.quarantined.pass + one.quarantined.allow + one.quarantined.flag].map((count) => h("td", { class: "num" }, number(count))),
            ))),
          ),
        ),
    h("ul", { class: "broken", role: "list" }, events.flatMap((one) => one.violations.slice(0, 5).map((/** @type {any} */ broken) => h(
      "li",
      {},
      h("p", {}, h("b", {}, plannedName(one)), " ", broken.path && h("code", {}, broken.path), ` expected ${broken.expected}: ${plural(broken.count, "event")}`),
      h("p", { class: "quiet" }, firstSample(broken)),
    )))),
  );
}

/** @param {any} broken */
function firstSample({ count, samples: [first] }) {
  if (!first) return "";
  return `${count > 1 ? "Such as" : "It is"} ${shortId(first.message_id)}, which has ${first.found}.`;
}

/** @param {any[]} violations */
export function violationList(violations) {
  if (violations.length === 0) return empty("No violations", "Every event of the last days was as planned.");
  return h("ul", { class: "card flush broken", role: "list" }, violations.map((one) => h(
    "li",
    {},
    h("p", { class: "broken-head" }, h("b", {}, one.rule === "others" ? "further kinds together" : plannedName(one)), actionBadge(one.action), h("span", { class: "broken-count" }, plural(one.count, "event"))),
    h("p", {}, one.path && h("code", {}, one.path), one.path ? ` expected ${one.expected}` : `expected ${one.expected}`),
    h("details", {}, h("summary", {}, `Samples, last ${moment(one.last_seen)}`), h("ul", { role: "list", class: "samples" }, one.samples.map((/** @type {any} */ sample) => h("li", {}, h("code", {}, sample.message_id), ` ${sample.path} `, h("span", { class: "quiet" }, `${sample.found}, ${moment(sample.seen_at)}`))))),
  )));
}
