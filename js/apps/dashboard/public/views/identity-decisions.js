/** What was decided of who is who, with a way back. */
import { call, words } from "../api.js";
import { identifierChip, timeCell } from "../cells.js";
import { h } from "../dom.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { toast } from "../toast.js";
import { t } from "../words.js";
import { choice } from "./fields.js";
import { remember } from "../address.js";

/** @type {Record<string, string>} */
const KINDS = { merge: "merged", keep_apart: "kept apart", unmerge: "parted" };

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
    if (first.data.length === 0) return empty("Nothing decided yet", "Merges by hand, identifiers that were parted, and answers to suggestions stand here, each with its undo.");
    const pairs = (/** @type {any} */ one) => one.pairs.map((/** @type {any} */ { a, b }) => `${a} and ${b}`).join("; ");
    const undo = async (/** @type {any} */ one) => {
      try {
        await call("DELETE /identity/decisions/{id}", { path: { id: one.id } });
        toast("Undone.");
        await again();
      } catch (error) {
        toast(words(error));
      }
    };
    return table({
      label: "Decisions",
      file: "identity-decisions",
      query: new URLSearchParams(),
      first,
      next: read,
      columns: [
        { key: "what", name: "What", text: (one) => KINDS[one.kind] ?? one.kind, cell: (one) => h("span", {}, KINDS[one.kind] ?? one.kind, one.automatic && h("small", { class: "quiet" }, " by matching")) },
        { key: "pairs", name: "Identifiers", text: pairs, cell: (one) => one.pairs.map((/** @type {any} */ { a, b }) => h("p", {}, identifierChip(a), identifierChip(b))) },
        { key: "reason", name: "Reason", text: (one) => one.reason, cell: (one) => one.reason || "–" },
        { key: "at", name: "When", text: (one) => one.decided_at, cell: (one) => timeCell(one.decided_at) },
        { key: "undo", name: "Undo", text: (one) => one.id, cell: (one) => (one.undone_at ? h("span", { class: "quiet" }, "undone ", timeCell(one.undone_at)) : h("button", { type: "button", class: "button", click: () => void undo(one) }, "Undo", h("span", { class: "sr" }, ` ${pairs(one)}`))) },
      ],
    });
  });
  void again();
}
