import { words } from "../api.js";
import { h, newId } from "../dom.js";
import { t } from "../words.js";

/**
 * A short form in a native dialog, which keeps the focus and gives it back.
 *
 * @param {{ title: string, text?: string, fields: Node[], button: string, act: () => Promise<void> }} form `act` fails with the words to show
 */
export function formDialog({ title, text, fields, button, act }) {
  const id = newId();
  const error = h("p", { class: "form-error", role: "alert" });
  const yes = h("button", { type: "submit", class: "button button-main" }, button);
  const dialog = h(
    "dialog",
    { class: "confirm form-dialog", "aria-labelledby": id, close: () => dialog.remove() },
    h("form", { submit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      yes.disabled = true;
      error.textContent = "";
      try {
        await act();
        dialog.close();
      } catch (problem) {
        error.textContent = words(problem);
      }
      yes.disabled = false;
    } },
    h("h2", { id }, title),
    text ? h("p", { class: "quiet" }, text) : null,
    fields,
    error,
    h("p", { class: "row-actions" }, h("button", { type: "button", class: "button", click: () => dialog.close() }, t("form.cancel")), yes)),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** A field under its label. @template {HTMLElement} T @param {string} label @param {T} input @param {string} [hint] */
export function labelled(label, input, hint) {
  input.id ||= newId();
  if (hint) input.setAttribute("aria-describedby", `${input.id}-hint`);
  return h("div", { class: "door-field" }, h("label", { for: input.id }, label), input, hint ? h("p", { class: "hint", id: `${input.id}-hint` }, hint) : null);
}
