import { h, newId } from "../dom.js";
import { t } from "../words.js";

/**
 * Shows a secret or a link that is told once, ready to be copied.
 *
 * @param {{ title: string, text: string, label: string, secret: string, done?: () => void }} told
 */
export function secretDialog({ title, text, label, secret, done }) {
  const id = newId();
  const field = h("input", { id, class: "mono", readonly: true, value: secret, autofocus: true, focus: () => field.select() });
  const copied = h("p", { class: "hint", role: "status" });
  const copy = h("button", { type: "button", class: "button button-main", click: async () => {
    field.select();
    try {
      await navigator.clipboard.writeText(secret);
      copied.textContent = t("secret.copied");
    } catch {
      copied.textContent = t("secret.marked");
    }
  } }, t("secret.copy"));
  const dialog = h(
    "dialog",
    { class: "confirm", "aria-labelledby": `${id}-title`, close: () => {
      dialog.remove();
      done?.();
    } },
    h("h2", { id: `${id}-title` }, title),
    h("p", {}, text),
    h("label", { for: id }, label),
    h("div", { class: "copy-row" }, field, copy),
    copied,
    h("p", { class: "row-actions" }, h("button", { type: "button", class: "button", click: () => dialog.close() }, t("secret.done"))),
  );
  document.body.append(dialog);
  dialog.showModal();
}
