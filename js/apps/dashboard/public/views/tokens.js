import { call, rows } from "../api.js";
import { h } from "../dom.js";
import { inOneLine, moment } from "../format.js";
import { may, me } from "../session.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { toast } from "../toast.js";
import { t } from "../words.js";
import { confirmDialog } from "./confirm-dialog.js";
import { formDialog, labelled } from "./form-dialog.js";
import { secretDialog } from "./secret-dialog.js";

/** @typedef {import("@headwater/api-client").Token} Token */

/** What scopes let one do, in short: areas with what may be done there. @param {string[]} scopes */
export function scopeWords(scopes) {
  /** @type {Map<string, string[]>} */
  const areas = new Map();
  for (const scope of scopes) {
    const [area = "", action = ""] = scope.split(":");
    areas.set(area, [...(areas.get(area) ?? []), action]);
  }
  if (areas.size >= 14 && scopes.length >= 28) return t("tokens.everything");
  return inOneLine([...areas].map(([area, actions]) => t("tokens.area", { area, actions: inOneLine(actions) })));
}

/** @param {import("../app.js").Screen} screen */
export function tokensView({ place, signal, query }) {
  const list = h("div");
  const change = may("tokens:write");
  const load = () => loaded(list, signal, () => rows("GET /tokens", { signal }), ({ data }) => (data.length > 0 ? tokenTable(data) : empty(t("tokens.empty"), t("tokens.empty_text"))));
  const make = () => {
    const name = h("input", { name: "name", required: true, maxlength: 100, autocomplete: "off", placeholder: t("tokens.name_placeholder") });
    const days = h("select", { name: "days" }, [["30", t("tokens.days_30")], ["90", t("tokens.days_90")], ["365", t("tokens.days_365")], ["", t("tokens.never")]].map(([value, label]) => h("option", { value, selected: value === "90" }, label)));
    const boxes = (me()?.scopes ?? []).map((scope) => ({ scope, box: h("input", { type: "checkbox", value: scope }) }));
    const areas = [...new Set(boxes.map(({ scope }) => scope.split(":")[0] ?? ""))];
    const scopes = h("fieldset", { class: "scope-grid" }, h("legend", {}, t("tokens.may_do")), areas.map((area) => h("div", { class: "scope-row", translate: "no", role: "group", "aria-label": area }, h("span", {}, area), boxes.filter(({ scope }) => scope.startsWith(`${area}:`)).map(({ scope, box }) => h("label", {}, box, scope.split(":")[1] ?? "")))));
    formDialog({ title: t("tokens.make"), text: t("tokens.make_text"), fields: [labelled(t("tokens.name"), name), labelled(t("tokens.ends_after"), days), scopes], button: t("tokens.make_button"), act: async () => {
      const wanted = boxes.filter(({ box }) => box.checked).map(({ scope }) => scope);
      const made = await call("POST /tokens", { body: { name: name.value, scopes: wanted, ...(days.value ? { ends_in_days: Number(days.value) } : {}) } });
      secretDialog({ title: t("tokens.made", { name: made.name }), text: t("tokens.made_text"), label: t("tokens.token"), secret: made.token });
      void load();
    } });
  };
  const revoke = (/** @type {Token} */ token) => confirmDialog({ title: t("tokens.revoke_question", { name: token.name }), text: t("tokens.revoke_text"), button: t("tokens.take_away"), act: async () => {
    await call("DELETE /tokens/{id}", { path: { id: token.id } });
    toast(t("tokens.gone", { name: token.name }));
    void load();
  } });
  const tokenTable = (/** @type {Token[]} */ tokens) => table({
    label: t("tokens.title"), file: "tokens", query, first: { data: tokens },
    columns: [
      { key: "name", name: t("tokens.name"), text: ({ name }) => name, cell: ({ name }) => name },
      { key: "prefix", name: t("tokens.begins_with"), text: ({ prefix }) => prefix ?? "", cell: ({ prefix }) => (prefix ? h("code", {}, `${prefix}…`) : h("span", { class: "quiet" }, t("tokens.not_kept"))) },
      { key: "scopes", name: t("tokens.may"), text: ({ scopes }) => scopes.join(" "), cell: ({ scopes }) => scopeWords(scopes) },
      { key: "by", name: t("tokens.made_by"), text: (row) => row.created_by ?? "", cell: (row) => row.created_by ?? t("tokens.first_start") },
      { key: "used", name: t("tokens.used"), text: (row) => row.last_used_at ?? "", cell: (row) => (row.last_used_at ? moment(row.last_used_at) : t("tokens.never")) },
      { key: "ends", name: t("tokens.ends"), text: (row) => row.ends_at ?? "", cell: (row) => (row.ends_at ? moment(row.ends_at) : t("tokens.never")) },
      ...(change ? [{ key: "act", name: t("tokens.change"), text: () => "", cell: (/** @type {Token} */ row) => h("button", { type: "button", class: "link-button", "aria-label": t("tokens.take_away_of", { name: row.name }), click: () => revoke(row) }, t("tokens.take_away")) }] : []),
    ],
  });
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("tokens.title")), change && h("button", { type: "button", class: "button button-main", click: make }, t("tokens.make"))),
    h("p", { class: "lead" }, t("tokens.lead")),
    list,
  );
  void load();
}
