/** One refused event: why, where the cause is mended, the message to be mended, and trying again. */
import { api, words } from "../api.js";
import { causeOf } from "../cause.js";
import { copyButton } from "../cells.js";
import { h, icon } from "../dom.js";
import { moment } from "../format.js";
import { eventName } from "../live-feed.js";
import { badge, outcomeName, reasonText } from "../outcomes.js";
import { toast } from "../toast.js";
import { labelled } from "./fields.js";

/** @param {any} refused a row of `quarantine` @param {() => void} changed is called when it was tried again */
export function refusedDialog(refused, changed) {
  const isObject = typeof refused.message === "object" && refused.message !== null && !Array.isArray(refused.message);
  const event = isObject ? refused.message : { message: refused.message };
  const original = JSON.stringify(refused.message, null, 2);
  const cause = causeOf("quarantined", refused.reason, refused.message);
  const reason = h("p", { class: "sheet-outcome" }, badge("quarantined"), " ", reasonText(refused.reason));
  const error = h("p", { class: "form-error", role: "alert" });
  const message = h("textarea", { class: "schema", rows: 16, spellcheck: "false", autocapitalize: "off", readonly: !isObject, input: () => {
    again.textContent = message.value === original ? "Try again" : "Try the mended message";
    error.textContent = "";
  } }, original);
  const again = h("button", { type: "submit", class: "button button-main", disabled: !isObject }, "Try again");

  const attempt = async () => {
    /** @type {any} */
    let body = { ids: [refused.id] };
    if (message.value !== original) {
      try {
        body = { mended: [{ id: refused.id, message: JSON.parse(message.value) }] };
      } catch (problem) {
        error.textContent = `This is not JSON yet: ${words(problem)}`;
        message.focus();
        return;
      }
    }
    again.disabled = true;
    error.textContent = "";
    try {
      const { outcomes } = await api("quarantine/replay", { method: "POST", body });
      const line = outcomes[0];
      if (!line || line.outcome === "ok" || line.outcome === "duplicate") {
        dialog.close();
        toast(line ? `${eventName(event)}: ${outcomeName(line.outcome)}.` : "It is not in quarantine any more.");
        changed();
        return;
      }
      error.textContent = `Still refused: ${reasonText(line.reason) || outcomeName(line.outcome)}`;
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
      h("div", { class: "sheet-head" }, h("h2", { id: "refused-title" }, eventName(event)), h("button", { type: "button", class: "icon-button", click: () => dialog.close() }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, "Close"))),
      reason,
      cause && h("div", { class: "cause" }, h("p", {}, cause.text), cause.href && h("a", { class: "button", href: cause.href, click: () => dialog.close() }, cause.name)),
      h("dl", { class: "facts" }, [["Received", moment(refused.received_at)], ["Message id", refused.message_id], ["Place", refused.jurisdiction ?? ""], ["Global Privacy Control", refused.gpc ? "on" : ""]].filter(([, value]) => value).map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value)))),
      labelled("The message as it was sent", message, isObject ? "Mend it here if nothing else can: what is stored is what you write." : "It is no JSON object, so it can never become an event."),
      error,
      h("div", { class: "row-actions" }, again, copyButton(original, "Copy JSON")),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}
