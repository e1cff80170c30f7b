/** What stands in tables' cells and in facts. */
import { h } from "./dom.js";
import { identifierText, kindName, moment, shortId } from "./format.js";
import { toast } from "./toast.js";
import { t } from "./words.js";

/** An identifier with its kind. @param {any} identifier `{kind, value}` or `kind:value` */
export function identifierChip(identifier) {
  const text = identifierText(identifier);
  const at = text.indexOf(":");
  return h("span", { class: "chip", title: text }, h("b", {}, kindName(text.slice(0, at))), shortId(text.slice(at + 1)));
}

/** A time as people read it, whole in its title. @param {string | null | undefined} at */
export function timeCell(at) {
  return at ? h("time", { datetime: at, title: at }, moment(at)) : "–";
}

/** On or off, in words and by shape. @param {boolean} on @param {string} [yes] @param {string} [no] */
export function onOff(on, yes = t("cells.on"), no = t("cells.off")) {
  return h("span", { class: `badge badge-${on ? "ok" : "held"}` }, on ? yes : no);
}

/** A button that copies a text. @param {string} text @param {string} [name] */
export function copyButton(text, name = t("cells.copy")) {
  return h("button", { type: "button", class: "button", click: async () => {
    try {
      await navigator.clipboard.writeText(text);
      toast(t("cells.copied"));
    } catch {
      toast(t("cells.copying_refused"));
    }
  } }, name);
}
