/** What each place's law presumes: the rule of a place, exceptions for single purposes, its own list for Global Privacy Control, and who is counted. */
import { h, newId } from "../dom.js";
import { t } from "../words.js";
import { purposeBoxes } from "./consent-purposes.js";
import { asked, countries, placeName, purposeName, REGIMES, ruleWords } from "./consent-words.js";
import { labelled, select } from "./form-field.js";

/** @typedef {import("./consent-words.js").Policy} Policy */
/** @typedef {import("./consent-words.js").Rule} Rule */

/**
 * @param {Policy} policy which is changed @param {Set<string>} open the places that stay open while the form is drawn anew
 * @param {() => void} redraw where other fields follow from what was changed
 */
export function placesPart(policy, open, redraw) {
  const own = Object.entries(policy.jurisdictions ?? {}).sort(([one], [other]) => placeName(one).localeCompare(placeName(other)));
  const codes = h("datalist", { id: newId() }, countries().map(([value, name]) => h("option", { value }, name)));
  const code = h("input", { list: codes.id, autocomplete: "off", spellcheck: "false", placeholder: t("consent.place_example"), keydown: (/** @type {KeyboardEvent} */ event) => {
    if (event.key !== "Enter") return;
    event.preventDefault();
    add();
  } });
  const add = () => {
    const wanted = code.value.trim().toUpperCase();
    if (!wanted) return code.focus();
    open.add(wanted);
    // A region inherits nothing, so it begins with what held there until now.
    const before = policy.jurisdictions?.[wanted.split("-")[0] ?? ""] ?? policy.default;
    policy.jurisdictions = { [wanted]: structuredClone(before), ...policy.jurisdictions };
    redraw();
  };
  const remove = (/** @type {string} */ place) => () => {
    delete policy.jurisdictions?.[place];
    redraw();
  };
  return h(
    "fieldset",
    { class: "plain" },
    h("legend", {}, t("consent.places")),
    h("p", { class: "hint" }, t("consent.places_hint")),
    h(
      "ul",
      { class: "places", role: "list" },
      placeRow(t("consent.everywhere_else"), "default", "default", policy, policy.default, open, redraw),
      placeRow(t("consent.place_unknown"), "unknown", "unknown", policy, policy.unknown, open, redraw),
      own.map(([place, rule]) => placeRow(placeName(place), place, `jurisdictions.${place}`, policy, rule, open, redraw, remove(place))),
    ),
    h("div", { class: "add-row" }, labelled(t("consent.place"), code, t("consent.place_hint")), codes, h("button", { type: "button", class: "button", click: add }, t("consent.add_place"))),
  );
}

/**
 * @param {string} name @param {string} code @param {string} path @param {Policy} policy @param {Rule} rule which is changed
 * @param {Set<string>} open @param {() => void} redraw @param {() => void} [remove]
 */
function placeRow(name, code, path, policy, rule, open, redraw, remove) {
  const said = h("span", { class: "quiet" }, ruleWords(policy, rule));
  const choice = (/** @type {readonly (readonly [string, string])[]} */ options, /** @type {string} */ chosen, /** @type {string} */ field, /** @type {(value: string) => void} */ write) => {
    const box = select(options, chosen);
    box.dataset.path = `${path}.${field}`;
    box.addEventListener("change", () => {
      write(box.value);
      said.textContent = ruleWords(policy, rule);
    });
    return box;
  };
  const regime = choice(REGIMES, rule.regime, "regime", (value) => (rule.regime = /** @type {Rule["regime"]} */ (value)));
  const counted = choice([["", t("consent.count_nobody")], ["refusal", t("consent.count_refusal")], ["start", t("consent.count_start")]], rule.counting ?? "", "counting", (value) => {
    if (value) rule.counting = /** @type {Rule["counting"]} */ (value);
    else delete rule.counting;
  });
  const exceptions = asked(policy).map((purpose) => labelled(purposeName(purpose), choice([["", t("consent.as_the_place")], ...REGIMES], rule.purposes?.[purpose.name] ?? "", `purposes.${purpose.name}`, (value) => {
    const { [purpose.name]: _, ...others } = rule.purposes ?? {};
    rule.purposes = value ? { ...others, [purpose.name]: /** @type {Rule["regime"]} */ (value) } : others;
  })));
  const ownList = h("input", { type: "checkbox", checked: Boolean(rule.gpc_denies), change: () => {
    if (ownList.checked) rule.gpc_denies = [...policy.gpc_denies];
    else delete rule.gpc_denies;
    redraw();
  } });
  const details = h(
    "details",
    { class: "place", open: open.has(code), toggle: () => (details.open ? open.add(code) : open.delete(code)) },
    h("summary", {}, h("b", {}, name), remove && h("code", { class: "quiet" }, code), said),
    h(
      "div",
      { class: "place-in", role: "group", "aria-label": name, "data-path": path },
      h("div", { class: "form-row" }, labelled(t("consent.presumed"), regime), labelled(t("consent.counted"), counted, t("consent.counted_hint"))),
      h("fieldset", { class: "plain" }, h("legend", {}, t("consent.exceptions")), h("div", { class: "form-row" }, exceptions)),
      h("label", { class: "check" }, ownList, t("consent.own_gpc")),
      rule.gpc_denies && purposeBoxes(t("consent.gpc_denies_in", { place: name }), asked(policy), rule.gpc_denies, `${path}.gpc_denies`, (names) => {
        rule.gpc_denies = names;
        said.textContent = ruleWords(policy, rule);
      }),
      remove && h("p", {}, h("button", { type: "button", class: "button", click: remove }, t("consent.remove", { name }))),
    ),
  );
  return h("li", {}, details);
}
