/** What was decided of who is who, with a way back. */
import { call, words } from "../api.js";
import { identifierChip, timeCell } from "../cells.js";
import { h } from "../dom.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { toast } from "../toast.js";
import { rich, t } from "../words.js";
import { choice } from "./fields.js";
import { remember } from "../address.js";

/** @typedef {import("@headwater/api-client").DecidedIdentity} Decided */

/** @type {Record<string, string>} */
const KINDS = { merge: t("identity.merged"), keep_apart: t("identity.kept_apart"), unmerge: t("identity.parted") };

/** By whom decisions are that are shown. @type {Record<string, boolean>} */
const BY = { matching: true, people: false };

/** @param {HTMLElement} panel @param {AbortSignal} signal @param {URLSearchParams} query */
export function decisionsPanel(panel, signal, query) {
  let by = query.get("by") ?? "";
  const list = h("div");
  const read = (/** @type {string} */ cursor = "") => call("GET /identity/decisions", { query: { limit: 50, cursor, automatic: BY[by] }, signal });
  panel.append(h("p", { class: "filters" }, choice(t("decisions.by"), [["", t("decisions.by_all")], ["people", t("decisions.by_people")], ["matching", t("decisions.by_matching")]], by, (value) => {
    by = value;
    remember({ by });
    void again();
  })), list);
  const again = () => loaded(list, signal, () => read(), (first) => {
    if (first.data.length === 0 && by) return empty(t("decisions.none"), t("decisions.none_text"));
    if (first.data.length === 0) return empty(t("identity.nothing_decided_yet"), t("identity.merges_by_hand_identifiers_that"));
    const pairs = (/** @type {Decided} */ one) => one.pairs.map(({ a, b }) => t("identity.a_and_b", { a, b })).join("; ");
    const undo = async (/** @type {Decided} */ one) => {
      try {
        await call("DELETE /identity/decisions/{id}", { path: { id: one.id } });
        toast(t("identity.undone"));
        await again();
      } catch (error) {
        toast(words(error));
      }
    };
    return table({
      label: t("identity.decisions"),
      file: "identity-decisions",
      query: new URLSearchParams(),
      first,
      next: read,
      columns: [
        { key: "what", name: t("identity.what"), text: (one) => KINDS[one.kind] ?? one.kind, cell: (one) => h("span", {}, KINDS[one.kind] ?? one.kind, one.automatic && h("small", { class: "quiet" }, " ", t("identity.by_matching"))) },
        { key: "pairs", name: t("identity.identifiers"), text: pairs, cell: (one) => one.pairs.map(({ a, b }) => h("p", {}, identifierChip(a), identifierChip(b))) },
        { key: "reason", name: t("identity.reason"), text: (one) => one.reason, cell: (one) => one.reason || "–" },
        { key: "at", name: t("identity.when"), text: (one) => one.decided_at, cell: (one) => timeCell(one.decided_at) },
        { key: "undo", name: t("identity.undo"), text: (one) => one.id, cell: (one) => (one.undone_at ? h("span", { class: "quiet" }, rich("identity.undone_at", { at: timeCell(one.undone_at) })) : h("button", { type: "button", class: "button", click: () => void undo(one) }, rich("identity.undo_pairs", { pairs: pairs(one), sr: (inside) => h("span", { class: "sr" }, inside) }))) },
      ],
    });
  });
  void again();
}
