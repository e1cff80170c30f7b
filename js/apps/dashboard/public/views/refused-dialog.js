/** One refused event: why, where the cause is mended, the message to be mended, and trying again. */
import { call, words } from "../api.js";
import { causeOf } from "../cause.js";
import { copyButton } from "../cells.js";
import { h, icon } from "../dom.js";
import { moment } from "../format.js";
import { eventName } from "../live-feed.js";
import { badge, outcomeName, reasonText } from "../outcomes.js";
import { toast } from "../toast.js";
import { t } from "../words.js";
import { labelled } from "./fields.js";

/** @param {import("@headwater/api-client").QuarantinedMessage} refused @param {() => void} changed is called when it was tried again */
export function refusedDialog(refused, changed) {
  const isObject = typeof refused.message === "object" && refused.message !== null && !Array.isArray(refused.message);
  const event = isObject ? refused.message : { message: refused.message };
  const original = JSON.stringify(refused.message, null, 2);
  const cause = causeOf("quarantined", refused.reason, refused.message);
  const reason = h("p", { class: "sheet-outcome" }, badge("quarantined"), " ", reasonText(refused.reason));
  const error = h("p", { class: "form-error", role: "alert" });
  const message = h("textarea", { class: "schema", rows: 16, spellcheck: "false", autocapitalize: "off", readonly: !isObject, input: () => {
    again.textContent = message.value === original ? t("refused.again") : t("refused.mended");
    error.textContent = "";
  } }, original);
  const again = h("button", { type: "submit", class: "button button-main", disabled: !isObject }, t("refused.again"));

  const attempt = async () => {
    /** @type {import("@headwater/api-client").ReplayWish} */
    let body = { ids: [refused.id] };
    if (message.value !== original) {
      try {
        body = { mended: [{ id: refused.id, message: JSON.parse(message.value) }] };
      } catch (problem) {
        error.textContent = t("refused.not_json", { problem: words(problem) });
        message.focus();
        return;
      }
    }
    again.disabled = true;
    error.textContent = "";
    try {
      const { outcomes } = await call("POST /quarantine/replay", { body });
      const line = outcomes[0];
      if (!line || line.outcome === "ok" || line.outcome === "duplicate") {
        dialog.close();
        toast(line ? t("refused.outcome", { event: eventName(event), outcome: outcomeName(line.outcome) }) : t("refused.gone"));
        changed();
        return;
      }
      error.textContent = t("refused.still", { reason: reasonText(line.reason) || outcomeName(line.outcome) });
      changed();
    } catch (problem) {
      error.textContent = words(problem);
    }
    again.disabled = false;
  };

  const dialog = h(
    "dialog",
    { class: "sheet", "aria-labelledby": "refused-title", close: () => dialog.remove() },
    h(
      "form",
      { class: "sheet-in", submit: (/** @type {Event} */ submit) => {
        submit.preventDefault();
        void attempt();
      } },
      h("div", { class: "sheet-head" }, h("h2", { id: "refused-title" }, eventName(event)), h("button", { type: "button", class: "icon-button", click: () => dialog.close() }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, t("refused.close")))),
      reason,
      cause && h("div", { class: "cause" }, h("p", {}, cause.text), cause.href && h("a", { class: "button", href: cause.href, click: () => dialog.close() }, cause.name)),
      h("dl", { class: "facts" }, [[t("refused.received"), moment(refused.received_at)], [t("refused.message_id"), refused.message_id], [t("refused.place"), refused.jurisdiction ?? ""], [t("refused.gpc"), refused.gpc ? t("refused.gpc_on") : ""]].filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
      labelled(t("refused.message"), message, isObject ? t("refused.mend_hint") : t("refused.no_object")),
      error,
      h("div", { class: "row-actions" }, again, copyButton(original, t("refused.copy_json"))),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}
