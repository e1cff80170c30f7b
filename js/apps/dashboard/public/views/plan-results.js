/** What a plan has found, and what it would find. */
import { h } from "../dom.js";
import { moment, number, shortId } from "../format.js";
import { ACTIONS, plannedName } from "../plan.js";
import { empty } from "../states.js";
import { t } from "../words.js";

/** @param {string} action */
export function actionBadge(action) {
  const known = ACTIONS.find(({ key }) => key === action);
  return h("span", { class: `badge badge-${known?.badge ?? "duplicate"}` }, known?.name ?? action);
}

/** @param {import("@headwater/api-client").TrackingPlanTrial} tried an answer of `tracking-plan/try` */
export function tryResult(tried) {
  const { stored, quarantined, events } = tried;
  const kept = stored.complete ? t("plan_results.stored", { count: stored.events }) : t("plan_results.stored_youngest", { count: stored.events, most: stored.limit });
  const refused = t("plan_results.quarantined", { count: quarantined.events, complete: String(quarantined.complete) });
  return h(
    "section",
    { class: "card stack", "aria-labelledby": "tried" },
    h("h2", { id: "tried", tabindex: "-1" }, t("plan_results.title")),
    h("p", { class: "quiet" }, t("plan_results.compared", { stored: kept, quarantined: refused, since: moment(stored.since) })),
    events.length === 0
      ? h("p", {}, t("plan_results.no_events"))
      : h(
          "div",
          { class: "scroll-x", role: "region", tabindex: "0", "aria-labelledby": "tried" },
          h(
            "table",
            { class: "table" },
            h("thead", {}, h("tr", {}, [t("plan_results.event"), t("plan_results.pass"), t("plan_results.allowed"), t("plan_results.flagged"), t("plan_results.column_quarantined"), t("plan_results.let_out")].map((name, at) => h("th", { scope: "col", class: at ? "num" : null }, name)))),
            h("tbody", {}, events.map((one) => h(
              "tr",
              {},
              h("th", { scope: "row" }, plannedName(one), " ", h("small", { class: "quiet" }, one.planned ? one.type : t("plan_results.not_planned", { type: one.type }))),
              [one.stored.pass, one.stored.allow, one.stored.flag, one.stored.quarantine, one.quarantined.pass + one.quarantined.allow + one.quarantined.flag].map((count) => h("td", { class: "num" }, number(count))),
            ))),
          ),
        ),
    h("ul", { class: "broken", role: "list" }, events.flatMap((one) => one.violations.slice(0, 5).map((broken) => h(
      "li",
      {},
      h("p", {}, h("b", {}, plannedName(one)), " ", broken.path && h("code", {}, broken.path), t("plan_results.broken", { expected: broken.expected, count: broken.count })),
      h("p", { class: "quiet" }, firstSample(broken)),
    )))),
  );
}

/** @param {import("@headwater/api-client").TriedViolation} broken */
function firstSample({ count, samples: [first] }) {
  if (!first) return "";
  return t("plan_results.sample", { count, id: shortId(first.message_id), found: first.found });
}

/** @param {import("@headwater/api-client").Violation[]} violations */
export function violationList(violations) {
  if (violations.length === 0) return empty(t("plan_results.none"), t("plan_results.none_text"));
  return h("ul", { class: "card flush broken", role: "list" }, violations.map((one) => h(
    "li",
    {},
    h("p", { class: "broken-head" }, h("b", {}, one.rule === "others" ? t("plan_results.others") : plannedName(one)), actionBadge(one.action), h("span", { class: "broken-count" }, t("plan_results.events", { count: one.count }))),
    h("p", {}, one.path && h("code", {}, one.path), one.path && " ", t("plan_results.expected", { expected: one.expected })),
    h("details", {}, h("summary", {}, t("plan_results.samples", { at: moment(one.last_seen) })), h("ul", { role: "list", class: "samples" }, one.samples.map((sample) => h("li", {}, h("code", {}, sample.message_id), ` ${sample.path} `, h("span", { class: "quiet" }, `${sample.found}, ${moment(sample.seen_at)}`))))),
  )));
}
