/** What was decided of who is who, with a way back. */
import { api, withQuery, words } from "../api.js";
import { identifierChip, timeCell } from "../cells.js";
import { h } from "../dom.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { toast } from "../toast.js";

/** @type {Record<string, string>} */
const KINDS = { merge: "merged", keep_apart: "kept apart", unmerge: "parted" };

/** @param {HTMLElement} panel @param {AbortSignal} signal */
export function decisionsPanel(panel, signal) {
  const read = (/** @type {string} */ cursor = "") => api(withQuery("identity/decisions", { limit: 50, cursor }), { signal });
  const again = () => loaded(panel, signal, () => read(), (first) => {
    if (first.data.length === 0) return empty("Nothing decided yet", "Merges by hand, identifiers that were parted, and answers to suggestions stand here, each with its undo.");
    const pairs = (/** @type {any} */ one) => one.pairs.map((/** @type {any} */ { a, b }) => `${a} and ${b}`).join("; ");
    const undo = async (/** @type {any} */ one) => {
      try {
        await api(`identity/decisions/${one.id}`, { method: "DELETE" });
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
