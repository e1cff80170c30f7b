/** How numbers, times and values are written. */
import { LOCALES } from "./locale.js";
import { LANGUAGE, t } from "./words.js";

const NUMBER = new Intl.NumberFormat(LOCALES);
const COMPACT = new Intl.NumberFormat(LOCALES, { notation: "compact" });
const TIME = new Intl.DateTimeFormat(LOCALES, { hour: "2-digit", minute: "2-digit", second: "2-digit" });
const DAY = new Intl.DateTimeFormat(LOCALES, { weekday: "short", day: "numeric", month: "short", year: "numeric" });
const DATE = new Intl.DateTimeFormat(LOCALES, { day: "numeric", month: "short", year: "numeric" });
const SHORT_DAY = new Intl.DateTimeFormat(LOCALES, { day: "numeric", month: "short" });
const SHORT_MOMENT = new Intl.DateTimeFormat(LOCALES, { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" });
const MONTH = new Intl.DateTimeFormat(LOCALES, { month: "short", year: "numeric" });
const FULL = new Intl.DateTimeFormat(LOCALES, { day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" });

/** @param {number | null | undefined} value */
export function number(value) {
  return value === null || value === undefined ? "–" : NUMBER.format(value);
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
  if (!at) return t("format.unknown_day");
  const today = new Date();
  if (at.toDateString() === today.toDateString()) return t("format.today");
  today.setDate(today.getDate() - 1);
  return at.toDateString() === today.toDateString() ? t("format.yesterday") : DAY.format(at);
}

/** Today as a time, other days with their date. @param {string | number | null | undefined} value */
export function moment(value) {
  const at = date(value);
  if (!at) return "–";
  const today = new Date().toDateString() === at.toDateString();
  return (today ? TIME : SHORT_MOMENT).format(at);
}

/** A day of any year, such as “3 Nov 2026”. @param {string | number | null | undefined} value */
export function calendarDay(value) {
  const at = date(value);
  return at ? DATE.format(at) : "–";
}

/** A time of any year, such as “3 Nov 2026, 14:05”. @param {string | number | null | undefined} value */
export function fullMoment(value) {
  const at = date(value);
  return at ? FULL.format(at) : "–";
}

/** The beginning of a bucket of time, as short as it can be. @param {"hour" | "day" | "week" | "month"} unit @param {string | number} value */
export function bucketStart(unit, value) {
  const at = date(value);
  return at ? (unit === "hour" ? SHORT_MOMENT : unit === "month" ? MONTH : SHORT_DAY).format(at) : "–";
}

/** A number in little space, such as “1.2K”. @param {number} value */
export function compact(value) {
  return COMPACT.format(value);
}

const LIST = new Intl.ListFormat(LANGUAGE, { type: "unit" });

/** Some things after one another, as the language of the sentences has it. @param {string[]} things */
export function inOneLine(things) {
  return LIST.format(things);
}

/** @type {Map<number, Intl.NumberFormat>} */
const shares = new Map();

/** A part of one in percent. @param {number} part @param {number} [digits] after the point, at most */
export function percent(part, digits = 0) {
  const format = shares.get(digits) ?? new Intl.NumberFormat(LOCALES, { style: "percent", maximumFractionDigits: digits });
  shares.set(digits, format);
  return format.format(part);
}

/** A trait or property on one line. @param {unknown} value */
export function plain(value) {
  if (value === null || value === undefined) return t("format.none");
  if (typeof value === "number") return NUMBER.format(value);
  if (typeof value === "boolean") return value ? t("format.yes") : t("format.no");
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
