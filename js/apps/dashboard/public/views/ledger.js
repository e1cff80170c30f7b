import { h } from "../dom.js";
import { number, plural } from "../format.js";
import { figures } from "../ledger-figures.js";
import { badge, OUTCOMES } from "../outcomes.js";
import { empty, loaded } from "../states.js";

/** @typedef {import("../ledger-figures.js").Figures} Figures */

/** Outcomes that are worth a line even at zero. */
export const ALWAYS = ["ok", "denied", "quarantined", "dropped"];

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
        h("tr", {}, h("th", { scope: "row" }, "unexplained"), h("td", {}, "Numbered, with no outcome: still on a device, or lost."), h("td", { class: "num" }, number(one.unexplained))),
      ),
      h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, "Numbered"), h("td"), h("td", { class: "num" }, number(one.numbered)))),
    ),
    one.gaps.length > 0 && h("details", { class: "raw" }, h("summary", {}, plural(one.gaps.length, "gap"), " in the numbering"), h("ul", { class: "gaps", role: "list" }, one.gaps.map((gap) => h("li", { class: "mono" }, `tab ${gap.tab}: ${gap.from === gap.to ? `number ${gap.from}` : `numbers ${gap.from} to ${gap.to}`}`)))),
  );
}

/** @param {number} unexplained */
export function verdict(unexplained) {
  return unexplained === 0
    ? h("p", { class: "verdict verdict-good" }, h("b", {}, "0"), " unexplained")
    : h("p", { class: "verdict verdict-bad" }, h("b", {}, number(unexplained)), " unexplained");
}
