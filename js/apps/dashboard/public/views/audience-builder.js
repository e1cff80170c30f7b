/** Making an audience, and changing one: as a form or as a text, which are two views of one tree. */
import { api, words } from "../api.js";
import { h } from "../dom.js";
import { plural } from "../format.js";
import { definitionOf, formOf, newGroup } from "../rules/rule.js";
import { loaded } from "../states.js";
import { vocabulary } from "../vocabulary.js";
import { livePreview } from "./audience-preview.js";
import { sentence } from "./definition.js";
import { labelled } from "./fields.js";
import { groupForm } from "./rule-form.js";
import { onLines, textEditor } from "./text-editor.js";

/** @param {import("../app.js").Screen} screen */
export function audienceBuilderView({ place, signal, parts: [, id = ""] }) {
  const isNew = id === "new";
  const body = h("div");
  const one = h("a", { href: `#/audiences/${id}` });
  place.append(
    h("p", { class: "crumbs" }, h("a", { href: "#/audiences" }, "Audiences"), !isNew && " / ", !isNew && one),
    h("div", { class: "head" }, h("h1", {}, isNew ? "New audience" : "Change audience")),
    body,
  );
  const path = `audiences/${encodeURIComponent(id)}`;
  void loaded(body, signal, () => Promise.all([vocabulary(signal), isNew ? undefined : api(path, { signal })]), ([known, audience]) => {
    one.textContent = audience?.name ?? "";
    return builder(known, audience, signal);
  }).then(() => {
    body.querySelector("input")?.focus();
  });
}

