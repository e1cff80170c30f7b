import { api, withQuery, words } from "../api.js";
import { h } from "../dom.js";
import { moment, plural, shortId } from "../format.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";

/** @param {number} status */
function outcome(status) {
  if (status === 0) return "begun";
  if (status < 300) return "done";
  return status === 403 ? "not allowed" : status === 401 ? "not signed in" : status === 429 ? "too often" : `refused (${status})`;
}

/** @param {import("../app.js").Screen} screen */
export function auditView({ place, signal, query }) {
  const list = h("div");
  const verdict = h("p", { class: "hint", role: "status" });
  const filter = Object.fromEntries(["member", "person", "operation"].map((name) => [name, query.get(name) ?? ""]));
  const page = (/** @type {string} */ cursor) => api(withQuery("audit", { ...filter, order: "desc", limit: 100, cursor }), { signal });
  const narrowed = Object.values(filter).some(Boolean);
  const check = h("button", { type: "button", class: "button", click: async () => {
    check.disabled = true;
    try {
      const { intact, entries, first_bad: bad } = await api("audit/verify", { signal });
      verdict.textContent = intact ? `${plural(entries, "entry", "entries")} looked at: nothing was changed, moved or taken away.` : `Entry ${bad.number} is not as it was written: ${bad.reason}.`;
    } catch (error) {
      verdict.textContent = words(error);
    }
    check.disabled = false;
  } }, "Check the chain");
  const search = (/** @type {Record<string, string>} */ wanted) => `#/${withQuery("audit", wanted)}`;
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Audit log"), check),
    h("p", { class: "lead" }, "Every change and every look at a person's data. Entries can only be added; each seals the one before."),
    verdict,
    narrowed ? h("p", {}, "Only some entries are shown. ", h("a", { href: "#/audit" }, "Show all")) : "",
    list,
  );
  void loaded(list, signal, () => page(""), (first) => (first.data.length === 0 ? empty("Nothing here", narrowed ? "No entry has all of this." : "What members and tokens do shows up here.") : table({
    label: "Audit log", file: "audit-log", query, first, next: page,
    columns: [
      { key: "at", name: "When", text: ({ at }) => at, cell: ({ at }) => h("time", { datetime: at }, moment(at)) },
      { key: "who", name: "Who", text: ({ actor }) => actor.name || "nobody", cell: ({ actor }) => (actor.id ? h("a", { href: search({ member: actor.id }) }, actor.name || shortId(actor.id)) : h("span", { class: "quiet" }, "nobody")) },
      { key: "what", name: "What", text: ({ operation }) => operation, cell: ({ operation }) => h("code", {}, operation.replace("/api/v1", "")) },
      { key: "person", name: "Person", text: ({ person }) => person ?? "", cell: ({ person }) => (person ? h("a", { href: search({ person }) }, shortId(person)) : "") },
      { key: "about", name: "About", text: ({ about }) => about.join(" "), cell: ({ about }) => about.map((/** @type {string} */ id) => shortId(id)).join(", ") },
      { key: "outcome", name: "Outcome", text: ({ status }) => outcome(status), cell: ({ status }) => outcome(status) },
      { key: "from", name: "From", text: ({ address }) => address, cell: ({ address }) => address },
      { key: "number", name: "Number", num: true, off: true, text: ({ number }) => number, cell: ({ number }) => number },
    ],
  })));
}
