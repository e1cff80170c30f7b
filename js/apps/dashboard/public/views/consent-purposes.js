/** The purposes of a policy: what people are asked about, and which of them each use needs. */
import { h, icon } from "../dom.js";
import { t } from "../words.js";
import { asked, NECESSARY, purposeName, useName, usesOf } from "./consent-words.js";
import { labelled } from "./form-field.js";

/** @typedef {import("./consent-words.js").Policy} Policy */
/** @typedef {Policy["purposes"][number]} Purpose */

/** Boxes for some of the purposes. @param {string} legend @param {Purpose[]} purposes @param {readonly string[]} chosen @param {string} path @param {(names: string[]) => void} write */
export function purposeBoxes(legend, purposes, chosen, path, write) {
  let names = [...chosen];
  return h("div", { role: "group", "aria-label": legend, "data-path": path }, h("p", {}, legend), h("div", { class: "form-row" }, purposes.map((purpose) => h("label", { class: "check" }, h("input", { type: "checkbox", checked: names.includes(purpose.name), change: (/** @type {any} */ event) => {
    names = event.target.checked ? [...names, purpose.name] : names.filter((one) => one !== purpose.name);
    write(names);
  } }), purposeName(purpose)))));
}

/** @param {Policy} policy which is changed @param {() => void} redraw */
export function purposesPart(policy, redraw) {
  const name = h("input", { "aria-label": t("consent.purpose_name"), placeholder: t("consent.purpose_example"), autocomplete: "off" });
  const add = () => {
    const wanted = name.value.trim();
    if (!wanted || policy.purposes.some((one) => one.name === wanted)) return name.focus();
    policy.purposes.push({ name: wanted, label: "", description: "" });
    redraw();
  };
  return h("fieldset", { class: "plain" }, h("legend", {}, t("consent.purposes")), policy.purposes.map((purpose, index) => purposeRow(policy, purpose, index, redraw)), h("p", { class: "row-actions" }, name, h("button", { type: "button", class: "button", click: add }, t("consent.add_purpose"))));
}

/** @param {Policy} policy @param {Purpose} purpose which is changed @param {number} index @param {() => void} redraw */
function purposeRow(policy, purpose, index, redraw) {
  const { name } = purpose;
  const path = `purposes[${index}]`;
  const label = h("input", { "aria-label": t("consent.purpose_label", { name }), value: purpose.label ?? "", placeholder: t("consent.purpose_label_example"), "data-path": `${path}.label`, input: () => (purpose.label = label.value) });
  const text = h("input", { "aria-label": t("consent.purpose_text", { name }), value: purpose.description ?? "", placeholder: t("consent.purpose_text_example"), "data-path": `${path}.description`, input: () => (purpose.description = text.value) });
  return h("div", { class: "purpose-edit", "data-path": path }, h("code", {}, name), label, text, name !== NECESSARY && h("button", { type: "button", class: "icon-button", click: () => {
    takeAway(policy, name);
    redraw();
  } }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, t("consent.remove", { name }))));
}

/** Takes a purpose out of all that names it. @param {Policy} policy which is changed @param {string} purpose */
function takeAway(policy, purpose) {
  const without = (/** @type {string[]} */ names) => names.filter((name) => name !== purpose);
  policy.purposes = policy.purposes.filter(({ name }) => name !== purpose);
  for (const use of usesOf(policy)) policy.uses[use] = without(policy.uses[use] ?? []);
  policy.gpc_denies = without(policy.gpc_denies);
  for (const rule of [policy.default, policy.unknown, ...Object.values(policy.jurisdictions ?? {})]) {
    delete rule.purposes?.[purpose];
    if (rule.gpc_denies) rule.gpc_denies = without(rule.gpc_denies);
  }
  for (const [key, names] of Object.entries(policy.categories ?? {})) policy.categories = { ...policy.categories, [key]: without(names) };
}

/** Which purposes each use needs. @param {Policy} policy which is changed @param {() => void} redraw */
export function usesPart(policy, redraw) {
  const row = (/** @type {string} */ use) => h("div", { class: "use-edit" }, purposeBoxes(useName(use), policy.purposes, policy.uses[use] ?? [], `uses.${use}`, (names) => (policy.uses[use] = names)), use.startsWith("destination:") && h("button", { type: "button", class: "icon-button", click: () => {
    delete policy.uses[use];
    redraw();
  } }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, t("consent.remove", { name: useName(use) }))));
  const id = h("input", { autocomplete: "off", spellcheck: "false", placeholder: "dst_mail", translate: "no" });
  const add = () => {
    const use = `destination:${id.value.trim()}`;
    if (!id.value.trim() || policy.uses[use]) return id.focus();
    policy.uses[use] = [...policy.uses.destinations];
    redraw();
  };
  return h(
    "fieldset",
    { class: "plain" },
    h("legend", {}, t("consent.uses")),
    usesOf(policy).map(row),
    h("details", { class: "raw" }, h("summary", {}, t("consent.one_destination")), h("div", { class: "add-row" }, labelled(t("consent.destination"), id, t("consent.destination_hint")), h("button", { type: "button", class: "button", click: add }, t("consent.add_destination")))),
  );
}

/** @param {Policy} policy which is changed */
export function signalPart(policy) {
  return h("fieldset", { class: "plain" }, h("legend", {}, t("consent.gpc")), purposeBoxes(t("consent.gpc_denies"), asked(policy), policy.gpc_denies, "gpc_denies", (names) => (policy.gpc_denies = names)));
}

/** The names that a consent tool has for what people choose. @param {Policy} policy which is changed @param {() => void} redraw */
export function toolNamesPart(policy, redraw) {
  const name = h("input", { autocomplete: "off", spellcheck: "false", placeholder: "C0002", translate: "no" });
  const add = () => {
    const wanted = name.value.trim();
    if (!wanted || policy.categories?.[wanted]) return name.focus();
    policy.categories = { ...policy.categories, [wanted]: [] };
    redraw();
  };
  return h(
    "fieldset",
    { class: "plain" },
    h("legend", {}, t("consent.tool_names")),
    h("p", { class: "hint" }, t("consent.tool_names_hint")),
    Object.entries(policy.categories ?? {}).map(([key, names]) => h("div", { class: "use-edit" }, purposeBoxes(key, policy.purposes, names, `categories.${key}`, (chosen) => (policy.categories = { ...policy.categories, [key]: chosen })), h("button", { type: "button", class: "icon-button", click: () => {
      delete policy.categories?.[key];
      redraw();
    } }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, t("consent.remove", { name: key }))))),
    h("div", { class: "add-row" }, labelled(t("consent.tool_name"), name), h("button", { type: "button", class: "button", click: add }, t("consent.add_tool_name"))),
  );
}
