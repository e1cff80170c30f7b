/** What was done, said in a corner and to screen readers. */
import { h } from "./dom.js";

const SECONDS = 6;
/** @type {HTMLElement | undefined} */
let region;

/** @param {string} text @param {{ name: string, act: () => void }} [undo] a way back */
export function toast(text, undo) {
  // Behind an open dialog nobody would see it, nor be read it.
  const home = [...document.querySelectorAll("dialog[open]")].at(-1) ?? document.body;
  if (region?.parentElement !== home) {
    region = h("div", { class: "toasts", role: "status", "aria-live": "polite" });
    home.append(region);
    // What was said in a dialog is still to be read when it has closed.
    const own = region;
    home.addEventListener("close", () => document.body.append(own), { once: true });
  }
  const note = h("p", { class: "toast" }, h("span", {}, text), undo && h("button", { type: "button", class: "link-button", click: () => {
    note.remove();
    undo.act();
  } }, undo.name));
  region.append(note);
  setTimeout(() => note.remove(), (undo ? 3 : 1) * SECONDS * 1000);
}
