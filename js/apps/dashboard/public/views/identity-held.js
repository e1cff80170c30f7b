/** Merges that would concern too many identifiers: they wait for somebody's word. */
import { all, api, words } from "../api.js";
import { identifierChip } from "../cells.js";
import { h } from "../dom.js";
import { identifierText, kindName, plural } from "../format.js";
import { empty, loaded } from "../states.js";
import { toast } from "../toast.js";
import { beforeAfter } from "./before-after.js";

/** @param {HTMLElement} panel @param {AbortSignal} signal */
export function heldPanel(panel, signal) {
  const again = () => loaded(panel, signal, async () => {
    const [page, counts] = await Promise.all([all("identity/quarantine", signal), api("identity/quarantine?limit=1", { signal })]);
    return { held: page.data, blocked: Object.entries(counts.blocked ?? {}) };
  }, ({ held, blocked }) => [
    ...(blocked.length ? [h("section", { class: "card" }, h("h2", {}, "Evidence that joins nobody"), h("dl", { class: "facts" }, blocked.map(([code, count]) => h("div", {}, h("dt", {}, kindName(code)), h("dd", {}, plural(Number(count), "pair"))))))] : []),
    held.length === 0
      ? empty("No merge is held", "A merge that would concern more identifiers than the rules’ blast radius waits here. Nothing does.")
      : h("ul", { class: "card flush rows-list", role: "list" }, held.map((one) => row(one, () => void again()))),
  ]);
  void again();
}

/** @param {any} one @param {() => void} again */
function row(one, again) {
  const identifiers = [identifierText(one.a), identifierText(one.b)];
  const shown = h("div", { role: "status" });
  const decide = async (/** @type {"merge" | "keep_apart"} */ kind) => {
    try {
      await api("identity/decisions", { method: "POST", body: { kind, identifiers, reason: "held merge" } });
      toast(kind === "merge" ? "They are one person now." : "They stay apart, whatever evidence comes.");
      again();
    } catch (error) {
      toast(words(error));
    }
  };
  const look = async () => {
    try {
      shown.replaceChildren(beforeAfter(await api("identity/preview", { method: "POST", body: { decision: { kind: "merge", identifiers } } })));
    } catch (error) {
      shown.textContent = words(error);
    }
  };
  return h("li", {}, h("p", {}, identifiers.map(identifierChip)), h("p", { class: "quiet" }, one.reason), shown, h("p", { class: "row-actions" }, h("button", { type: "button", class: "button", click: () => void look() }, "Show what a merge would do"), h("button", { type: "button", class: "button", click: () => void decide("merge") }, "Merge them"), h("button", { type: "button", class: "button", click: () => void decide("keep_apart") }, "Keep them apart")));
}
