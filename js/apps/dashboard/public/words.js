/**
 * The words of the screens. Every sentence stands in `words/*.json` under a key, as an ICU message; `build.mjs` makes the
 * catalogue of them, and types by which an unknown key or a missing value fails the check.
 */
import { formatToParts, messages } from "./built/words.js";
import { LOCALES } from "./locale.js";

/** @typedef {import("./built/words.js").Messages} Messages */
/** @typedef {import("./built/words.js").Element} Element */
/** @typedef {import("./dom.js").Child} Child */
/** @typedef {{ text: string | number, number: number, tag: never }} Texts what a plain message takes */
/** @typedef {{ text: Child, number: number, tag: (inside: Child[]) => Child | Child[] }} Nodes what a message with elements in it takes */
/** @template {keyof Messages} K @template {Record<"text" | "number" | "tag", unknown>} Kinds @typedef {keyof Messages[K] extends never ? [] : [values: { [A in keyof Messages[K]]: Messages[K][A] extends keyof Kinds ? Kinds[Messages[K][A]] : never }]} Given */

/** The language of the sentences. Dates and numbers in them are written as the member writes them. */
export const LANGUAGE = "en";

/** @type {Map<string, Intl.NumberFormat>} */
const numbers = new Map();
const plurals = { cardinal: new Intl.PluralRules(LANGUAGE), ordinal: new Intl.PluralRules(LANGUAGE, { type: "ordinal" }) };
const formatters = {
  getNumberFormat: (/** @type {string[]} */ locales, /** @type {Intl.NumberFormatOptions} */ options = {}) => {
    const key = JSON.stringify(options);
    const known = numbers.get(key) ?? new Intl.NumberFormat(locales, options);
    numbers.set(key, known);
    return known;
  },
  getDateTimeFormat: (/** @type {string[]} */ locales, /** @type {Intl.DateTimeFormatOptions} */ options) => new Intl.DateTimeFormat(locales, options),
  getPluralRules: (/** @type {string[]} */ _, /** @type {{ type: "cardinal" | "ordinal" }} */ { type }) => plurals[type],
};
const formats = { number: { integer: { maximumFractionDigits: 0 }, percent: { style: "percent" } }, date: {}, time: {} };

/** Whether every text of the catalogue is marked, so that a test sees which words are not in it. */
const marked = isMarked();
/** @type {Map<string, string | Element[]>} */
const markings = new Map();
if (marked && globalThis.document) document.documentElement.lang = "en-XA";

/**
 * A message as text.
 *
 * @type {<K extends keyof Messages>(key: K, ...values: Given<K, Texts>) => string}
 */
export const t = (key, ...values) => {
  const message = found(key);
  return typeof message === "string" ? message : parts(message, values[0]).join("");
};

/**
 * A message with elements in it, as children of an element: `<b>…</b>` in the message becomes what the value `b` makes
 * of its inside, and values may be nodes.
 *
 * @type {<K extends keyof Messages>(key: K, ...values: Given<K, Nodes>) => Child[]}
 */
export const rich = (key, ...values) => {
  const message = found(key);
  return typeof message === "string" ? [message] : parts(message, values[0]);
};

/** @param {Element[]} message @param {object} [values] @returns {any[]} */
function parts(message, values = {}) {
  return formatToParts(message, LOCALES, formatters, formats, values).map(({ value }) => value);
}

/** @param {keyof Messages} key */
function found(key) {
  if (!marked) return messages[key];
  const message = markings.get(key) ?? mark(messages[key]);
  markings.set(key, message);
  return message;
}

function isMarked() {
  try {
    return new URLSearchParams(location.search).get("words") === "pseudo" || localStorage.getItem("headwater_words") === "pseudo";
  } catch {
    return false;
  }
}

/**
 * A message with its own texts in ⟦⟧ and with accents; what is filled in stays as it is.
 *
 * @template {string | Element[]} M @param {M} message @returns {M}
 */
function mark(message) {
  if (typeof message !== "string") return /** @type {M} */ (message.map(markPart));
  const accents = /** @type {Record<string, string>} */ ({ a: "á", e: "é", i: "í", o: "ó", u: "ú", n: "ñ", A: "Á", E: "É", I: "Í", O: "Ó", U: "Ú", N: "Ñ" });
  return /** @type {M} */ (/\p{L}/u.test(message) ? `⟦${message.replaceAll(/[aeiounAEIOUN]/g, (letter) => accents[letter] ?? letter)}⟧` : message);
}

/** @param {Element} part @returns {Element} */
function markPart(part) {
  if (part.type === 0) return { ...part, value: mark(part.value) };
  const options = part.options && Object.fromEntries(Object.entries(part.options).map(([name, option]) => [name, { ...option, value: mark(option.value) }]));
  return { ...part, ...(options && { options }), ...(part.children && { children: mark(part.children) }) };
}
