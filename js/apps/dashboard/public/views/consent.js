import { all, api, withQuery, words } from "../api.js";
import { timeCell } from "../cells.js";
import { h } from "../dom.js";
import { kindName, number, plural } from "../format.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { tabs } from "../tabs.js";
import { toast } from "../toast.js";
import { policyForm } from "./consent-form.js";

/** @param {import("../app.js").Screen} screen */
export function consentView({ place, signal, query }) {
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Consent policy")),
    h("p", { class: "lead" }, "What people are asked about, what each use of their events needs, and what the law of each place presumes. Browser, edge and server ask it in the same way."),
    tabs({ label: "Consent", name: "tab", chosen: query.get("tab"), items: [
      { key: "policy", name: "Policy", draw: (panel) => drawPolicy(panel, signal) },
      { key: "choices", name: "Choices", draw: (panel) => drawChoices(panel, signal) },
      { key: "counts", name: "Without agreement", draw: (panel) => drawCounts(panel, signal) },
      { key: "versions", name: "Versions", draw: (panel) => drawVersions(panel, signal) },
    ] }),
  );
}

/** @param {HTMLElement} panel @param {AbortSignal} signal */
function drawPolicy(panel, signal) {
  const again = () => loaded(panel, signal, () => api("consent/policy", { signal }), (current) => [
    ...(current.refolding ? [h("p", { class: "notice notice-busy", role: "status" }, "What is stored is being counted anew by this version.")] : []),
    policyForm(current, () => void again()),
  ]);
  void again();
}

/** How many people's choices are looked at. */
const PEOPLE = 2000;

/** How many of the people that are known agreed to what. @param {HTMLElement} panel @param {AbortSignal} signal */
function drawChoices(panel, signal) {
  void loaded(panel, signal, async () => {
    const [people, current] = await Promise.all([all("profiles", signal, PEOPLE), api("consent/policy", { signal })]);
    return { people, purposes: current.policy.purposes };
  }, ({ people, purposes }) => {
    if (people.data.length === 0) return empty("Nobody yet", "What people choose is counted here as soon as there are any.");
    const rows = purposes.map((/** @type {any} */ one) => one.name ?? one).filter((/** @type {string} */ name) => name !== "necessary").map((/** @type {string} */ purpose) => {
      const said = people.data.map(({ consent }) => consent?.[purpose]);
      const yes = said.filter((word) => word === true).length;
      const no = said.filter((word) => word === false).length;
      return { purpose, yes, no, silent: said.length - yes - no };
    });
    const share = new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: 1 });
    return [
      h("p", { class: "quiet" }, `Of ${plural(people.data.length, "person", "people")}${people.complete ? "" : ", the first that were read"}. Whoever refused everything is not among them, because nothing of them is kept.`),
      table({
        label: "Choices by purpose",
        file: "consent-choices",
        filter: false,
        query: new URLSearchParams(),
        first: { data: rows },
        columns: [
          { key: "purpose", name: "Purpose", text: (/** @type {any} */ one) => one.purpose, cell: (/** @type {any} */ one) => kindName(one.purpose) },
          { key: "yes", name: "Agreed", num: true, text: (/** @type {any} */ one) => one.yes, cell: (/** @type {any} */ one) => number(one.yes) },
          { key: "no", name: "Refused", num: true, text: (/** @type {any} */ one) => one.no, cell: (/** @type {any} */ one) => number(one.no) },
          { key: "silent", name: "Said nothing", num: true, text: (/** @type {any} */ one) => one.silent, cell: (/** @type {any} */ one) => number(one.silent) },
          { key: "rate", name: "Of those who chose, agreed", num: true, text: (/** @type {any} */ one) => (one.yes + one.no ? one.yes / (one.yes + one.no) : 0), cell: (/** @type {any} */ one) => (one.yes + one.no ? share.format(one.yes / (one.yes + one.no)) : "–") },
        ],
      }),
    ];
  });
}

/** @param {HTMLElement} panel @param {AbortSignal} signal */
function drawCounts(panel, signal) {
  const read = (/** @type {string} */ cursor = "") => api(withQuery("consent/counts", { days: 30, limit: 100, cursor }), { signal });
  void loaded(panel, signal, () => read(), (first) => {
    if (first.data.length === 0) return empty("Nothing is counted", `Visits of people who do not agree are counted only where the policy says so, and only in groups that are large enough.${first.suppressed ? ` ${plural(first.suppressed, "group")} are still too small.` : ""}`);
    return [
      h("p", { class: "quiet" }, `The last 30 whole days, in groups of at least ${number(first.minimum_group)}; ${plural(first.suppressed, "group")} are smaller and not shown.`),
      table({ label: "Visits without agreement", file: "consent-counts", query: new URLSearchParams(), first, next: read, columns: [
        { key: "day", name: "Day", text: (one) => one.day, cell: (one) => one.day },
        { key: "country", name: "Country", text: (one) => one.country, cell: (one) => one.country || "unknown" },
        { key: "kind", name: "What", text: (one) => one.kind, cell: (one) => one.kind },
        { key: "name", name: "Name", text: (one) => one.name, cell: (one) => one.name },
        { key: "count", name: "Visits", num: true, text: (one) => one.count, cell: (one) => number(one.count) },
      ] }),
    ];
  });
}

/** @param {HTMLElement} panel @param {AbortSignal} signal */
function drawVersions(panel, signal) {
  const again = () => loaded(panel, signal, () => api("consent/policies?limit=50", { signal }), (page) => h("ul", { class: "card flush rows-list", role: "list" }, page.data.map((/** @type {any} */ one, /** @type {number} */ index) => h(
    "li",
    {},
    h("div", { class: "row-head" }, h("span", {}, h("b", {}, `Version ${one.version}`), " ", h("span", { class: "quiet" }, timeCell(one.published_at))), index === 0 ? h("span", { class: "badge badge-ok" }, "in force") : h("button", { type: "button", class: "button", click: async () => {
      try {
        await api("consent/policy", { method: "POST", body: { ...one.policy, version: page.data[0].version } });
        toast(`Version ${one.version} is published again.`);
        await again();
      } catch (error) {
        toast(words(error));
      }
    } }, "Publish again", h("span", { class: "sr" }, ` version ${one.version}`))),
    h("details", { class: "raw" }, h("summary", {}, "As a text"), h("pre", { class: "code", tabindex: "0", "aria-label": `Version ${one.version}` }, JSON.stringify(one.policy, null, 2))),
  ))));
  void again();
}
