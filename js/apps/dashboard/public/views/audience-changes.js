/** Who entered an audience and who left it, and what did it. */
import { h } from "../dom.js";
import { moment } from "../format.js";

/** What made somebody enter or leave. @param {any} cause */
export function causeWords(cause) {
  switch (cause?.kind) {
    case "event":
      return cause.event ? `by ${cause.event}` : "by what became known of them";
    case "time":
      return "because time passed";
    case "identity":
      return "because profiles were joined or parted";
    case "recount":
      return "because what counts of them changed, as after a consent choice";
    case "definition":
      return "because the rules changed";
    default:
      return "";
  }
}

/**
 * @param {any[]} changes newest first
 * @param {(change: any) => Node | string} subject who, or what, a line is about
 */
export function changeList(changes, subject) {
  return h("ul", { class: "changes", role: "list" }, changes.map((change) => {
    const entered = change.kind === "entered";
    return h(
      "li",
      { class: entered ? "change change-entered" : "change change-left" },
      h("span", { class: "change-mark", "aria-hidden": "true" }, entered ? "→" : "←"),
      h("span", {}, subject(change), ` ${entered ? "entered" : "left"} `, h("span", { class: "quiet" }, causeWords(change.cause))),
      h("time", { class: "quiet", datetime: change.happened_at }, moment(change.happened_at)),
    );
  }));
}
