import { call, rows } from "../api.js";
import { h, icon, newId } from "../dom.js";
import { loaded } from "../states.js";
import { toast } from "../toast.js";
import { besideFields } from "./field-mistakes.js";
import { checkbox, labelled, saving, select } from "./form-field.js";
import { frequencyCaps } from "./frequency-caps.js";

/** @typedef {import("@headwater/api-client").StoredExperience} Experience */
/** @typedef {import("@headwater/api-client").Row<"GET /audiences">} Audience */
/** @typedef {import("@headwater/api-client").Row<"GET /placements">} Placement */
/** @typedef {{ key: string, value: string }} Field */
/** @typedef {{ key: string, weight: number, enabled: boolean, audience: string, fields: Field[] }} Variant */

/** What a new experience begins with. @type {Experience["variants"][number]} */
const FIRST = { key: "personal", weight: 1, value: { title: "", text: "", cta: "", href: "/" } };
const NAME = { pattern: "[a-z0-9][a-z0-9_\\-]*", title: "Small letters, digits and dashes" };

/** @param {import("../app.js").Screen} screen */
export function experienceFormView({ place, signal }) {
  const body = h("div");
  place.append(h("p", { class: "crumbs" }, h("a", { href: "#/experiences" }, "Experiences")), h("div", { class: "head" }, h("h1", {}, "New experience")), body);
  void loaded(body, signal, async () => {
    const [audiences, placements] = await Promise.all([rows("GET /audiences", { signal }), rows("GET /placements", { signal })]);
    return { audiences: audiences.data, placements: placements.data };
  }, (known) => experienceForm({ ...known, saved: (made) => {
    toast(`“${made.name}” is running.`);
    location.hash = `#/experiences/${made.id}`;
  } }));
}

/** A value as fields of text; what is no text is JSON. @param {unknown} value @returns {Field[]} */
function fieldsOf(value) {
  const entries = Object.entries(value && typeof value === "object" ? value : {});
  return entries.map(([key, one]) => ({ key, value: typeof one === "string" ? one : JSON.stringify(one) }));
}

/** A field's text as it was before it was shown: numbers, truth and structures stay what they were. @param {string} text @param {unknown} before */
function valueOf(text, before) {
  if (before === undefined || typeof before === "string") return text;
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}

