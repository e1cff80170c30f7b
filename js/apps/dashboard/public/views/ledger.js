import { h } from "../dom.js";
import { number, plural } from "../format.js";
import { figures } from "../ledger-figures.js";
import { badge, OUTCOMES } from "../outcomes.js";
import { empty, loaded } from "../states.js";

/** @typedef {import("../ledger-figures.js").Figures} Figures */

/** Outcomes that are worth a line even at zero. */
export const ALWAYS = ["ok", "denied", "quarantined", "dropped"];

/** Likely causes of a gap, as the server calls them. */
const CAUSES = [
  { key: "in_flight", name: "on its way" },
  { key: "blocked", name: "blocked or lost on the way" },
  { key: "offline", name: "offline or closed" },
  { key: "closed_before_first_send", name: "closed before it could send" },
  { key: "consent", name: "consent refused or withdrawn" },
];

/** @param {import("../app.js").Screen} screen */
export function ledgerView({ place, signal }) {
  const list = h("div", { class: "stack" });
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Loss ledger")),
    h("p", { class: "lead" }, "The browser numbers every event it makes. Each number must end in exactly one outcome; what has none is unexplained, and should be zero."),
    list,
  );
  const refresh = () => loaded(list, signal, () => figures(signal), (all) => (all.length ? all.map(account) : empty("No sources", "A source is where data comes from. Make one with the server API.")));
  void refresh();
}

/** @param {Figures} one */
function account(one) {
  const keys = OUTCOMES.map(({ key }) => key).filter((key) => one.outcomes[key] || ALWAYS.includes(key));
  return h(
    "section",
    { class: "card account" },
    h(
      "div",
      { class: "account-head" },
      h("div", {}, h("h2", {}, one.source.name), h("p", { class: "quiet" }, [one.source.kind, one.source.id].filter(Boolean).join(" · "))),
      one.numbered > 0 && verdict(one.unexplained),
    ),
    one.numbered === 0 ? h("p", { class: "quiet" }, "No event with a number has come from here yet. Only browsers number their events.") : h(
      "table",
      { class: "table sums" },
      h("caption", { class: "sr" }, `Events of ${one.source.name} by outcome`),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Outcome"), h("th", { scope: "col" }, "What it means"), h("th", { scope: "col", class: "num" }, "Events"))),
      h(
        "tbody",
        {},
        keys.map((key) => h("tr", {}, h("th", { scope: "row" }, badge(key)), h("td", {}, OUTCOMES.find((outcome) => outcome.key === key)?.means ?? ""), h("td", { class: "num" }, number(one.outcomes[key])))),
        h("tr", {}, h("th", { scope: "row" }, "unexplained"), h("td", {}, causesText(one)), h("td", { class: "num" }, number(one.unexplained))),
      ),
      h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "Numbered"), h("td"), h("td", { class: "num" }, number(one.numbered)))),
    ),
    one.gaps.length > 0 && h("details", { class: "raw" }, h("summary", {}, plural(one.gaps.length, "gap"), " in the numbering"), h("ul", { class: "gaps", role: "list" }, one.gaps.map((gap) => h("li", { title: gap.explanation }, h("span", { class: "mono" }, `tab ${gap.tab}: ${gap.from === gap.to ? `number ${gap.from}` : `numbers ${gap.from} to ${gap.to}`}`), ` · ${causeName(gap.cause)}`)))),
  );
}

/** @param {string} cause */
function causeName(cause) {
  return CAUSES.find(({ key }) => key === cause)?.name ?? cause;
}

/** @param {Figures} one */
function causesText({ unexplained, causes }) {
  if (unexplained === 0) return "Numbered, with no outcome.";
  const likely = CAUSES.filter(({ key }) => causes[key]).map(({ key, name }) => `${number(causes[key])} ${name}`);
  return `Numbered, with no outcome. Likely: ${likely.join(", ")}.`;
}

/** @param {number} unexplained */
export function verdict(unexplained) {
  return unexplained === 0
    ? h("p", { class: "verdict verdict-good" }, h("b", {}, "0"), " unexplained")
    : h("p", { class: "verdict verdict-bad" }, h("b", {}, number(unexplained)), " unexplained");
}
