/** Who was erased and is not taken in again: hashes, since nothing else of them is kept. */
import { all, api } from "../api.js";
import { h } from "../dom.js";
import { kindName, moment, number, shortId } from "../format.js";
import { empty, loaded } from "../states.js";
import { confirmDialog } from "./confirm-dialog.js";

/** @param {HTMLElement} body @param {import("../app.js").Screen} screen */
export function suppressionsView(body, { signal }) {
  const list = h("div");
  body.append(h("p", { class: "lead" }, "Identifiers of people who were erased. A late event or an import that names one is refused. Only a keyed hash of each is kept."), list);
  const load = () => loaded(list, signal, () => all("privacy/suppressions", signal, 1_000), ({ data, complete }) => {
    if (data.length === 0) return empty("Nobody is suppressed", "Whoever is erased is listed here as a hash, so that they do not come back by a late event or an import.");
    return [
      h("div", { class: "card flush scroll", tabindex: 0, role: "region", "aria-label": "Suppressions" }, h("table", { class: "table" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Identifier"), h("th", { scope: "col" }, "Since"), h("th", { scope: "col", class: "num" }, "Refused events"), h("th", { scope: "col" }, h("span", { class: "sr" }, "Action")))),
        h("tbody", {}, data.map(row)))),
      ...(complete ? [] : [h("p", { class: "more-note quiet" }, "These are the first 1,000.")]),
    ];
  });
  const lift = (/** @type {any} */ one) => confirmDialog({
    title: "Lift this suppression?",
    text: "Whoever has this identifier is taken in again. Do so when they come back by their own wish.",
    button: "Lift it",
    act: async () => {
      await api(`privacy/suppressions/${one.id}`, { method: "DELETE" });
      await load();
    },
  });
  /** @param {any} one */
  function row(one) {
    return h("tr", {},
      h("th", { scope: "row" }, kindName(one.kind), " ", h("code", { class: "quiet" }, shortId(one.id)), one.shared && h("span", { class: "quiet" }, " (others use it, too)")),
      h("td", {}, h("time", { class: "quiet" }, moment(one.created_at))),
      h("td", { class: "num" }, number(one.refused)),
      h("td", {}, h("button", { type: "button", class: "button", click: () => lift(one) }, "Lift", h("span", { class: "sr" }, ` ${one.kind} ${shortId(one.id)}`))));
  }
  void load();
}