/** The moment of a `datetime-local` field. @param {string | undefined} iso */
function local(iso) {
  if (!iso) return "";
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/**
 * @param {{ audiences: Audience[], placements: Placement[], experience?: Experience, saved: (experience: Experience) => void }} options `experience` is the one that is changed
 */
export function experienceForm({ audiences, placements, experience, saved }) {
  const name = h("input", { required: true, placeholder: "Hero for sneaker fans", autocomplete: "off", value: experience?.name ?? "", "data-path": "name" });
  const known = h("datalist", { id: newId() }, placements.map((one) => h("option", { value: one.key }, one.name)));
  const placement = h("input", { required: true, value: experience?.placement ?? placements[0]?.key ?? "home-hero", autocomplete: "off", list: known.id, "data-path": "placement", ...NAME });
  /** @type {[string, string][]} */
  const people = audiences.map((one) => [one.id, one.name]);
  const audience = select([["", "Everybody"], ...people], experience?.audience_id ?? "");
  audience.dataset.path = "audience_id";
  const holdout = h("input", { type: "number", min: 0, max: 99, step: "any", value: Math.round((experience?.holdout ?? 0) * 1000) / 10, "data-path": "holdout" });
  const priority = h("input", { type: "number", step: 1, value: experience?.priority ?? 0, "data-path": "priority" });
  const starts = h("input", { type: "datetime-local", value: local(experience?.starts_at), "data-path": "starts_at" });
  const ends = h("input", { type: "datetime-local", value: local(experience?.ends_at), "data-path": "ends_at" });
  const caps = frequencyCaps(experience?.frequency_caps ?? []);
  const enabled = checkbox("Running", experience?.enabled ?? true);
  /** @type {Variant[]} */
  const variants = (experience?.variants ?? [FIRST]).map((one) => ({ key: one.key, weight: one.weight, enabled: one.enabled ?? true, audience: one.audience_id ?? "", fields: fieldsOf(one.value) }));
  const shown = h("div", { class: "stack" });
  const draw = () => shown.replaceChildren(...variants.map((variant, index) => variantRow(variant, `variants[${index}]`, variants, people, draw)));
  draw();
  const written = () => ({
    name: name.value.trim(),
    placement: placement.value.trim(),
    audience_id: audience.value || null,
    enabled: enabled.box.checked,
    priority: Number(priority.value),
    holdout: Number(holdout.value) / 100,
    starts_at: starts.value ? new Date(starts.value).toISOString() : null,
    ends_at: ends.value ? new Date(ends.value).toISOString() : null,
    frequency_caps: caps.written(),
    variants: variants.map(({ key, weight, enabled: on, audience: own, fields }) => {
      const before = /** @type {any} */ (experience?.variants.find((one) => one.key === key)?.value);
      const plainText = before !== undefined && (before === null || typeof before !== "object");
      const value = Object.fromEntries(fields.filter((field) => field.key.trim() && field.value.trim()).map((field) => [field.key.trim(), valueOf(field.value.trim(), before?.[field.key])]));
      return { key: key.trim(), weight, enabled: on, ...(own ? { audience_id: own } : {}), value: plainText && fields.length === 0 ? before : value };
    }),
  });
  /** @type {HTMLElement} */
  const form = saving(
    { class: "card form narrow", label: "Experience", save: experience ? "Save changes" : "Save experience", act: async () => {
      saved(await besideFields(form, () => (experience ? call("PATCH /experiences/{id}", { path: { id: experience.id }, body: { version: experience.version, ...written() } }) : call("POST /experiences", { body: written() }))));
    } },
    labelled("Name", name),
    h("div", {}, labelled("Placement", placement, "Where on the page. The demo shop has one: home-hero."), known),
    labelled("Audience", audience, "Who gets it. Others keep the page’s default."),
    h("fieldset", { class: "plain", "data-path": "variants" }, h("legend", {}, "Variants"), shown, h("button", { type: "button", class: "button", click: () => {
      variants.push({ key: `variant-${variants.length + 1}`, weight: 1, enabled: true, audience: "", fields: (variants[0]?.fields ?? []).map(({ key }) => ({ key, value: "" })) });
      draw();
      /** @type {HTMLElement | null} */ (shown.lastElementChild?.querySelector("input"))?.focus();
    } }, "Add a variant")),
    h("div", { class: "form-row" }, labelled("Hold out, in percent", holdout, "This share keeps the default, so that the effect can be measured."), labelled("Priority", priority, "The highest decides.")),
    h("div", { class: "form-row" }, labelled("Starts", starts), labelled("Ends", ends)),
    caps.node,
    enabled.node,
  );
  return form;
}

/** @param {Variant} variant @param {string} path @param {Variant[]} variants @param {[string, string][]} people @param {() => void} draw */
function variantRow(variant, path, variants, people, draw) {
  const key = h("input", { required: true, value: variant.key, autocomplete: "off", "data-path": `${path}.key`, ...NAME, input: () => (variant.key = key.value) });
  const weight = h("input", { type: "number", min: 0, step: "any", value: variant.weight, "data-path": `${path}.weight`, input: () => (variant.weight = Number(weight.value)) });
  const own = select([["", "by weight"], ...people], variant.audience);
  own.addEventListener("change", () => (variant.audience = own.value));
  const pairs = h("div", { class: "pairs" });
  const drawPairs = () => pairs.replaceChildren(...variant.fields.map((field, index) => h(
    "div",
    { class: "pair" },
    h("input", { "aria-label": "Name of the field", value: field.key, input: (/** @type {any} */ event) => (field.key = event.target.value) }),
    h("input", { "aria-label": `Value of ${field.key || "the field"}`, value: field.value, "data-path": `${path}.value.${field.key}`, input: (/** @type {any} */ event) => (field.value = event.target.value) }),
    h("button", { type: "button", class: "icon-button", click: () => {
      variant.fields.splice(index, 1);
      drawPairs();
    } }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, `Remove ${field.key}`)),
  )));
  drawPairs();
  return h(
    "div",
    { class: "group", role: "group", "aria-label": `Variant ${variant.key}`, "data-path": path },
    h("div", { class: "form-row" }, labelled("Variant", key), labelled("Weight", weight), labelled("For", own)),
    h("div", { class: "row-head" }, h("span", { class: "quiet" }, "What it shows"), variants.length > 1 && h("button", { type: "button", class: "link-button", click: () => {
      variants.splice(variants.indexOf(variant), 1);
      draw();
    } }, "Remove this variant")),
    pairs,
    h("p", {}, h("button", { type: "button", class: "button", click: () => {
      variant.fields.push({ key: "", value: "" });
      drawPairs();
      /** @type {HTMLElement | null} */ (pairs.lastElementChild?.querySelector("input"))?.focus();
    } }, "Add a field")),
    checkbox("Shown", variant.enabled, (on) => (variant.enabled = on)).node,
  );
}
