/** A field with its label, and what it wants beside it. */
import { words } from "../api.js";
import { h, newId } from "../dom.js";

/** @param {string} label @param {HTMLElement} field @param {string} [hint] */
export function labelled(label, field, hint) {
  const id = newId();
  field.id = id;
  if (hint) field.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", { class: "field" }, h("label", { for: id }, label), field, hint && h("p", { class: "hint", id: `${id}-hint` }, hint));
}

/** A box to tick. @param {string} label @param {boolean} checked @param {(on: boolean) => void} [changed] */
export function checkbox(label, checked, changed) {
  const box = h("input", { type: "checkbox", checked, change: () => changed?.(box.checked) });
  return { box, node: h("label", { class: "check" }, box, label) };
}

/** @param {readonly (readonly [string, string])[]} options @param {string} chosen */
export function select(options, chosen) {
  return h("select", {}, options.map(([value, name]) => h("option", { value, selected: value === chosen }, name)));
}

/**
 * A form whose mistakes are said beside its button.
 *
 * @param {{ class?: string, label?: string, save: string, act: () => Promise<void>, also?: HTMLElement[] }} options @param {...import("../dom.js").Child} children
 */
export function saving({ class: name = "form", label, save, act, also = [] }, ...children) {
  const error = h("p", { class: "form-error", role: "alert" });
  const button = h("button", { type: "submit", class: "button button-main" }, save);
  return h("form", { class: name, "aria-label": label, submit: async (/** @type {Event} */ event) => {
    event.preventDefault();
    button.disabled = true;
    error.textContent = "";
    try {
      await act();
    } catch (problem) {
      error.textContent = words(problem);
    }
    button.disabled = false;
  } }, children, error, h("p", { class: "row-actions" }, button, also));
}
