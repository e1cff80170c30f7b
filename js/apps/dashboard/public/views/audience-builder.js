/** Making an audience, and changing one: as a form or as a text, which are two views of one tree. */
import { call, words } from "../api.js";
import { h } from "../dom.js";
import { definitionOf, formOf, newGroup } from "../rules/rule.js";
import { loaded } from "../states.js";
import { vocabulary } from "../vocabulary.js";
import { t } from "../words.js";
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
    h("p", { class: "crumbs" }, h("a", { href: "#/audiences" }, t("audiences.audiences")), !isNew && " / ", !isNew && one),
    h("div", { class: "head" }, h("h1", {}, isNew ? t("audiences.new_audience") : t("audiences.change_audience"))),
    body,
  );
  void loaded(body, signal, () => Promise.all([vocabulary(signal), isNew ? undefined : call("GET /audiences/{id}", { path: { id }, signal })]), ([known, audience]) => {
    one.textContent = audience?.name ?? "";
    return builder(known, audience, signal);
  }).then(() => {
    body.querySelector("input")?.focus();
  });
}

/** @param {import("../vocabulary.js").Vocabulary} known @param {import("@headwater/api-client").Audience | undefined} audience nothing when it is a new one @param {AbortSignal} signal */
function builder(known, audience, signal) {
  const before = audience?.next ?? audience;
  let group = before ? formOf(before.definition) : newGroup();
  let form = true;

  const name = h("input", { required: true, placeholder: t("audiences.sneaker_fans"), autocomplete: "off", value: audience?.name ?? "" });
  const rules = h("div");
  const preview = h("div", { class: "card preview" });
  const reads = h("p", { class: "rule", id: "reads" });
  const raw = h("pre", { class: "code", tabindex: "0", "aria-label": t("audiences.definition_as_json") });
  const error = h("p", { class: "form-error", role: "alert" });
  // On small screens the preview is far above.
  const echo = h("span", { class: "count-echo quiet", "aria-hidden": "true" });
  const save = h("button", { type: "submit", class: "button button-main" }, audience ? t("audiences.save_changes") : t("audiences.save_audience"));
  const nameOf = (/** @type {string} */ id) => known.audiences.find((one) => one.id === id)?.name ?? id;
  const editor = textEditor(() => changed());

  /** What is edited, in the form in which it is edited. */
  const definition = () => (form ? definitionOf(group) : editor.text().trim() || undefined);
  const tell = (/** @type {any} */ tree) => {
    reads.textContent = tree === undefined ? "" : t("audiences.reads", { sentence: sentence(tree, nameOf) });
    raw.textContent = tree === undefined ? "" : JSON.stringify(tree, null, 2);
  };
  const count = livePreview(preview, signal, {
    seen: (answer) => {
      tell(answer.definition);
      echo.textContent = t(answer.exact ? "audiences.count_now" : "audiences.about_count_now", { count: answer.count });
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
  const asForm = h("button", { type: "button", click: () => void show(true) }, t("audiences.form"));
  const asText = h("button", { type: "button", click: () => void show(false) }, t("audiences.text"));

  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    const now = definition();
    if (now === undefined) {
      error.textContent = form ? t("audiences.a_condition_is_not_finished") : t("audiences.write_a_rule_first");
      return;
    }
    save.disabled = true;
    error.textContent = "";
    try {
      const body = { name: name.value.trim(), definition: now };
      const saved = audience ? await call("PATCH /audiences/{id}", { path: { id: audience.id }, body }) : await call("POST /audiences", { body });
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
      audience?.next && h("p", { class: "notice" }, t("audiences.a_change_of_this_audience")),
      labelled(t("audiences.name"), name),
      h("div", { class: "builder-lead" }, h("h2", {}, t("audiences.rules")), h("div", { class: "switch", role: "group", "aria-label": t("audiences.how_the_rules_are_written") }, asForm, asText)),
      rules,
      reads,
      error,
      h("p", { class: "row-actions" }, save, h("a", { class: "button", href: audience ? `#/audiences/${audience.id}` : "#/audiences" }, t("audiences.cancel")), echo),
      audience && h("p", { class: "hint" }, t("audiences.the_rules_in_force_go")),
    ),
    h("div", { class: "builder-side" }, preview, h("details", { class: "raw" }, h("summary", {}, t("audiences.definition_as_json")), raw)),
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
  if (inTree) return { message: t("audiences.in_path", { path: inTree }) };
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
      h("summary", {}, t("audiences.how_rules_are_written")),
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
