import { call, rows } from "../api.js";
import { h, icon, newId } from "../dom.js";
import { loaded } from "../states.js";
import { toast } from "../toast.js";
import { t } from "../words.js";
import { besideFields } from "./field-mistakes.js";
import { checkbox, labelled, saving, select } from "./form-field.js";
import { frequencyCaps } from "./frequency-caps.js";

/** @typedef {import("@headwater/api-client").StoredExperience} Experience */
/** @typedef {import("@headwater/api-client").Row<"GET /audiences">} Audience */
/** @typedef {import("@headwater/api-client").Row<"GET /placements">} Placement */
/** @typedef {{ key: string, value: string }} Field */
/** @typedef {{ key: string, weight: number, enabled: boolean, audience: string, before: unknown, fields: Field[] }} Variant `before` is its value as it was read */

/** What a new experience begins with. @type {Experience["variants"][number]} */
const FIRST = { key: "personal", weight: 1, value: { title: "", text: "", cta: "", href: "/" } };
const NAME = { pattern: "[a-z0-9][a-z0-9_\\-]*", title: t("experiences.small_letters_digits_and_dashes") };

/** @param {import("../app.js").Screen} screen */
export function experienceFormView({ place, signal }) {
  const body = h("div");
  place.append(h("p", { class: "crumbs" }, h("a", { href: "#/experiences" }, t("experiences.experiences"))), h("div", { class: "head" }, h("h1", {}, t("experiences.new_experience"))), body);
  void loaded(body, signal, async () => {
    const [audiences, placements] = await Promise.all([rows("GET /audiences", { signal }), rows("GET /placements", { signal })]);
    return { audiences: audiences.data, placements: placements.data };
  }, (known) => experienceForm({ ...known, saved: (made) => {
    toast(t("experiences.name_is_running", { name: made.name }));
    location.hash = `#/experiences/${made.id}`;
  } }));
}

/** Whether a form has fields for it. @param {unknown} value @returns {value is Record<string, unknown>} */
function hasFields(value) {
  return value !== null && typeof value === "object" && !Array.isArray(value);
}

/** How a field shows what is in it; what is no text is JSON. @param {unknown} one */
function textOf(one) {
  return typeof one === "string" ? one : JSON.stringify(one);
}

/** A value as fields of text. @param {unknown} value @returns {Field[]} */
function fieldsOf(value) {
  return Object.entries(hasFields(value) ? value : {}).map(([key, one]) => ({ key, value: textOf(one) }));
}

/** A field's text as it was before it was shown: numbers, truth and structures stay what they were. @param {string} text @param {unknown} before */
function valueOf(text, before) {
  if (before !== undefined && text === textOf(before)) return before;
  if (before === undefined || typeof before === "string") return text.trim();
  try {
    return JSON.parse(text);
  } catch {
    return text.trim();
  }
}

/** What the fields of a variant come to. Fields that were never filled in are none; a value that has no fields stays. @param {Variant} variant */
function valueFrom({ fields, before }) {
  const known = hasFields(before) ? before : {};
  if (fields.length === 0 && before !== undefined && !hasFields(before)) return before;
  const filled = fields.filter(({ key, value }) => key.trim() && (value.trim() || textOf(known[key.trim()]) === value));
  return Object.fromEntries(filled.map(({ key, value }) => [key.trim(), valueOf(value, known[key.trim()])]));
}

