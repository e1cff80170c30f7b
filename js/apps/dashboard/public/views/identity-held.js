/** Merges that would concern too many identifiers: they wait for somebody's word. */
import { call, rows, words } from "../api.js";
import { identifierChip } from "../cells.js";
import { h } from "../dom.js";
import { identifierText, kindName } from "../format.js";
import { empty, loaded } from "../states.js";
import { toast } from "../toast.js";
import { t } from "../words.js";
import { beforeAfter } from "./before-after.js";

/** @param {HTMLElement} panel @param {AbortSignal} signal */
export function heldPanel(panel, signal) {
  const again = () => loaded(panel, signal, async () => {
    const [page, counts] = await Promise.all([rows("GET /identity/quarantine", { signal }), call("GET /identity/quarantine", { query: { limit: 1 }, signal })]);
    return { held: page.data, blocked: Object.entries(counts.blocked) };
  }, ({ held, blocked }) => [
    ...(blocked.length ? [h("section", { class: "card" }, h("h2", {}, t("identity.evidence_that_joins_nobody")), h("dl", { class: "facts" }, blocked.map(([code, count]) => h("div", {}, h("dt", {}, kindName(code)), h("dd", {}, t("identity.pairs", { count }))))))] : []),
    held.length === 0
      ? empty(t("identity.no_merge_is_held"), t("identity.a_merge_that_would_concern"))
      : h("ul", { class: "card flush rows-list", role: "list" }, held.map((one) => row(one, () => void again()))),
  ]);
  void again();
}

/** @param {import("@headwater/api-client").HeldMerge} one @param {() => void} again */
function row(one, again) {
  const identifiers = [identifierText(one.a), identifierText(one.b)];
  const shown = h("div", { role: "status" });
  const decide = async (/** @type {"merge" | "keep_apart"} */ kind) => {
    try {
      await call("POST /identity/decisions", { body: { kind, identifiers, reason: "held merge" } });
      toast(kind === "merge" ? t("identity.they_are_one_person_now") : t("identity.they_stay_apart_whatever_evidence"));
      again();
    } catch (error) {
      toast(words(error));
    }
  };
  const look = async () => {
    try {
      const told = await call("POST /identity/preview", { body: { decision: { kind: "merge", identifiers } } });
      if ("before" in told) shown.replaceChildren(beforeAfter(told));
    } catch (error) {
      shown.textContent = words(error);
    }
  };
  return h("li", {}, h("p", {}, identifiers.map(identifierChip)), h("p", { class: "quiet" }, one.reason), shown, h("p", { class: "row-actions" }, h("button", { type: "button", class: "button", click: () => void look() }, t("identity.show_what_a_merge_would")), h("button", { type: "button", class: "button", click: () => void decide("merge") }, t("identity.merge_them")), h("button", { type: "button", class: "button", click: () => void decide("keep_apart") }, t("identity.keep_them_apart"))));
}
