import { call, withQuery, words } from "../api.js";
import { h } from "../dom.js";
import { inOneLine, moment, shortId } from "../format.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { t } from "../words.js";

/** @param {number} status */
function outcome(status) {
  if (status === 0) return t("audit.begun");
  if (status < 300) return t("audit.done");
  return status === 403 ? t("audit.not_allowed") : status === 401 ? t("audit.not_signed_in") : status === 429 ? t("audit.too_often") : t("audit.refused", { status });
}

/** The ids that an entry is about. @param {import("@headwater/api-client").AuditEntry} entry @returns {string[]} */
const ids = ({ about }) => (Array.isArray(about) ? about.map(String) : []);

/** @param {import("../app.js").Screen} screen */
export function auditView({ place, signal, query }) {
  const list = h("div");
  const verdict = h("p", { class: "hint", role: "status" });
  const filter = Object.fromEntries(["member", "person", "operation"].map((name) => [name, query.get(name) ?? ""]));
  const page = (/** @type {string} */ cursor) => call("GET /audit", { query: { ...filter, order: "desc", limit: 100, cursor }, signal });
  const narrowed = Object.values(filter).some(Boolean);
  const check = h("button", { type: "button", class: "button", click: async () => {
    check.disabled = true;
    try {
      const { intact, entries, first_bad: bad } = await call("GET /audit/verify", { signal });
      verdict.textContent = intact || !bad ? t("audit.intact", { count: entries }) : t("audit.broken", { number: bad.number, reason: bad.reason });
    } catch (error) {
      verdict.textContent = words(error);
    }
    check.disabled = false;
  } }, t("audit.check"));
  const search = (/** @type {Record<string, string>} */ wanted) => `#/${withQuery("audit", wanted)}`;
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("audit.title")), check),
    h("p", { class: "lead" }, t("audit.lead")),
    verdict,
    narrowed ? h("p", {}, t("audit.narrowed"), h("a", { href: "#/audit" }, t("audit.show_all"))) : "",
    list,
  );
  void loaded(list, signal, () => page(""), (first) => (first.data.length === 0 ? empty(t("audit.empty"), narrowed ? t("audit.no_match") : t("audit.empty_text")) : table({
    label: t("audit.title"), file: "audit-log", query, first, next: page,
    columns: [
      { key: "at", name: t("audit.when"), text: ({ at }) => at, cell: ({ at }) => h("time", { datetime: at }, moment(at)) },
      { key: "who", name: t("audit.who"), text: ({ actor }) => actor.name || t("audit.nobody"), cell: ({ actor }) => (actor.id ? h("a", { href: search({ member: actor.id }) }, actor.name || shortId(actor.id)) : h("span", { class: "quiet" }, t("audit.nobody"))) },
      { key: "what", name: t("audit.what"), text: ({ operation }) => operation, cell: ({ operation }) => h("code", {}, operation.replace("/api/v1", "")) },
      { key: "person", name: t("audit.person"), text: ({ person }) => person ?? "", cell: ({ person }) => (person ? h("a", { href: search({ person }) }, shortId(person)) : "") },
      { key: "about", name: t("audit.about"), text: (entry) => ids(entry).join(" "), cell: (entry) => inOneLine(ids(entry).map(shortId)) },
      { key: "outcome", name: t("audit.outcome"), text: ({ status }) => outcome(status), cell: ({ status }) => outcome(status) },
      { key: "from", name: t("audit.from"), text: ({ address }) => address, cell: ({ address }) => address },
      { key: "number", name: t("audit.number"), num: true, off: true, text: ({ number }) => number, cell: ({ number }) => number },
    ],
  })));
}
