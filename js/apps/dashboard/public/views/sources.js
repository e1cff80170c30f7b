import { call, rows } from "../api.js";
import { onOff, timeCell } from "../cells.js";
import { h } from "../dom.js";
import { inOneLine, number } from "../format.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { toast } from "../toast.js";
import { t } from "../words.js";
import { labelled, saving, select } from "./form-field.js";

/** What a source can be. @type {[string, string][]} */
export const KINDS = [["website", t("sources.kind_website")], ["app", t("sources.kind_app")], ["server", t("sources.kind_server")], ["import", t("sources.kind_import")]];

/** @type {[string, string][]} */
export const BASES = [["contract", t("sources.basis_contract")], ["consent", t("sources.basis_consent")], ["legal_obligation", t("sources.basis_legal_obligation")], ["legitimate_interest", t("sources.basis_legitimate_interest")]];

/** @param {import("../app.js").Screen} screen */
export function sourcesView({ place, signal, query }) {
  const list = h("div");
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("sources.title")), h("button", { type: "button", class: "button button-main", click: newSource }, t("sources.new"))),
    h("p", { class: "lead" }, t("sources.lead")),
    list,
  );
  const read = (/** @type {string} */ cursor = "") => call("GET /sources", { query: { limit: 100, cursor }, signal });
  void loaded(list, signal, async () => ({ first: await read(), counts: await counts(signal) }), ({ first, counts: known }) => {
    if (first.data.length === 0) return empty(t("sources.empty"), t("sources.empty_text"), h("button", { type: "button", class: "button button-main", click: newSource }, t("sources.make_first")));
    return table({
      label: t("sources.title"),
      file: "sources",
      query,
      first,
      next: read,
      columns: [
        { key: "name", name: t("sources.source"), text: (one) => one.name, cell: (one) => h("a", { href: `#/sources/${one.id}` }, one.name) },
        { key: "kind", name: t("sources.kind"), text: (one) => one.kind, cell: (one) => KINDS.find(([key]) => key === one.kind)?.[1] ?? one.kind },
        { key: "state", name: t("sources.state"), text: (one) => (one.enabled ? "on" : "off"), cell: (one) => onOff(one.enabled) },
        { key: "numbered", name: t("sources.numbered"), num: true, text: (one) => known.get(one.id) ?? 0, cell: (one) => number(known.get(one.id) ?? 0) },
        { key: "origins", name: t("sources.origins"), off: true, text: (one) => one.allowed_origins.join(" "), cell: (one) => inOneLine(one.allowed_origins) || t("sources.every_origin") },
        { key: "created", name: t("sources.made"), text: (one) => one.created_at, cell: (one) => timeCell(one.created_at) },
      ],
    });
  });
}

/** How many events each source's browsers numbered. @param {AbortSignal} signal @returns {Promise<Map<string, number>>} */
async function counts(signal) {
  const { data } = await rows("GET /sources", { signal });
  return new Map(await Promise.all(data.map(async ({ id }) => {
    const { numbered } = await call("GET /ledger", { query: { source: id }, signal }).catch(() => ({ numbered: 0 }));
    return /** @type {[string, number]} */ ([id, numbered]);
  })));
}

/** Asks what the new source is, and opens it. */
export function newSource() {
  const name = h("input", { required: true, autocomplete: "off", placeholder: t("sources.name_placeholder"), autofocus: true });
  const kind = select(KINDS, "website");
  const basis = select(BASES, "contract");
  const declared = labelled(t("sources.basis"), basis, t("sources.basis_hint"));
  const told = () => (declared.hidden = kind.value === "website" || kind.value === "app");
  kind.addEventListener("change", told);
  told();
  const dialog = h(
    "dialog",
    { class: "confirm", "aria-labelledby": "new-source", close: () => dialog.remove() },
    h("h2", { id: "new-source" }, t("sources.new")),
    saving({ save: t("sources.make"), also: [h("button", { type: "button", class: "button", click: () => dialog.close() }, t("sources.cancel"))], act: async () => {
      /** @type {import("@headwater/api-client").NewSource} */
      const body = { name: name.value.trim(), kind: kind.value, ...(declared.hidden ? {} : { consent_basis: { kind: "declared", basis: basis.value } }) };
      const made = await call("POST /sources", { body });
      dialog.close();
      toast(t("sources.is_made", { name: made.name }));
      location.hash = `#/sources/${made.id}`;
    } }, labelled(t("sources.name"), name), labelled(t("sources.kind"), kind), declared),
  );
  document.body.append(dialog);
  dialog.showModal();
}
