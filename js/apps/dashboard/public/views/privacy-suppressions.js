/** Who was erased and is not taken in again: hashes, since nothing else of them is kept. */
import { call, rows } from "../api.js";
import { h } from "../dom.js";
import { kindName, moment, number, shortId } from "../format.js";
import { empty, loaded } from "../states.js";
import { rich, t } from "../words.js";
import { confirmDialog } from "./confirm-dialog.js";

/** @typedef {import("@headwater/api-client").Suppression} Suppression */

/** @param {HTMLElement} body @param {import("../app.js").Screen} screen */
export function suppressionsView(body, { signal }) {
  const list = h("div");
  body.append(h("p", { class: "lead" }, t("privacy.identifiers_of_people_who_were")), list);
  const load = () => loaded(list, signal, () => rows("GET /privacy/suppressions", { signal }, 1_000), ({ data, complete }) => {
    if (data.length === 0) return empty(t("privacy.nobody_is_suppressed"), t("privacy.whoever_is_erased_is_listed"));
    return [
      h("div", { class: "card flush scroll", tabindex: 0, role: "region", "aria-label": t("privacy.suppressions") }, h("table", { class: "table" },
        h("thead", {}, h("tr", {}, h("th", { scope: "col" }, t("privacy.identifier")), h("th", { scope: "col" }, t("privacy.since")), h("th", { scope: "col", class: "num" }, t("privacy.refused_events")), h("th", { scope: "col" }, h("span", { class: "sr" }, t("privacy.action"))))),
        h("tbody", {}, data.map(row)))),
      ...(complete ? [] : [h("p", { class: "more-note quiet" }, t("privacy.first_thousand"))]),
    ];
  });
  const lift = (/** @type {Suppression} */ one) => confirmDialog({
    title: t("privacy.lift_this_suppression"),
    text: t("privacy.whoever_has_this_identifier_is"),
    button: t("privacy.lift_it"),
    act: async () => {
      await call("DELETE /privacy/suppressions/{id}", { path: { id: one.id } });
      await load();
    },
  });
  /** @param {Suppression} one */
  function row(one) {
    return h("tr", {},
      h("th", { scope: "row" }, kindName(one.kind), " ", h("code", { class: "quiet" }, shortId(one.id)), one.shared && h("span", { class: "quiet" }, " ", t("privacy.shared"))),
      h("td", {}, h("time", { class: "quiet" }, moment(one.created_at))),
      h("td", { class: "num" }, number(one.refused)),
      h("td", {}, h("button", { type: "button", class: "button", click: () => lift(one) }, rich("privacy.lift_of", { kind: one.kind, id: shortId(one.id), sr: (inside) => h("span", { class: "sr" }, inside) }))));
  }
  void load();
}