/** @param {import("../vocabulary.js").Vocabulary} known @param {any} audience nothing when it is a new one @param {AbortSignal} signal */
function builder(known, audience, signal) {
  const before = audience?.next ?? audience;
  let group = before ? formOf(before.definition) : newGroup();
  let form = true;

  const name = h("input", { required: true, placeholder: "Sneaker fans", autocomplete: "off", value: audience?.name ?? "" });
  const rules = h("div");
  const preview = h("div", { class: "card preview" });
  const reads = h("p", { class: "rule", id: "reads" });
  const raw = h("pre", { class: "code", tabindex: "0", "aria-label": "Definition as JSON" });
  const error = h("p", { class: "form-error", role: "alert" });
  // On small screens the preview is far above.
  const echo = h("span", { class: "count-echo quiet", "aria-hidden": "true" });
  const save = h("button", { type: "submit", class: "button button-main" }, audience ? "Save changes" : "Save audience");
  const nameOf = (/** @type {string} */ id) => known.audiences.find((one) => one.id === id)?.name ?? id;
  const editor = textEditor(() => changed());

  /** What is edited, in the form in which it is edited. */
  const definition = () => (form ? definitionOf(group) : editor.text().trim() || undefined);
  const tell = (/** @type {any} */ tree) => {
    reads.textContent = tree === undefined ? "" : `People who ${sentence(tree, nameOf)}.`;
    raw.textContent = tree === undefined ? "" : JSON.stringify(tree, null, 2);
  };
  const count = livePreview(preview, signal, {
    seen: (answer) => {
      tell(answer.definition);
      echo.textContent = `${answer.exact ? "" : "about "}${plural(answer.count, "person", "people")} now`;
      error.textContent = "";
    },
    refused: (problem) => {
      if (form) error.textContent = problem?.message ?? "";
      else editor.complain(problem && textProblem(problem));
    },
  });
  const changed = () => {
    const now = definition();
    error.textContent = "";
    if (form || now === undefined) tell(now);
    echo.textContent = "";
    count.ask(now);
  };
  const draw = () => {
    rules.replaceChildren(form ? groupForm(group, { known, changed, self: audience?.id }) : textForm(editor.element));
    for (const [button, on] of /** @type {const} */ ([[asForm, form], [asText, !form]])) button.setAttribute("aria-pressed", String(on));
  };

  /** To the other form of the same tree; what cannot be read stays where it is. @param {boolean} toForm */
  async function show(toForm) {
    if (toForm === form) return;
    const now = definition();
    asForm.disabled = asText.disabled = true;
    const answer = now === undefined ? undefined : await count.now(now);
    asForm.disabled = asText.disabled = false;
    if (signal.aborted) return;
    if (now !== undefined && !answer) return (toForm ? asForm : asText).focus();
    if (answer && toForm) group = formOf(answer.definition);
    if (now === undefined && toForm) group = newGroup();
    if (!toForm) editor.set(answer ? onLines(answer.text) : "");
    form = toForm;
    error.textContent = "";
    draw();
    if (now === undefined) changed();
    if (form) asForm.focus();
    else editor.focus();
  }
  const asForm = h("button", { type: "button", click: () => void show(true) }, "Form");
  const asText = h("button", { type: "button", click: () => void show(false) }, "Text");

  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const now = definition();
    if (now === undefined) {
      error.textContent = form ? "A condition is not finished yet." : "Write a rule first.";
      return;
    }
    save.disabled = true;
    error.textContent = "";
    try {
      const body = { name: name.value.trim(), definition: now };
      const saved = audience ? await api(`audiences/${encodeURIComponent(audience.id)}`, { method: "PATCH", body }) : await api("audiences", { method: "POST", body });
      location.hash = `#/audiences/${saved.id}`;
    } catch (problem) {
      error.textContent = words(problem);
      save.disabled = false;
    }
  };
  draw();
  changed();
  return h(
    "form",
    { class: "builder", submit },
    h(
      "div",
      { class: "card builder-main" },
      audience?.next && h("p", { class: "notice" }, "A change of this audience is still looking at everybody. You see the changed rules; saving puts yours in their place."),
      labelled("Name", name),
      h("div", { class: "builder-lead" }, h("h2", {}, "Rules"), h("div", { class: "switch", role: "group", "aria-label": "How the rules are written" }, asForm, asText)),
      rules,
      reads,
      error,
      h("p", { class: "row-actions" }, save, h("a", { class: "button", href: audience ? `#/audiences/${audience.id}` : "#/audiences" }, "Cancel"), echo),
      audience && h("p", { class: "hint" }, "The rules in force go on until everybody was looked at by the changed ones."),
    ),
    h("div", { class: "builder-side" }, preview, h("details", { class: "raw" }, h("summary", {}, "Definition as JSON"), raw)),
  );
}

/**
 * What is wrong with a text, and where. A mistake in a tree that could be read is told of its place in the tree, which is no
 * place in the text.
 *
 * @param {import("../api.js").ApiError} problem
 * @returns {import("./text-editor.js").Problem}
 */
function textProblem({ message, details: { line, column } }) {
  const [, inTree] = /^line 1, column 1: ((?:all|any|not|[a-z_]+\.)[\w.[\]]*: .*)$/s.exec(message) ?? [];
  if (inTree) return { message: `in ${inTree}` };
  return line ? { message, line: Number(line), column: Number(column) } : { message };
}

/** @param {HTMLElement} editor */
function textForm(editor) {
  return h(
    "div",
    { class: "text-form" },
    editor,
    h(
      "details",
      { class: "raw" },
      h("summary", {}, "How rules are written"),
      h("pre", { class: "code", tabindex: "0" }, EXAMPLES),
    ),
  );
}

const EXAMPLES = `event "Order Completed" where total >= 100, currency = "EUR" count >= 2 within 30d
event "Order Completed" sum of properties.total >= 500 calendar year timezone Europe/Berlin
sequence (event "Product Added" then event "Order Completed" within 1h) without (event "Product Removed")
sequence (event "Checkout Started" then not event "Order Completed" within 1d)
trait plan = "pro"        traits {"plan": {"$in": ["pro", "team"]}}
computed orders_count >= 2
date renews_at in_next 7d
audience aud_…            consent personalization            identifier email

a and b or not c: and binds closer than or; parentheses as usual`;
