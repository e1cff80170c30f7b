import { h } from "../dom.js";
import { inOneLine, number } from "../format.js";
import { figures } from "../ledger-figures.js";
import { badge, OUTCOMES } from "../outcomes.js";
import { empty, loaded } from "../states.js";
import { rich, t } from "../words.js";

/** @typedef {import("../ledger-figures.js").Figures} Figures */

/** Outcomes that are worth a line even at zero. */
export const ALWAYS = ["ok", "denied", "quarantined", "dropped"];

/** Likely causes of a gap, as the server calls them. */
const CAUSES = [
  { key: "in_flight", name: t("ledger.in_flight") },
  { key: "blocked", name: t("ledger.blocked") },
  { key: "offline", name: t("ledger.offline") },
  { key: "closed_before_first_send", name: t("ledger.closed_before_first_send") },
  { key: "consent", name: t("ledger.consent") },
];

/** @param {import("../app.js").Screen} screen */
export function ledgerView({ place, signal }) {
  const list = h("div", { class: "stack" });
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("ledger.title"))),
    h("p", { class: "lead" }, t("ledger.lead")),
    list,
  );
  const refresh = () => loaded(list, signal, () => figures(signal), (all) => (all.length ? all.map(account) : empty(t("ledger.empty"), t("ledger.empty_text"))));
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
    one.numbered === 0 ? h("p", { class: "quiet" }, t("ledger.none_numbered")) : h(
      "table",
      { class: "table sums" },
      h("caption", { class: "sr" }, t("ledger.caption", { source: one.source.name })),
      h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("ledger.outcome")), h("th", { scope: "col" }, t("ledger.means")), h("th", { scope: "col", class: "num" }, t("ledger.events")))),
      h(
        "tbody",
        {},
        keys.map((key) => h("tr", {}, h("th", { scope: "row" }, badge(key)), h("td", {}, OUTCOMES.find((outcome) => outcome.key === key)?.means ?? ""), h("td", { class: "num" }, number(one.outcomes[key])))),
        h("tr", {}, h("th", { scope: "row" }, t("ledger.unexplained")), h("td", {}, causesText(one)), h("td", { class: "num" }, number(one.unexplained))),
      ),
      h("tfoot", {}, h("tr", {}, h("th", { scope: "row" }, t("ledger.numbered")), h("td"), h("td", { class: "num" }, number(one.numbered)))),
    ),
    one.gaps.length > 0 && h("details", { class: "raw" }, h("summary", {}, t("ledger.gaps", { count: one.gaps.length })), h("ul", { class: "gaps", role: "list" }, one.gaps.map((gap) => h("li", { title: gap.explanation }, h("span", { class: "mono" }, gap.from === gap.to ? t("ledger.one_missing", { tab: gap.tab, number: gap.from }) : t("ledger.many_missing", { tab: gap.tab, from: gap.from, to: gap.to })), ` · ${causeName(gap.cause)}`)))),
  );
}

/** @param {string} cause */
function causeName(cause) {
  return CAUSES.find(({ key }) => key === cause)?.name ?? cause;
}

/** @param {Figures} one */
function causesText({ unexplained, causes }) {
  if (unexplained === 0) return t("ledger.no_outcome");
  const likely = CAUSES.filter(({ key }) => causes[key]).map(({ key, name }) => t("ledger.cause_count", { count: causes[key] ?? 0, name }));
  return t("ledger.likely", { causes: inOneLine(likely) });
}

/** @param {number} unexplained */
export function verdict(unexplained) {
  const state = unexplained === 0 ? "good" : "bad";
  return h("p", { class: `verdict verdict-${state}` }, rich("ledger.verdict", { count: unexplained, b: (inside) => h("b", {}, inside) }));
}
