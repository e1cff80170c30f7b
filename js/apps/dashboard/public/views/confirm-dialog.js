import { words } from "../api.js";
import { h } from "../dom.js";
import { t } from "../words.js";

/**
 * Asks before something goes for good, and says why where it may not. A native dialog keeps the focus and gives it back.
 *
 * @param {{ title: string, text: string, button: string, act: () => Promise<void> }} question
 */
export function confirmDialog({ title, text, button, act }) {
  const error = h("p", { class: "form-error", role: "alert" });
  const yes = h("button", { type: "button", class: "button button-danger", click: async () => {
    yes.disabled = true;
    error.textContent = "";
    try {
      await act();
      dialog.close();
    } catch (problem) {
      error.textContent = words(problem);
      yes.disabled = false;
    }
  } }, button);
  const dialog = h(
    "dialog",
    { class: "confirm", "aria-labelledby": "confirm-title", close: () => dialog.remove() },
    h("h2", { id: "confirm-title" }, title),
    h("p", {}, text),
    error,
    h("p", { class: "row-actions" }, h("button", { type: "button", class: "button", autofocus: true, click: () => dialog.close() }, t("confirm.keep")), yes),
  );
  document.body.append(dialog);
  dialog.showModal();
}
