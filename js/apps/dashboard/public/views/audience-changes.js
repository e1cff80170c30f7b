/** Who entered an audience and who left it, and what did it. */
import { h } from "../dom.js";
import { moment } from "../format.js";
import { rich, t } from "../words.js";

/** @typedef {import("@headwater/api-client").AudienceChange} Change */

/** What made somebody enter or leave. @param {Change["cause"]} cause */
export function causeWords(cause) {
  switch (cause.kind) {
    case "event":
      return cause.event ? t("audiences.by_event", { event: cause.event }) : t("audiences.by_what_became_known_of");
    case "time":
      return t("audiences.because_time_passed");
    case "identity":
      return t("audiences.because_profiles_were_joined_or");
    case "recount":
      return t("audiences.because_what_counts_of_them");
    case "definition":
      return t("audiences.because_the_rules_changed");
    default:
      return "";
  }
}

/**
 * @param {Change[]} changes newest first
 * @param {(change: Change) => Node | string} subject who, or what, a line is about
 */
export function changeList(changes, subject) {
  return h("ul", { class: "changes", role: "list" }, changes.map((change) => {
    const entered = change.kind === "entered";
    return h(
      "li",
      { class: entered ? "change change-entered" : "change change-left" },
      h("span", { class: "change-mark", "aria-hidden": "true" }, entered ? "→" : "←"),
      h("span", {}, rich(entered ? "audiences.entered_by" : "audiences.left_by", { subject: subject(change), cause: causeWords(change.cause), quiet: (inside) => h("span", { class: "quiet" }, inside) })),
      h("time", { class: "quiet", datetime: change.happened_at }, moment(change.happened_at)),
    );
  }));
}
