import { api, withQuery } from "../api.js";
import { placeName } from "../consent/policy.js";
import { h } from "../dom.js";
import { day, number, plural } from "../format.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";

const DAYS = 30;
const KINDS = /** @type {Record<string, string>} */ ({ event: "event", page: "page" });

/** What was counted of people who did not agree. @param {HTMLElement} panel @param {AbortSignal} signal @param {import("../consent/policy.js").Policy} policy */
export function consentCounts(panel, signal, policy) {
  const read = (/** @type {string} */ cursor = "") => api(withQuery("consent/counts", { days: DAYS, limit: 100, cursor }), { signal });
  const about = h("p", { class: "quiet" }, "Numbers only: no id, no cookie, no address. A number is of stays on a page, not of people, and small groups are not shown.");
  const body = h("div");
  panel.append(about, body);
  void loaded(body, signal, read, (first) => {
    const hidden = first.suppressed > 0 && h("p", { class: "notice" }, `${plural(first.suppressed, "group")} smaller than ${number(first.minimum_group)} ${first.suppressed === 1 ? "is" : "are"} not shown.`);
    if (first.data.length === 0) {
      const none = policy.counting
        ? empty("No group is large enough yet", `Whole days are counted, and shown once a group has ${number(policy.counting.minimum_group)} or more.`)
        : empty("Nothing is counted", "Nobody who did not agree is counted unless the policy says what is, and each place's rule says of whom. Whether that is lawful without consent is for you to know.");
      return [hidden, none].filter((node) => node instanceof Node);
    }
    const rows = table({
      label: "Counts of people who did not agree",
      file: "consent-counts",
      query: new URLSearchParams(),
      first,
      next: read,
      columns: [
        { key: "name", name: "What", cell: (row) => row.name, text: (row) => row.name },
        { key: "kind", name: "Kind", cell: (row) => KINDS[row.kind] ?? row.kind, text: (row) => row.kind },
        { key: "day", name: "Day", cell: (row) => day(row.day), text: (row) => row.day },
        { key: "country", name: "Country", cell: (row) => (row.country ? placeName(row.country) : "unknown"), text: (row) => row.country ?? "" },
        { key: "count", name: "Stays", num: true, cell: (row) => number(row.count), text: (row) => row.count },
      ],
    });
    return [hidden, rows].filter((node) => node instanceof Node);
  });
}
