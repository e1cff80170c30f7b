/** The gaps of rules that are written as sentences: short fields with a name for those who do not see what is around them. */
import { h, icon, newId } from "../dom.js";
import { PERIODS, unitName, UNITS } from "../rules/window.js";
import { t } from "../words.js";

export { labelled } from "./form-field.js";

/** @typedef {string[] | [string, string[][]]} Option a value and its words, or the words of a group and its options */

/**
 * @param {string} label @param {readonly any[]} options @param {string} selected @param {(value: string) => void} chosen
 * @returns {HTMLSelectElement}
 */
export function choice(label, options, selected, chosen) {
  const one = ([value = "", name = ""]) => h("option", { value, selected: value === selected }, name);
  const select = h("select", { "aria-label": label, class: "gap", change: () => chosen(select.value) }, options.map(([value, name]) => (Array.isArray(name) ? h("optgroup", { label: value }, name.map(one)) : one([value, name]))));
  return select;
}

/**
 * @param {string} label @param {string} value @param {(value: string) => void} typed
 * @param {{ class?: string, placeholder?: string, suggest?: () => Iterable<string>, type?: string, min?: number, step?: number, list?: string }} [options]
 * @returns {Node[]}
 */
export function gap(label, value, typed, { suggest, class: more = "", ...attributes } = {}) {
  const list = suggest && h("datalist", { id: newId() });
  const fill = () => list?.replaceChildren(...[...(suggest?.() ?? [])].sort().map((name) => h("option", { value: name })));
  const input = h("input", { "aria-label": label, value, autocomplete: "off", spellcheck: "false", ...attributes, ...(list ? { list: list.id } : {}), class: `gap ${more}`, focus: fill, input: () => {
    typed(input.value);
    fill();
  } });
  return list ? [input, list] : [input];
}

/** A length of time. @param {string} label @param {{ amount: string, unit: string }} span @param {() => void} changed @returns {Node[]} */
export function spanGap(label, span, changed) {
  const unit = choice(t("rules.label_unit", { label }), UNITS.map((key) => [key, unitName(key, 2)]), span.unit, (value) => {
    span.unit = value;
    changed();
  });
  const inflect = () => {
    for (const option of unit.options) option.textContent = unitName(option.value, Number(span.amount));
  };
  inflect();
  return [
    ...gap(t("rules.label_how_many", { label }), span.amount, (value) => {
      span.amount = value;
      inflect();
      changed();
    }, { type: "number", min: 1, class: "gap-number" }),
    unit,
  ];
}

/** The moment of a `datetime-local` field, which is in the browser's time zone. @param {string} iso */
function localTime(iso) {
  const at = new Date(/^\d+$/.test(iso) ? Number(iso) : iso);
  if (Number.isNaN(at.getTime())) return "";
  return new Date(at.getTime() - at.getTimezoneOffset() * 60_000).toISOString().slice(0, 19);
}

/** @param {string} label @param {string} value @param {(iso: string) => void} chosen @returns {Node[]} */
export function momentGap(label, value, chosen) {
  return gap(label, localTime(value), (typed) => {
    const at = new Date(typed);
    chosen(Number.isNaN(at.getTime()) ? "" : at.toISOString());
  }, { type: "datetime-local", step: 1, class: "gap-moment" });
}

const KINDS = [["", t("rules.at_any_time")], ["within", t("rules.in_the_last")], ["calendar", t("rules.in_the_calendar")], ["between", t("rules.between_two_moments")]];

/**
 * When events have to have happened.
 *
 * @param {import("../rules/window.js").Window} window @param {() => void} changed @param {() => void} redraw
 * @returns {(Node | string)[]}
 */
export function windowGaps(window, changed, redraw) {
  const kind = choice(t("rules.when"), KINDS, window.kind, (value) => {
    window.kind = /** @type {any} */ (value);
    redraw();
  });
  if (window.kind === "within") return [kind, ...spanGap(t("rules.window_length"), window, changed)];
  if (window.kind === "calendar") {
    return [
      kind,
      choice(t("rules.period"), Object.entries(PERIODS), window.period, (value) => {
        window.period = value;
        changed();
      }),
      t("rules.in_the_time_zone"),
      ...gap(t("rules.time_zone"), window.timezone, (value) => {
        window.timezone = value;
        changed();
      }, { placeholder: "Europe/Berlin", suggest: () => ["UTC", ...Intl.supportedValuesOf("timeZone")] }),
    ];
  }
  if (window.kind === "") return [kind];
  const end = (/** @type {"from" | "until"} */ name, /** @type {string} */ label) => momentGap(label, window[name], (iso) => {
    window[name] = iso;
    changed();
  });
  return [kind, t("rules.gap_from"), ...end("from", t("rules.from")), t("rules.gap_until"), ...end("until", t("rules.until"))];
}

/** @param {string} name what it takes away @param {() => void} remove @param {string} [size] */
export function removeButton(name, remove, size = "small") {
  return h("button", { type: "button", class: `icon-button ${size}`, click: remove }, icon("M7 7l10 10M17 7 7 17"), h("span", { class: "sr" }, name));
}

/** @param {string} text @param {() => void} add */
export function addButton(text, add) {
  return h("button", { type: "button", class: "gap-add", click: add }, text);
}

const FIELDS = "input, select, textarea, button, a";

/** Draws again and leaves the focus where it was, as far as there is such a place. @param {HTMLElement} place @param {() => void} draw */
export function keepingFocus(place, draw) {
  const fields = () => [.../** @type {NodeListOf<HTMLElement>} */ (place.querySelectorAll(FIELDS))];
  const active = /** @type {HTMLElement | null} */ (document.activeElement);
  const at = active ? fields().indexOf(active) : -1;
  const nameOf = (/** @type {HTMLElement} */ field) => field.getAttribute("aria-label") ?? field.textContent;
  const name = active && nameOf(active);
  draw();
  if (at < 0) return;
  const after = fields();
  const distance = (/** @type {HTMLElement} */ field) => Math.abs(after.indexOf(field) - at);
  const alike = after.filter((field) => nameOf(field) === name).sort((a, b) => distance(a) - distance(b));
  (alike[0] ?? after[Math.min(at, after.length - 1)])?.focus();
}

/** @param {HTMLSelectElement} list */
const optionsOf = (list) => [...list.options].map(({ value }) => value).join("\n");

/**
 * Puts what was drawn again into its place, around the list that somebody chooses in: it stays the same, so that typing its
 * words is not interrupted.
 *
 * @param {HTMLElement} place @param {(Node | string)[]} nodes
 */
export function putAround(place, nodes) {
  const active = document.activeElement;
  const isList = active instanceof HTMLSelectElement && active.parentElement === place;
  const at = isList ? nodes.findIndex((node) => node instanceof HTMLSelectElement && node.ariaLabel === active.ariaLabel && optionsOf(node) === optionsOf(active)) : -1;
  if (!isList || at < 0) return place.replaceChildren(...nodes);
  for (const child of [...place.childNodes]) if (child !== active) child.remove();
  active.before(...nodes.slice(0, at));
  active.after(...nodes.slice(at + 1));
}
