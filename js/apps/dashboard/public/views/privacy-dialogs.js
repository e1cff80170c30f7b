/** The questions of privacy requests: a new one, how an identity was checked, and why something is done. */
import { api, words } from "../api.js";
import { h, icon } from "../dom.js";
import { labelled } from "./fields.js";
import { ABOUT, KINDS, METHODS } from "./privacy-words.js";

/**
 * A form at the side. `act` gives what to go on with, and throws what is wrong.
 *
 * @param {{ title: string, button: string, danger?: boolean, fields: Node[], act: () => Promise<any>, done: (answer: any) => void }} form
 */
export function sheet({ title, button, danger, fields, act, done }) {
  const error = h("p", { class: "form-error", role: "alert" });
  const submit = h("button", { type: "submit", class: `button ${danger ? "button-danger" : "button-main"}` }, button);
  const form = h("form", { class: "sheet-in", submit: async (/** @type {Event} */ event) => {
    event.preventDefault();
    submit.disabled = true;
    error.textContent = "";
    try {
      const answer = await act();
      dialog.close();
      done(answer);
    } catch (problem) {
      error.textContent = words(problem);
      submit.disabled = false;
    }
  } },
    h("div", { class: "sheet-head" }, h("h2", { id: "sheet-title" }, title), h("button", { type: "button", class: "icon-button", click: () => dialog.close() }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, "Close"))),
    fields,
    error,
    h("div", { class: "row-actions" }, submit, h("button", { type: "button", class: "button", click: () => dialog.close() }, "Cancel")));
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "sheet-title", close: () => dialog.remove() }, form);
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {(request: any) => void} done */
export function newRequestDialog(done) {
  const about = h("p", { class: "hint" });
  const set = h("textarea", { rows: 4, spellcheck: "false", placeholder: "name = Ada\ncity = London" });
  const remove = h("input", { autocomplete: "off", placeholder: "plan, nickname" });
  const corrections = h("div", { class: "stack" }, labelled("Traits with what is right", set, "One a line: name = value."), labelled("Traits to remove", remove, "Divided by commas."));
  const kind = h("select", {}, Object.entries(KINDS).map(([value, name]) => h("option", { value }, name)));
  const chosen = () => {
    about.textContent = ABOUT[kind.value] ?? "";
    corrections.hidden = kind.value !== "rectification";
  };
  kind.addEventListener("change", chosen);
  chosen();
  const idKind = h("select", {}, [["email", "E-mail address"], ["user_id", "User id"], ["phone", "Phone number"], ["anonymous_id", "Browser id"]].map(([value, name]) => h("option", { value }, name)));
  const value = h("input", { autocomplete: "off", required: true, spellcheck: "false" });
  const regime = h("select", {}, [["gdpr", "GDPR: one month"], ["ccpa", "CCPA: 45 days"]].map(([key, name]) => h("option", { value: key }, name)));
  const note = h("textarea", { rows: 3 });
  sheet({
    title: "New request",
    button: "Take it in",
    fields: [h("div", { class: "stack stack-small" }, labelled("What is asked for", kind), about), labelled("The person is named by", idKind), labelled("Value", value), corrections, labelled("Law", regime), labelled("Note", note, "How it arrived, such as a ticket's number.")],
    act: () => api("privacy/requests", { method: "POST", body: {
      kind: kind.value, subject: { kind: idKind.value, value: value.value.trim() }, regime: regime.value, note: note.value.trim(),
      ...(corrections.hidden ? {} : { set: assignments(set.value), remove: remove.value.split(",").map((name) => name.trim()).filter(Boolean) }),
    } }),
    done,
  });
}

/** `name = value`, one a line; numbers and yes or no as such. @param {string} text */
export function assignments(text) {
  /** @type {Record<string, unknown>} */
  const found = {};
  for (const line of text.split("\n")) {
    const [name = "", ...rest] = line.split("=");
    if (!line.trim()) continue;
    if (rest.length === 0 || !name.trim()) throw new Error(`“${line.trim()}” is not name = value.`);
    const value = rest.join("=").trim();
    found[name.trim()] = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value === "true" ? true : value === "false" ? false : value;
  }
  return found;
}

/** @param {string} path @param {() => void} done */
export function verifyDialog(path, done) {
  const method = h("select", {}, Object.entries(METHODS).map(([value, name]) => h("option", { value }, name)));
  const by = h("input", { autocomplete: "name", required: true });
  const reference = h("input", { autocomplete: "off" });
  sheet({
    title: "Identity was checked",
    button: "Write it down",
    fields: [labelled("How", method), labelled("By whom", by), labelled("Where the proof is", reference, "A ticket's number. Do not copy a document into it.")],
    act: () => api(`${path}/verify`, { method: "POST", body: { method: method.value, by: by.value.trim(), reference: reference.value.trim() } }),
    done,
  });
}

/** @param {{ title: string, button: string, hint: string, danger?: boolean, path: string, done: () => void }} question */
export function reasonDialog({ title, button, hint, danger = false, path, done }) {
  const reason = h("textarea", { rows: 4, required: true });
  sheet({
    title, button, danger,
    fields: [labelled("Reason", reason, hint)],
    act: () => api(path, { method: "POST", body: { reason: reason.value.trim() } }),
    done,
  });
}
