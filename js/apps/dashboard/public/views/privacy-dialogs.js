/** The questions of privacy requests: a new one, how an identity was checked, and why something is done. */
import { call, words } from "../api.js";
import { h, icon } from "../dom.js";
import { t } from "../words.js";
import { labelled } from "./fields.js";
import { ABOUT, KINDS, METHODS } from "./privacy-words.js";

/** @typedef {import("@headwater/api-client").PrivacyRequest} Request */
/** @typedef {import("@headwater/api-client").NewPrivacyRequest} NewRequest */
/** @typedef {import("@headwater/api-client").PrivacyVerificationInput} Verification */

/**
 * A form at the side. `act` gives what to go on with, and throws what is wrong.
 *
 * @template T
 * @param {{ title: string, button: string, danger?: boolean, fields: Node[], act: () => Promise<T>, done: (answer: T) => void }} form
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
    h("div", { class: "sheet-head" }, h("h2", { id: "sheet-title" }, title), h("button", { type: "button", class: "icon-button", click: () => dialog.close() }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, t("privacy.close")))),
    fields,
    error,
    h("div", { class: "row-actions" }, submit, h("button", { type: "button", class: "button", click: () => dialog.close() }, t("privacy.cancel"))));
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "sheet-title", close: () => dialog.remove() }, form);
  document.body.append(dialog);
  dialog.showModal();
}

/** @param {(request: Request) => void} done */
export function newRequestDialog(done) {
  const about = h("p", { class: "hint" });
  const set = h("textarea", { rows: 4, spellcheck: "false", placeholder: t("privacy.set_example") });
  const remove = h("input", { autocomplete: "off", placeholder: t("privacy.remove_example") });
  const corrections = h("div", { class: "stack" }, labelled(t("privacy.traits_with_what_is_right"), set, t("privacy.one_a_line_name_value")), labelled(t("privacy.traits_to_remove"), remove, t("privacy.divided_by_commas")));
  const kind = h("select", {}, Object.entries(KINDS).map(([value, name]) => h("option", { value }, name)));
  const chosen = () => {
    about.textContent = ABOUT[kind.value] ?? "";
    corrections.hidden = kind.value !== "rectification";
  };
  kind.addEventListener("change", chosen);
  chosen();
  const idKind = h("select", {}, [["email", t("privacy.e_mail_address")], ["user_id", t("privacy.user_id")], ["phone", t("privacy.phone_number")], ["anonymous_id", t("privacy.browser_id")]].map(([value, name]) => h("option", { value }, name)));
  const value = h("input", { autocomplete: "off", required: true, spellcheck: "false" });
  const regime = h("select", {}, [["gdpr", t("privacy.gdpr_one_month")], ["ccpa", t("privacy.ccpa_45_days")]].map(([key, name]) => h("option", { value: key }, name)));
  const note = h("textarea", { rows: 3 });
  sheet({
    title: t("privacy.new_request"),
    button: t("privacy.take_it_in"),
    fields: [h("div", { class: "stack stack-small" }, labelled(t("privacy.what_is_asked_for"), kind), about), labelled(t("privacy.the_person_is_named_by"), idKind), labelled(t("privacy.value"), value), corrections, labelled(t("privacy.law"), regime), labelled(t("privacy.note"), note, t("privacy.how_it_arrived_such_as"))],
    act: async () => call("POST /privacy/requests", { body: {
      kind: /** @type {NewRequest["kind"]} */ (kind.value), subject: { kind: idKind.value, value: value.value.trim() }, regime: /** @type {NewRequest["regime"]} */ (regime.value), note: note.value.trim(),
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
    if (rest.length === 0 || !name.trim()) throw new Error(t("privacy.line_wrong", { line: line.trim() }));
    const value = rest.join("=").trim();
    found[name.trim()] = /^-?\d+(\.\d+)?$/.test(value) ? Number(value) : value === "true" ? true : value === "false" ? false : value;
  }
  return found;
}

/** @param {string} id the request's @param {() => void} done */
export function verifyDialog(id, done) {
  const method = h("select", {}, Object.entries(METHODS).map(([value, name]) => h("option", { value }, name)));
  const by = h("input", { autocomplete: "name", required: true });
  const reference = h("input", { autocomplete: "off" });
  sheet({
    title: t("privacy.identity_was_checked"),
    button: t("privacy.write_it_down"),
    fields: [labelled(t("privacy.how"), method), labelled(t("privacy.by_whom"), by), labelled(t("privacy.where_the_proof_is"), reference, t("privacy.a_tickets_number_do_not"))],
    act: () => call("POST /privacy/requests/{id}/verify", { path: { id }, body: { method: /** @type {Verification["method"]} */ (method.value), by: by.value.trim(), reference: reference.value.trim() } }),
    done,
  });
}

/** @param {{ title: string, button: string, hint: string, danger?: boolean, id: string, act: "extend" | "refuse", done: () => void }} question */
export function reasonDialog({ title, button, hint, danger = false, id, act, done }) {
  const reason = h("textarea", { rows: 4, required: true });
  sheet({
    title, button, danger,
    fields: [labelled(t("privacy.reason"), reason, hint)],
    act: () => call(`POST /privacy/requests/{id}/${act}`, { path: { id }, body: { reason: reason.value.trim() } }),
    done,
  });
}
