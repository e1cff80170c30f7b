import { api, withQuery } from "../api.js";
import { h, icon, newId } from "../dom.js";
import { loaded } from "../states.js";

/** @typedef {{ key: string, value: string }} Field */

/** What the demo shop's hero reads; any other placement takes other fields. @returns {Field[]} */
function heroFields() {
  return [
    { key: "title", value: "" },
    { key: "text", value: "" },
    { key: "cta", value: "" },
    { key: "href", value: "/" },
  ];
}

/** @param {import("../app.js").Screen} screen */
export function experienceFormView({ place, signal }) {
  const body = h("div");
  place.append(h("p", { class: "crumbs" }, h("a", { href: "#/experiences" }, "Experiences")), h("div", { class: "head" }, h("h1", {}, "New experience")), body);
  void loaded(body, signal, () => api(withQuery("audiences", { limit: 100 }), { signal }), (page) => form(page.data));
}

/** @param {any[]} audiences */
function form(audiences) {
  const name = h("input", { required: true, placeholder: "Hero for sneaker fans", autocomplete: "off" });
  const placement = h("input", { required: true, value: "home-hero", autocomplete: "off", pattern: "[a-z0-9][a-z0-9_\\-]*", title: "Small letters, digits and dashes" });
  const audience = h("select", {}, h("option", { value: "" }, "Everybody"), audiences.map((one) => h("option", { value: one.id }, one.name)));
  const key = h("input", { required: true, value: "personal", autocomplete: "off", pattern: "[a-z0-9][a-z0-9_\\-]*", title: "Small letters, digits and dashes" });
  const holdout = h("input", { type: "number", min: 0, max: 99, value: 0 });
  let fields = heroFields();
  const rows = h("div", { class: "pairs" });
  const draw = () => rows.replaceChildren(...fields.map((field, index) => h(
    "div",
    { class: "pair" },
    h("input", { "aria-label": "Name of the field", value: field.key, input: (/** @type {any} */ event) => (field.key = event.target.value) }),
    h("input", { "aria-label": `Value of ${field.key || "the field"}`, value: field.value, input: (/** @type {any} */ event) => (field.value = event.target.value) }),
    h("button", { type: "button", class: "icon-button", click: () => {
      fields = fields.filter((_, other) => other !== index);
      draw();
    } }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, `Remove ${field.key}`)),
  )));
  draw();
  const error = h("p", { class: "form-error", role: "alert" });
  const save = h("button", { type: "submit", class: "button button-main" }, "Save experience");
  return h(
    "form",
    { class: "card narrow", submit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      save.disabled = true;
      error.textContent = "";
      const value = Object.fromEntries(fields.filter((field) => field.key.trim() && field.value.trim()).map((field) => [field.key.trim(), field.value.trim()]));
      const share = Number(holdout.value) / 100;
      try {
        await api("experiences", { method: "POST", body: {
          name: name.value.trim(),
          placement: placement.value.trim(),
          audience_id: audience.value || null,
          ...(share > 0 ? { holdout: share } : {}),
          variants: [{ key: key.value.trim(), weight: 1, value }],
        } });
        location.hash = "#/experiences";
      } catch (problem) {
        error.textContent = problem instanceof Error ? problem.message : String(problem);
        save.disabled = false;
      }
    } },
    labelled("Name", name),
    labelled("Placement", placement, "Where on the page. The demo shop has one: home-hero."),
    labelled("Audience", audience, "Who gets it. Others keep the page’s default."),
    labelled("Variant", key, "Appears in decisions and reports."),
    h("fieldset", { class: "plain" }, h("legend", {}, "What it shows"), rows, h("button", { type: "button", class: "button", click: () => {
      fields.push({ key: "", value: "" });
      draw();
      /** @type {HTMLElement | null} */ (rows.lastElementChild?.querySelector("input"))?.focus();
    } }, "Add a field")),
    labelled("Hold out, in percent", holdout, "This share of the audience keeps the default, so that the effect can be measured."),
    error,
    h("p", { class: "row-actions" }, save, h("a", { class: "button", href: "#/experiences" }, "Cancel")),
  );
}

/** @param {string} label @param {HTMLElement} field @param {string} [hint] */
function labelled(label, field, hint) {
  const id = newId();
  field.id = id;
  if (hint) field.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", { class: "field" }, h("label", { for: id }, label), field, hint && h("p", { class: "hint", id: `${id}-hint` }, hint));
}
