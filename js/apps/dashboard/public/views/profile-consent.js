/** What somebody says of each purpose, what follows from it and why, and everything they ever said. */
import { api, withQuery } from "../api.js";
import { timeCell } from "../cells.js";
import { h } from "../dom.js";
import { kindName } from "../format.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";

/** What may be asked, in words. */
const USES = [["link", "Link their browsers and accounts"], ["traits", "Keep facts about them"], ["audiences", "Put them into audiences"], ["decisions", "Choose content for them"]];

/** @param {HTMLElement} panel @param {any} profile @param {string} path @param {AbortSignal} signal */
export async function consentOf(panel, profile, path, signal) {
  await loaded(panel, signal, async () => {
    const [ledger, ...why] = await Promise.all([api(`${path}/consent`, { signal }), ...USES.map(([use]) => api(withQuery(`${path}/consent/why`, { use }), { signal }).catch(() => undefined))]);
    return { ledger, why };
  }, ({ ledger, why }) => [
    h("section", { class: "card" }, h("h2", {}, "What they say now"), purposes(profile.consent)),
    h("section", { class: "card" }, h("h2", {}, "What is done, and why"), h("ul", { class: "clauses", role: "list" }, USES.map(([, name], index) => whyOf(name ?? "", why[index])))),
    h("section", {}, h("h2", {}, "Everything they said"), history(ledger.entries ?? [])),
  ]);
}

/** @param {Record<string, boolean> | undefined} given */
export function purposes(given) {
  const entries = Object.entries(given ?? {});
  if (entries.length === 0) return h("p", { class: "quiet" }, "No choice is known: what the policy presumes for their place holds.");
  return h("ul", { class: "purposes", role: "list" }, entries.map(([purpose, granted]) => h("li", { class: `purpose purpose-${granted ? "granted" : "denied"}` }, h("span", {}, kindName(purpose)), h("b", {}, granted ? "granted" : "denied"))));
}

/** @param {string} name @param {any} why */
function whyOf(name, why) {
  if (!why) return null;
  const sentences = [...new Set((why.evidence?.reasons ?? why.reasons ?? []).map((/** @type {any} */ one) => one.sentence))];
  // The last question that was asked is the one that this use turns on.
  const shown = why.allowed ? sentences.slice(-1) : sentences;
  return h("li", { class: why.allowed ? "clause clause-yes" : "clause clause-no" }, h("span", { class: "clause-mark" }, h("span", { "aria-hidden": "true" }, why.allowed ? "✓" : "✗"), h("span", { class: "sr" }, why.allowed ? "Allowed: " : "Not allowed: ")), h("div", {}, h("p", {}, name), shown.map((sentence) => h("p", { class: "clause-seen" }, String(sentence)))));
}

/** @param {any[]} entries */
function history(entries) {
  if (entries.length === 0) return empty("Nothing said yet", "Each choice a person makes is kept here in a chain that shows tampering.");
  const choices = (/** @type {any} */ one) => Object.entries(one.choices ?? {}).map(([purpose, given]) => `${kindName(purpose)} ${given ? "yes" : "no"}`).join(", ");
  return table({
    label: "Consent history",
    file: "consent-history",
    filter: false,
    query: new URLSearchParams(),
    first: { data: [...entries].sort((a, b) => String(b.said_at).localeCompare(String(a.said_at))) },
    columns: [
      { key: "said", name: "Said", text: (one) => one.said_at, cell: (one) => timeCell(one.said_at) },
      { key: "choices", name: "Choices", text: choices, cell: choices },
      { key: "source", name: "By way of", text: (one) => one.source ?? "", cell: (one) => one.source ?? "–" },
      { key: "anchor", name: "With", text: (one) => one.anchor, cell: (one) => h("span", { class: "mono" }, one.anchor) },
      { key: "hash", name: "Hash", off: true, text: (one) => one.hash, cell: (one) => h("span", { class: "mono" }, one.hash) },
    ],
  });
}