/** The moment of a `datetime-local` field. @param {string | undefined} iso */
function local(iso) {
  if (!iso) return "";
  const at = new Date(iso);
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** What a field of a moment says; as it was, to the second, where nobody changed it. @param {string} text @param {string | undefined} before */
function momentFrom(text, before) {
  if (before && text === local(before)) return before;
  return text ? new Date(text).toISOString() : null;
}

/** @param {number} share */
function percentOf(share) {
  return Number((share * 100).toFixed(6));
}

/**
 * @param {{ audiences: Audience[], placements: Placement[], experience?: Experience, saved: (experience: Experience) => void }} options `experience` is the one that is changed
 */
export function experienceForm({ audiences, placements, experience, saved }) {
  const name = h("input", { required: true, placeholder: t("experiences.hero_for_sneaker_fans"), autocomplete: "off", value: experience?.name ?? "", "data-path": "name" });
  const known = h("datalist", { id: newId() }, placements.map((one) => h("option", { value: one.key }, one.name)));
  const placement = h("input", { required: true, value: experience?.placement ?? placements[0]?.key ?? "home-hero", autocomplete: "off", list: known.id, "data-path": "placement", ...NAME });
  /** @type {[string, string][]} */
  const people = audiences.map((one) => [one.id, one.name]);
  const audience = select([["", t("experiences.everybody")], ...people], experience?.audience_id ?? "");
  audience.dataset.path = "audience_id";
  const holdout = h("input", { type: "number", min: 0, max: 99, step: "any", value: percentOf(experience?.holdout ?? 0), "data-path": "holdout" });
  const priority = h("input", { type: "number", step: 1, value: experience?.priority ?? 0, "data-path": "priority" });
  const starts = h("input", { type: "datetime-local", value: local(experience?.starts_at), "data-path": "starts_at" });
  const ends = h("input", { type: "datetime-local", value: local(experience?.ends_at), "data-path": "ends_at" });
  const caps = frequencyCaps(experience?.frequency_caps ?? []);
  const enabled = checkbox(t("experiences.running"), experience?.enabled ?? true);
  /** @type {Variant[]} */
  const variants = (experience?.variants ?? [FIRST]).map((one) => ({ key: one.key, weight: one.weight, enabled: one.enabled ?? true, audience: one.audience_id ?? "", before: experience && one.value, fields: fieldsOf(one.value) }));
  const shown = h("div", { class: "stack" });
  const draw = () => shown.replaceChildren(...variants.map((variant, index) => variantRow(variant, `variants[${index}]`, variants, people, draw)));
  draw();
  const written = () => ({
    name: name.value.trim(),
    placement: placement.value.trim(),
    audience_id: audience.value || null,
    enabled: enabled.box.checked,
    priority: Number(priority.value),
    holdout: Number((Number(holdout.value) / 100).toFixed(8)),
    starts_at: momentFrom(starts.value, experience?.starts_at),
    ends_at: momentFrom(ends.value, experience?.ends_at),
    frequency_caps: caps.written(),
    variants: variants.map((variant) => ({ key: variant.key.trim(), weight: variant.weight, enabled: variant.enabled, ...(variant.audience ? { audience_id: variant.audience } : {}), value: valueFrom(variant) })),
  });
  /** @type {HTMLElement} */
  const form = saving(
    { class: "card form narrow", label: t("experiences.experience"), save: experience ? t("experiences.save_changes") : t("experiences.save_experience"), act: async () => {
      saved(await besideFields(form, () => (experience ? call("PATCH /experiences/{id}", { path: { id: experience.id }, body: { version: experience.version, ...written() } }) : call("POST /experiences", { body: written() }))));
    } },
    labelled(t("experiences.name"), name),
    h("div", {}, labelled(t("experiences.placement"), placement, t("experiences.where_on_the_page_the")), known),
    labelled(t("experiences.audience"), audience, t("experiences.who_gets_it_others_keep")),
    h("fieldset", { class: "plain", "data-path": "variants" }, h("legend", {}, t("experiences.variants")), shown, h("button", { type: "button", class: "button", click: () => {
      variants.push({ key: `variant-${variants.length + 1}`, weight: 1, enabled: true, audience: "", before: undefined, fields: (variants[0]?.fields ?? []).map(({ key }) => ({ key, value: "" })) });
      draw();
      /** @type {HTMLElement | null} */ (shown.lastElementChild?.querySelector("input"))?.focus();
    } }, t("experiences.add_a_variant"))),
    h("div", { class: "form-row" }, labelled(t("experiences.hold_out_in_percent"), holdout, t("experiences.this_share_keeps_the_default")), labelled(t("experiences.priority"), priority, t("experiences.the_highest_decides"))),
    h("div", { class: "form-row" }, labelled(t("experiences.starts"), starts), labelled(t("experiences.ends"), ends)),
    caps.node,
    enabled.node,
  );
  return form;
}

/** @param {Variant} variant @param {string} path @param {Variant[]} variants @param {[string, string][]} people @param {() => void} draw */
function variantRow(variant, path, variants, people, draw) {
  const key = h("input", { required: true, value: variant.key, autocomplete: "off", "data-path": `${path}.key`, ...NAME, input: () => (variant.key = key.value) });
  const weight = h("input", { type: "number", min: 0, step: "any", value: variant.weight, "data-path": `${path}.weight`, input: () => (variant.weight = Number(weight.value)) });
  const own = select([["", t("experiences.by_weight")], ...people], variant.audience);
  own.addEventListener("change", () => (variant.audience = own.value));
  const pairs = h("div", { class: "pairs" });
  const drawPairs = () => pairs.replaceChildren(...variant.fields.map((field, index) => h(
    "div",
    { class: "pair" },
    h("input", { "aria-label": t("experiences.name_of_the_field"), value: field.key, input: (/** @type {any} */ event) => (field.key = event.target.value) }),
    h("input", { "aria-label": t("experiences.value_of_key", { key: field.key || t("experiences.the_field") }), value: field.value, "data-path": `${path}.value.${field.key}`, input: (/** @type {any} */ event) => (field.value = event.target.value) }),
    h("button", { type: "button", class: "icon-button", click: () => {
      variant.fields.splice(index, 1);
      drawPairs();
    } }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, t("experiences.remove_key", { key: field.key }))),
  )));
  drawPairs();
  return h(
    "div",
    { class: "group", role: "group", "aria-label": t("experiences.variant_key", { key: variant.key }), "data-path": path },
    h("div", { class: "form-row" }, labelled(t("experiences.variant"), key), labelled(t("experiences.weight"), weight), labelled(t("experiences.for"), own)),
    h("div", { class: "row-head" }, h("span", { class: "quiet" }, t("experiences.what_it_shows")), variants.length > 1 && h("button", { type: "button", class: "link-button", click: () => {
      variants.splice(variants.indexOf(variant), 1);
      draw();
    } }, t("experiences.remove_this_variant"))),
    pairs,
    h("p", {}, h("button", { type: "button", class: "button", click: () => {
      variant.fields.push({ key: "", value: "" });
      drawPairs();
      /** @type {HTMLElement | null} */ (pairs.lastElementChild?.querySelector("input"))?.focus();
    } }, t("experiences.add_a_field"))),
    checkbox(t("experiences.shown"), variant.enabled, (on) => (variant.enabled = on)).node,
  );
}
