import { call, rows, words } from "../api.js";
import { timeCell } from "../cells.js";
import { h } from "../dom.js";
import { kindName, number } from "../format.js";
import { LOCALES } from "../locale.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { tabs } from "../tabs.js";
import { toast } from "../toast.js";
import { rich, t } from "../words.js";
import { policyForm } from "./consent-form.js";
import { asked } from "./consent-words.js";

/** @param {import("../app.js").Screen} screen */
export function consentView({ place, signal, query }) {
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("consent.policy_title"))),
    h("p", { class: "lead" }, t("consent.what_people_are_asked_about")),
    tabs({ label: t("consent.consent"), name: "tab", chosen: query.get("tab"), items: [
      { key: "policy", name: t("consent.policy"), draw: (panel) => drawPolicy(panel, signal) },
      { key: "choices", name: t("consent.choices"), draw: (panel) => drawChoices(panel, signal) },
      { key: "counts", name: t("consent.without_agreement"), draw: (panel) => drawCounts(panel, signal) },
      { key: "versions", name: t("consent.versions"), draw: (panel) => drawVersions(panel, signal) },
    ] }),
  );
}

/** @param {HTMLElement} panel @param {AbortSignal} signal */
function drawPolicy(panel, signal) {
  const again = () => loaded(panel, signal, () => call("GET /consent/policy", { signal }), (current) => [
    ...(current.refolding ? [h("p", { class: "notice notice-busy", role: "status" }, t("consent.what_is_stored_is_being"))] : []),
    policyForm(current, () => void again()),
  ]);
  void again();
}

/** How many people's choices are looked at. */
const PEOPLE = 2000;

/** How many of the people that are known agreed to what. @param {HTMLElement} panel @param {AbortSignal} signal */
function drawChoices(panel, signal) {
  void loaded(panel, signal, async () => {
    const [people, current] = await Promise.all([rows("GET /profiles", { signal }, PEOPLE), call("GET /consent/policy", { signal })]);
    return { people, purposes: asked(current.policy).map(({ name }) => name) };
  }, ({ people, purposes }) => {
    if (people.data.length === 0) return empty(t("consent.nobody_yet"), t("consent.what_people_choose_is_counted"));
    const choices = purposes.map((purpose) => {
      const said = people.data.map(({ consent }) => consent[purpose]);
      const yes = said.filter((word) => word === true).length;
      const no = said.filter((word) => word === false).length;
      return { purpose, yes, no, silent: said.length - yes - no };
    });
    const share = new Intl.NumberFormat(LOCALES, { style: "percent", maximumFractionDigits: 1 });
    return [
      h("p", { class: "quiet" }, t(people.complete ? "consent.of_people" : "consent.of_first_people", { count: people.data.length })),
      table({
        label: t("consent.choices_by_purpose"),
        file: "consent-choices",
        filter: false,
        query: new URLSearchParams(),
        first: { data: choices },
        columns: [
          { key: "purpose", name: t("consent.purpose"), text: (one) => one.purpose, cell: (one) => kindName(one.purpose) },
          { key: "yes", name: t("consent.agreed"), num: true, text: (one) => one.yes, cell: (one) => number(one.yes) },
          { key: "no", name: t("consent.refused"), num: true, text: (one) => one.no, cell: (one) => number(one.no) },
          { key: "silent", name: t("consent.said_nothing"), num: true, text: (one) => one.silent, cell: (one) => number(one.silent) },
          { key: "rate", name: t("consent.of_those_who_chose_agreed"), num: true, text: (one) => (one.yes + one.no ? one.yes / (one.yes + one.no) : 0), cell: (one) => (one.yes + one.no ? share.format(one.yes / (one.yes + one.no)) : "–") },
        ],
      }),
    ];
  });
}

/** @param {HTMLElement} panel @param {AbortSignal} signal */
function drawCounts(panel, signal) {
  const read = (/** @type {string} */ cursor = "") => call("GET /consent/counts", { query: { days: 30, limit: 100, cursor }, signal });
  void loaded(panel, signal, () => read(), (first) => {
    if (first.data.length === 0) return empty(t("consent.nothing_is_counted"), t("consent.counted_only_where", { small: first.suppressed }));
    return [
      h("p", { class: "quiet" }, t("consent.last_days", { minimum_group: first.minimum_group ?? 0, suppressed: first.suppressed })),
      table({ label: t("consent.visits_without_agreement"), file: "consent-counts", query: new URLSearchParams(), first, next: read, columns: [
        { key: "day", name: t("consent.day"), text: (one) => one.day, cell: (one) => one.day },
        { key: "country", name: t("consent.country"), text: (one) => one.country ?? "", cell: (one) => one.country ?? t("consent.unknown_country") },
        { key: "kind", name: t("consent.what"), text: (one) => one.kind, cell: (one) => one.kind },
        { key: "name", name: t("consent.name"), text: (one) => one.name, cell: (one) => one.name },
        { key: "count", name: t("consent.visits"), num: true, text: (one) => one.count, cell: (one) => number(one.count) },
      ] }),
    ];
  });
}

/** @param {HTMLElement} panel @param {AbortSignal} signal */
function drawVersions(panel, signal) {
  const again = () => loaded(panel, signal, () => call("GET /consent/policies", { query: { limit: 50 }, signal }), (page) => h("ul", { class: "card flush rows-list", role: "list" }, page.data.map((one, index) => h(
    "li",
    {},
    h("div", { class: "row-head" }, h("span", {}, h("b", {}, t("consent.version", { version: one.version })), " ", h("span", { class: "quiet" }, timeCell(one.published_at))), index === 0 ? h("span", { class: "badge badge-ok" }, t("consent.in_force")) : h("button", { type: "button", class: "button", click: async () => {
      try {
        await call("POST /consent/policy", { body: { ...one.policy, version: page.data[0]?.version ?? one.version } });
        toast(t("consent.version_published_again", { version: one.version }));
        await again();
      } catch (error) {
        toast(words(error));
      }
    } }, rich("consent.publish_version_again", { version: one.version, sr: (inside) => h("span", { class: "sr" }, inside) }))),
    h("details", { class: "raw" }, h("summary", {}, t("consent.as_a_text")), h("pre", { class: "code", tabindex: "0", "aria-label": t("consent.version", { version: one.version }) }, JSON.stringify(one.policy, null, 2))),
  ))));
  void again();
}
