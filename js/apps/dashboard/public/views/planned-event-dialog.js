import { h, icon } from "../dom.js";
import { ACTIONS, readSchema } from "../plan.js";
import { t } from "../words.js";
import { labelled } from "./fields.js";

const TYPES = ["track", "page", "screen", "identify", "group"];

/**
 * Edits one event of the plan. `save` gives back what is wrong with it, or nothing when it was taken.
 *
 * @param {import("../plan.js").PlannedEvent} event
 * @param {{ isNew: boolean, save: (event: import("../plan.js").PlannedEvent) => Promise<string | undefined>, remove: () => Promise<string | undefined> }} does
 */
export function plannedEventDialog(event, { isNew, save, remove }) {
  const type = h("select", {}, TYPES.map((name) => h("option", { value: name, translate: "no", selected: name === event.type }, name)));
  const name = h("input", { value: event.event ?? "", autocomplete: "off", maxlength: 255 });
  const description = h("input", { value: event.description ?? "", autocomplete: "off" });
  const action = h("select", {}, ACTIONS.map(({ key, name: word }) => h("option", { value: key, selected: key === event.on_violation }, word)));
  const schema = h("textarea", { class: "schema", rows: 16, spellcheck: "false", autocapitalize: "off" }, JSON.stringify(event.schema ?? {}, null, 2));
  const error = h("p", { class: "form-error", role: "alert" });
  const done = h("button", { type: "submit", class: "button button-main" }, t("planned_event.save"));
  const gone = h("button", { type: "button", class: "button", hidden: isNew, click: () => run(remove) }, t("planned_event.remove"));
  const nameField = labelled(t("planned_event.name"), name, t("planned_event.name_hint"));
  const named = () => (nameField.hidden = type.value === "identify" || type.value === "group");
  type.addEventListener("change", named);
  named();

  /** @param {() => Promise<string | undefined>} act */
  async function run(act) {
    done.disabled = gone.disabled = true;
    const problem = await act();
    done.disabled = gone.disabled = false;
    error.textContent = problem ?? "";
    if (!problem) dialog.close();
  }

  const form = h(
    "form",
    { class: "sheet-in", submit: (/** @type {Event} */ submit) => {
      submit.preventDefault();
      const read = readSchema(schema.value);
      if ("problem" in read) {
        error.textContent = read.problem;
        schema.focus();
        return;
      }
      const text = nameField.hidden ? "" : name.value.trim();
      void run(() => save({ type: /** @type {import("../plan.js").EventKind} */ (type.value), ...(text ? { event: text } : {}), description: description.value.trim(), on_violation: /** @type {import("../plan.js").PlanAction} */ (action.value), schema: read.schema }));
    } },
    h("div", { class: "sheet-head" }, h("h2", { id: "planned-title" }, isNew ? t("planned_event.new") : (event.event ?? event.type)), h("button", { type: "button", class: "icon-button", click: () => dialog.close() }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, t("planned_event.close")))),
    labelled(t("planned_event.type"), type),
    nameField,
    labelled(t("planned_event.description"), description),
    labelled(t("planned_event.action"), action, t("planned_event.action_hint")),
    labelled(t("planned_event.schema"), schema, t("planned_event.schema_hint")),
    error,
    h("div", { class: "row-actions" }, done, gone),
  );
  const dialog = h("dialog", { class: "sheet", "aria-labelledby": "planned-title", close: () => dialog.remove() }, form);
  document.body.append(dialog);
  dialog.showModal();
}
