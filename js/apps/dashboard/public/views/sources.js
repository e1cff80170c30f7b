import { api, withQuery } from "../api.js";
import { onOff, timeCell } from "../cells.js";
import { h } from "../dom.js";
import { number } from "../format.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { toast } from "../toast.js";
import { labelled, saving, select } from "./form-field.js";

/** What a source can be. @type {[string, string][]} */
export const KINDS = [["website", "Website"], ["app", "App"], ["server", "Server"], ["import", "Import of files"]];

/** @type {[string, string][]} */
export const BASES = [["contract", "A contract with the person"], ["consent", "Consent that was given elsewhere"], ["legal_obligation", "A legal obligation"], ["legitimate_interest", "A legitimate interest"]];

/** @param {import("../app.js").Screen} screen */
export function sourcesView({ place, signal, query }) {
  const list = h("div");
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Sources"), h("button", { type: "button", class: "button button-main", click: newSource }, "New source")),
    h("p", { class: "lead" }, "Where events come from. Each source has a key of its own, and says what it collects."),
    list,
  );
  const read = (/** @type {string} */ cursor = "") => api(withQuery("sources", { limit: 100, cursor }), { signal });
  void loaded(list, signal, async () => ({ first: await read(), counts: await counts(signal) }), ({ first, counts: known }) => {
    if (first.data.length === 0) return empty("No source yet", "A source gives you the write key that events are sent with. Make one for your website to begin.", h("button", { type: "button", class: "button button-main", click: newSource }, "Make the first one"));
    return table({
      label: "Sources",
      file: "sources",
      query,
      first,
      next: read,
      columns: [
        { key: "name", name: "Source", text: (one) => one.name, cell: (one) => h("a", { href: `#/sources/${one.id}` }, one.name) },
        { key: "kind", name: "Kind", text: (one) => one.kind, cell: (one) => one.kind },
        { key: "state", name: "State", text: (one) => (one.enabled ? "on" : "off"), cell: (one) => onOff(one.enabled) },
        { key: "numbered", name: "Numbered by browsers", num: true, text: (one) => known.get(one.id) ?? 0, cell: (one) => number(known.get(one.id) ?? 0) },
        { key: "origins", name: "Allowed origins", off: true, text: (one) => one.allowed_origins.join(" "), cell: (one) => one.allowed_origins.join(", ") || "every origin" },
        { key: "created", name: "Made", text: (one) => one.created_at, cell: (one) => timeCell(one.created_at) },
      ],
    });
  });
}

/** How many events each source's browsers numbered. @param {AbortSignal} signal @returns {Promise<Map<string, number>>} */
async function counts(signal) {
  const { data } = await api(withQuery("sources", { limit: 100 }), { signal });
  const ledgers = await Promise.all(data.map((/** @type {any} */ one) => api(withQuery("ledger", { source: one.id }), { signal }).catch(() => ({ numbered: 0 }))));
  return new Map(data.map((/** @type {any} */ one, /** @type {number} */ index) => [one.id, ledgers[index].numbered]));
}

/** Asks what the new source is, and opens it. */
export function newSource() {
  const name = h("input", { required: true, autocomplete: "off", placeholder: "Shop", autofocus: true });
  const kind = select(KINDS, "website");
  const basis = select(BASES, "contract");
  const declared = labelled("On what its data rests", basis, "Servers and imports declare this once; it stands in every receipt, and what a person says still rules.");
  const told = () => (declared.hidden = kind.value === "website" || kind.value === "app");
  kind.addEventListener("change", told);
  told();
  const dialog = h(
    "dialog",
    { class: "confirm", "aria-labelledby": "new-source", close: () => dialog.remove() },
    h("h2", { id: "new-source" }, "New source"),
    saving({ save: "Make source", also: [h("button", { type: "button", class: "button", click: () => dialog.close() }, "Cancel")], act: async () => {
      const body = { name: name.value.trim(), kind: kind.value, ...(declared.hidden ? {} : { consent_basis: { kind: "declared", basis: basis.value } }) };
      const made = await api("sources", { method: "POST", body });
      dialog.close();
      toast(`Source “${made.name}” is made.`);
      location.hash = `#/sources/${made.id}`;
    } }, labelled("Name", name), labelled("Kind", kind), declared),
  );
  document.body.append(dialog);
  dialog.showModal();
}
