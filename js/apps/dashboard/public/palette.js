/** Ctrl or Cmd and K: go to a screen, find a person, an audience, an experience. `?` tells the keys. */
import { rows } from "./api.js";
import { h, newId } from "./dom.js";
import { visible } from "./navigation.js";
import { me } from "./session.js";
import { t } from "./words.js";

/** @typedef {{ name: string, kind: string, href: string }} Target */
const MOST = 12;

export function listenForKeys() {
  document.addEventListener("keydown", (event) => {
    if (document.querySelector("dialog[open]")) return;
    const typing = /** @type {HTMLElement | null} */ (event.target)?.closest?.("input, select, textarea, [contenteditable]");
    if ((event.ctrlKey || event.metaKey) && event.key.toLowerCase() === "k") {
      event.preventDefault();
      openPalette();
    } else if (!typing && event.key === "?") {
      event.preventDefault();
      openHelp();
    } else if (!typing && event.key === "/" && !event.ctrlKey && !event.metaKey) {
      const field = /** @type {HTMLElement | null} */ (document.querySelector('main input[type="search"]'));
      if (!field) return;
      event.preventDefault();
      field.focus();
    }
  });
}

/** Those that have the words, screens first. @param {Target[]} targets @param {string} text @returns {Target[]} */
export function matching(targets, text) {
  const wanted = text.toLowerCase().split(/\s+/).filter(Boolean);
  const found = targets.filter(({ name, kind }) => wanted.every((word) => `${name} ${kind}`.toLowerCase().includes(word)));
  return found.slice(0, MOST);
}

export function openPalette() {
  const closing = new AbortController();
  /** @type {Target[]} */
  let targets = visible(me()?.scopes).map(({ key, name, group }) => ({ name, kind: t("palette.screen", { group }), href: `#/${key}` }));
  let chosen = 0;
  const listId = newId();
  const list = h("ul", { role: "listbox", id: listId, "aria-label": t("palette.found"), class: "palette-list" });
  const field = h("input", { type: "text", role: "combobox", "aria-expanded": "true", "aria-controls": listId, "aria-autocomplete": "list", "aria-label": t("palette.label"), placeholder: t("palette.placeholder"), autocomplete: "off", spellcheck: "false", autofocus: true, input: () => {
    chosen = 0;
    draw();
  }, keydown: (/** @type {KeyboardEvent} */ event) => {
    const found = now();
    if (event.key === "ArrowDown" || event.key === "ArrowUp") {
      event.preventDefault();
      chosen = (chosen + (event.key === "ArrowDown" ? 1 : -1) + found.length) % Math.max(found.length, 1);
      draw();
    } else if (event.key === "Enter") {
      event.preventDefault();
      const to = found[chosen];
      if (to) go(to);
    }
  } });
  /** @type {() => Target[]} */
  const now = () => {
    const text = field.value.trim();
    const found = matching(targets, text);
    return text ? [...found, { name: text, kind: t("palette.find_person"), href: `#/people?q=${encodeURIComponent(text)}` }] : found;
  };
  const go = (/** @type {Target} */ to) => {
    dialog.close();
    location.hash = to.href;
  };
  const draw = () => {
    list.replaceChildren(...now().map((target, index) => h("li", { role: "option", id: `${listId}-${index}`, "aria-selected": String(index === chosen), click: () => go(target) }, h("span", {}, target.name), h("small", { class: "quiet" }, target.kind))));
    field.setAttribute("aria-activedescendant", `${listId}-${chosen}`);
    list.children[chosen]?.scrollIntoView({ block: "nearest" });
  };
  const dialog = h("dialog", { class: "palette", "aria-label": t("palette.title"), click: (/** @type {MouseEvent} */ click) => click.target === dialog && dialog.close(), close: () => {
    closing.abort();
    dialog.remove();
  } }, field, list);
  document.body.append(dialog);
  dialog.showModal();
  draw();
  const more = async (/** @type {Promise<{ data: { id: string, name: string }[] }>} */ list, /** @type {string} */ path, /** @type {string} */ kind) => {
    // What may not be read is left out; screens and people are found all the same.
    const { data } = await list.catch(() => ({ data: [] }));
    targets = [...targets, ...data.map((one) => ({ name: one.name, kind, href: `#/${path}/${one.id}` }))];
    if (dialog.isConnected) draw();
  };
  const { signal } = closing;
  void more(rows("GET /audiences", { signal }), "audiences", t("palette.audience"));
  void more(rows("GET /experiences", { signal }), "experiences", t("palette.experience"));
}

const KEYS = [
  [t("palette.key_palette"), t("palette.does_palette")],
  ["/", t("palette.does_search")],
  [t("palette.key_rows"), t("palette.does_rows")],
  [t("palette.key_enter"), t("palette.does_enter")],
  [t("palette.key_suggestion"), t("palette.does_suggestion")],
  [t("palette.key_escape"), t("palette.does_escape")],
  ["?", t("palette.does_help")],
];

export function openHelp() {
  const dialog = h(
    "dialog",
    { class: "confirm", "aria-labelledby": "keys-title", click: (/** @type {MouseEvent} */ click) => click.target === dialog && dialog.close(), close: () => dialog.remove() },
    h("h2", { id: "keys-title" }, t("palette.keys")),
    h("dl", { class: "facts keys" }, KEYS.map(([key, does]) => h("div", {}, h("dt", {}, h("kbd", {}, key)), h("dd", {}, does)))),
    h("p", { class: "row-actions" }, h("button", { type: "button", class: "button", autofocus: true, click: () => dialog.close() }, t("palette.close"))),
  );
  document.body.append(dialog);
  dialog.showModal();
}
