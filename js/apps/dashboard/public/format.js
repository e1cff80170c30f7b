/** How numbers, times and values are written. */

const NUMBER = new Intl.NumberFormat("en");
const TIME = new Intl.DateTimeFormat("en-GB", { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat("en-GB", { weekday: "short", day: "numeric", month: "short", year: "numeric" });
const SHORT_DAY = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" });

/** @param {number | null | undefined} value */
export function number(value) {
  return value === null || value === undefined ? "–" : NUMBER.format(value);
}

/** @param {number} count @param {string} one @param {string} [many] */
export function plural(count, one, many = `${one}s`) {
  return `${number(count)} ${count === 1 ? one : many}`;
}

/** @param {string | number | null | undefined} value */
function date(value) {
  const at = new Date(value ?? Number.NaN);
  return Number.isNaN(at.getTime()) ? undefined : at;
}

/** @param {string | number | null | undefined} value */
export function time(value) {
  const at = date(value);
  return at ? TIME.format(at) : "–";
}

/** @param {string | number | null | undefined} value */
export function day(value) {
  const at = date(value);
  if (!at) return "Unknown day";
  const today = new Date();
  if (at.toDateString() === today.toDateString()) return "Today";
  today.setDate(today.getDate() - 1);
  return at.toDateString() === today.toDateString() ? "Yesterday" : DAY.format(at);
}

/** Today as a time, other days with their date. @param {string | number | null | undefined} value */
export function moment(value) {
  const at = date(value);
  if (!at) return "–";
  const today = new Date().toDateString() === at.toDateString();
  return today ? TIME.format(at) : `${SHORT_DAY.format(at)}, ${TIME.format(at).slice(0, 5)}`;
}

/** A trait or property on one line. @param {unknown} value */
export function plain(value) {
  if (value === null || value === undefined) return "none";
  if (typeof value === "number") return NUMBER.format(value);
  if (typeof value === "boolean") return value ? "yes" : "no";
  if (typeof value === "string") return value;
  return JSON.stringify(value);
}

/** `email:ada@example.com` from either manner of writing an identifier. @param {any} identifier */
export function identifierText(identifier) {
  if (typeof identifier === "string") return identifier;
  return `${identifier?.kind ?? "identifier"}:${identifier?.value ?? ""}`;
}

/** @param {string} kind */
export function kindName(kind) {
  return kind.replaceAll("_", " ");
}

/** Long ids are recognised by their ends. @param {string} id */
export function shortId(id) {
  return id.length > 20 ? `${id.slice(0, 8)}…${id.slice(-4)}` : id;
}
