/** A schema for people to read: members as a list, named types behind something to open. */
import { h } from "../dom.js";
import { t } from "../words.js";

const PLACE = "#/components/schemas/";

/** @param {any} document_ @param {any} schema @param {string[]} [within] the named types around it @returns {HTMLElement} */
export function shape(document_, schema, within = []) {
  const { name, schema: found } = follow(document_, schema);
  const inside = name ? [...within, name] : within;
  const members = Object.entries(found.properties ?? {});
  const choices = [...(found.anyOf ?? []), ...(found.oneOf ?? []), ...(found.allOf ?? [])];
  const more = found.additionalProperties;
  const parts = [
    ...members.map(([key, member]) => row(document_, key, member, (found.required ?? []).includes(key), inside)),
    ...(typeof more === "object" ? [row(document_, "…", more, false, inside)] : []),
    ...(found.items ? [row(document_, t("docs.each"), found.items, false, inside)] : []),
    ...choices.filter((one) => one.type !== "null").map((one) => row(document_, t("docs.or"), one, false, inside)),
  ];
  if (parts.length === 0 || (name && within.includes(name))) return h("span", { class: "shape-word" }, word(document_, schema));
  return h("ul", { class: "shape" }, parts);
}

/** @param {any} document_ @param {string} key @param {any} member @param {boolean} required @param {string[]} within */
function row(document_, key, member, required, within) {
  const { name, schema } = follow(document_, member);
  const says = member.description ?? schema.description;
  const head = [h("code", {}, key), h("span", { class: "shape-word" }, word(document_, member)), required && h("span", { class: "quiet" }, t("docs.required"))];
  const isOpen = !(name && within.includes(name)) && (schema.properties || schema.items || schema.anyOf || schema.oneOf || schema.allOf || typeof schema.additionalProperties === "object");
  if (!isOpen) return h("li", {}, head, says && h("p", { class: "quiet" }, says));
  const details = h("details", {}, h("summary", {}, head));
  details.addEventListener("toggle", () => details.append(shape(document_, member, within)), { once: true });
  return h("li", {}, details, says && h("p", { class: "quiet" }, says));
}

/** @param {any} document_ @param {any} schema @returns {{ name?: string, schema: any }} */
function follow(document_, schema) {
  if (!schema || typeof schema !== "object") return { schema: {} };
  if (schema.$ref) {
    const name = schema.$ref.slice(PLACE.length);
    return { name, schema: document_.components.schemas[name] ?? {} };
  }
  const choices = (schema.anyOf ?? []).filter((/** @type {any} */ one) => one.type !== "null");
  return choices.length === 1 && !schema.properties ? follow(document_, choices[0]) : { schema };
}

/** A schema in a word. @param {any} document_ @param {any} schema @returns {string} */
function word(document_, schema) {
  if (schema === true || !schema || Object.keys(schema).length === 0) return t("docs.anything");
  const { name, schema: found } = follow(document_, schema);
  const nullable = (schema.anyOf ?? []).some((/** @type {any} */ one) => one.type === "null") ? t("docs.or_null") : "";
  if (found.const !== undefined) return JSON.stringify(found.const);
  if (found.enum) return found.enum.map((/** @type {unknown} */ one) => JSON.stringify(one)).join(" | ") + nullable;
  if (name && found.properties) return name + nullable;
  const types = [found.type ?? (found.anyOf || found.oneOf ? t("docs.one_of") : "object")].flat();
  const list = found.items ? t("docs.of", { items: word(document_, found.items) }) : "";
  return (name ? `${name}: ` : "") + types.join(t("docs.or_between")) + (found.format ? ` (${found.format})` : "") + list + nullable;
}
