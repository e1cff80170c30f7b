/**
 * The text form of a definition, with a mark where it cannot be read.
 */
import { h, newId } from "../dom.js";
import { t } from "../words.js";

/** @typedef {{ message: string, line?: number, column?: number }} Problem */

/** Each rule that `and` or `or` joins at the top begins a line. @param {string} text */
export function onLines(text) {
  let depth = 0;
  let lines = "";
  for (const [token] of text.matchAll(/"(?:[^"\\]|\\.)*"| (?:and|or) |./gs)) {
    if ("([{".includes(token)) depth += 1;
    if (")]}".includes(token)) depth -= 1;
    lines += depth === 0 && /^ (and|or) $/.test(token) ? `\n  ${token.trimStart()}` : token;
  }
  return lines;
}

/** The place of a line and a column, both from 1, in a text. @param {string} text @param {number} line @param {number} column */
export function placeOf(text, line, column) {
  const lines = text.split("\n");
  const before = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  // Columns count characters, a text's places count halves of some of them.
  return before + [...(lines[line - 1] ?? "")].slice(0, column - 1).join("").length;
}

/** @param {(text: string) => void} typed */
export function textEditor(typed) {
  const hint = newId();
  const mirror = h("div", { class: "editor-mirror", "aria-hidden": "true" });
  const area = h("textarea", { class: "editor-area", "aria-label": t("rules.definition_as_text"), "aria-describedby": hint, spellcheck: "false", autocapitalize: "off", input: () => {
    show();
    typed(area.value);
  } });
  const said = h("span");
  const go = h("button", { type: "button", class: "link-button", click: () => {
    const at = Number(go.dataset.at);
    area.focus();
    area.setSelectionRange(at, wordEnd(area.value, at));
  } }, t("rules.go_there"));
  const trouble = h("p", { class: "form-error editor-error", id: hint, role: "status" }, said, " ", go);

  /** @param {Problem} [problem] */
  const show = (problem) => {
    const at = problem?.line === undefined ? undefined : placeOf(area.value, problem.line, problem.column ?? 1);
    trouble.hidden = !problem;
    go.hidden = at === undefined;
    go.dataset.at = String(at ?? 0);
    said.textContent = problem ? sentence(problem.message) : "";
    area.setAttribute("aria-invalid", String(Boolean(problem)));
    if (at === undefined) return mirror.replaceChildren(`${area.value}\n`);
    const end = wordEnd(area.value, at);
    mirror.replaceChildren(area.value.slice(0, at), h("mark", {}, area.value.slice(at, end) || " "), `${area.value.slice(end)}\n`);
  };
  show();
  return {
    element: h("div", { class: "editor-box" }, h("div", { class: "editor" }, mirror, area), trouble),
    /** @param {string} text */
    set(text) {
      area.value = text;
      show();
    },
    text: () => area.value,
    focus: () => area.focus(),
    /** Says what is wrong, at its place; nothing when all is well. @param {Problem} [problem] */
    complain: show,
  };
}

/** @param {string} text @param {number} at */
function wordEnd(text, at) {
  const word = /^("(?:[^"\\]|\\.)*"|[\w.$-]+|\S)/.exec(text.slice(at));
  return at + (word?.[0].length ?? 0);
}

/** @param {string} message */
function sentence(message) {
  return `${message[0]?.toUpperCase() ?? ""}${message.slice(1)}.`;
}
