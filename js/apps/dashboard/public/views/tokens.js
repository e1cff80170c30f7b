import { all, api } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../format.js";
import { may, me } from "../session.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { toast } from "../toast.js";
import { confirmDialog } from "./confirm-dialog.js";
import { formDialog, labelled } from "./form-dialog.js";
import { secretDialog } from "./secret-dialog.js";

/** What scopes let one do, in short: areas with what may be done there. @param {string[]} scopes */
export function scopeWords(scopes) {
  /** @type {Map<string, string[]>} */
  const areas = new Map();
  for (const scope of scopes) {
    const [area = "", action = ""] = scope.split(":");
    areas.set(area, [...(areas.get(area) ?? []), action]);
  }
  if (areas.size >= 14 && scopes.length >= 28) return "everything";
  return [...areas].map(([area, actions]) => `${area} (${actions.join(", ")})`).join(", ");
}

/** @param {import("../app.js").Screen} screen */
export function tokensView({ place, signal, query }) {
  const list = h("div");
  const change = may("tokens:write");
  const load = () => loaded(list, signal, () => all("tokens", signal), ({ data }) => (data.length > 0 ? tokenTable(data) : empty("No tokens", "Programs that read or change something need one.")));
  const make = () => {
    const name = h("input", { name: "name", required: true, maxlength: 100, autocomplete: "off", placeholder: "Nightly import" });
    const days = h("select", { name: "days" }, [["30", "30 days"], ["90", "90 days"], ["365", "a year"], ["", "never"]].map(([value, label]) => h("option", { value, selected: value === "90" }, label)));
    const boxes = (me()?.scopes ?? []).map((scope) => ({ scope, box: h("input", { type: "checkbox", value: scope }) }));
    const areas = [...new Set(boxes.map(({ scope }) => scope.split(":")[0] ?? ""))];
    const scopes = h("fieldset", { class: "scope-grid" }, h("legend", {}, "What it may do"), areas.map((area) => h("div", { class: "scope-row", role: "group", "aria-label": area }, h("span", {}, area), boxes.filter(({ scope }) => scope.startsWith(`${area}:`)).map(({ scope, box }) => h("label", {}, box, scope.split(":")[1] ?? "")))));
    formDialog({ title: "Make a token", text: "It can do no more than you.", fields: [labelled("Name", name), labelled("Ends after", days), scopes], button: "Make the token", act: async () => {
      const wanted = boxes.filter(({ box }) => box.checked).map(({ scope }) => scope);
      const made = await api("tokens", { method: "POST", body: { name: name.value, scopes: wanted, ...(days.value ? { ends_in_days: Number(days.value) } : {}) } });
      secretDialog({ title: `Token “${made.name}”`, text: "Keep it where your program finds it. It is shown only now.", label: "Token", secret: made.token });
      void load();
    } });
  };
  const revoke = (/** @type {any} */ token) => confirmDialog({ title: `Take “${token.name}” away?`, text: "Programs that use it are refused from now on.", button: "Take away", act: async () => {
    await api(`tokens/${token.id}`, { method: "DELETE" });
    toast(`“${token.name}” is gone.`);
    void load();
  } });
  const tokenTable = (/** @type {any[]} */ tokens) => table({
    label: "Tokens", file: "tokens", query, first: { data: tokens },
    columns: [
      { key: "name", name: "Name", text: ({ name }) => name, cell: ({ name }) => name },
      { key: "prefix", name: "Begins with", text: ({ prefix }) => prefix ?? "", cell: ({ prefix }) => (prefix ? h("code", {}, `${prefix}…`) : h("span", { class: "quiet" }, "not kept")) },
      { key: "scopes", name: "May", text: ({ scopes }) => scopes.join(" "), cell: ({ scopes }) => scopeWords(scopes) },
      { key: "by", name: "Made by", text: (row) => row.created_by ?? "", cell: (row) => row.created_by ?? "the first start" },
      { key: "used", name: "Last used", text: (row) => row.last_used_at ?? "", cell: (row) => (row.last_used_at ? moment(row.last_used_at) : "never") },
      { key: "ends", name: "Ends", text: (row) => row.ends_at ?? "", cell: (row) => (row.ends_at ? moment(row.ends_at) : "never") },
      ...(change ? [{ key: "act", name: "Change", text: () => "", cell: (/** @type {any} */ row) => h("button", { type: "button", class: "link-button", "aria-label": `Take away ${row.name}`, click: () => revoke(row) }, "Take away") }] : []),
    ],
  });
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Tokens"), change && h("button", { type: "button", class: "button button-main", click: make }, "Make a token")),
    h("p", { class: "lead" }, "Secrets with which programs use the server API of this space."),
    list,
  );
  void load();
}
