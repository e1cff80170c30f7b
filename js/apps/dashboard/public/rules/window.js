/**
 * Which events count, for a form: all, those of the last while, of the running calendar period, or between two moments.
 *
 * @typedef {{ kind: "" | "within" | "calendar" | "between", amount: string, unit: string, period: string, timezone: string, from: string, until: string }} Window
 */
import { spanParts, spanText } from "./values.js";
import { t } from "../words.js";

export const PERIODS = { day: t("rules.today"), week: t("rules.this_week"), month: t("rules.this_month"), quarter: t("rules.this_quarter"), year: t("rules.this_year") };
export const UNITS = /** @type {const} */ (["s", "m", "h", "d"]);

/** What so many of a unit are called. @param {string} unit @param {number} count */
export function unitName(unit, count) {
  const key = UNITS.find((one) => one === unit) ?? "d";
  return t(`rules.unit_${key}`, { count });
}

/** @returns {Window} */
export function allTime() {
  return { kind: "", amount: "30", unit: "d", period: "month", timezone: Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC", from: "", until: "" };
}

/** @returns {Window} */
export function lastMonth() {
  return { ...allTime(), kind: "within" };
}

/** @param {any} fields as a rule has them @returns {Window} */
export function windowOf({ within, calendar, timezone, from, until }) {
  const window = allTime();
  const span = spanParts(within);
  if (span) return { ...window, kind: "within", ...span };
  if (calendar) return { ...window, kind: "calendar", period: calendar, timezone: timezone ?? "UTC" };
  if (from || until) return { ...window, kind: "between", from: from ?? "", until: until ?? "" };
  return window;
}

/** @param {Window} window @returns {Record<string, string> | undefined} nothing while it is not finished */
export function windowFrom(window) {
  switch (window.kind) {
    case "within": {
      const within = spanText(window);
      return within ? { within } : undefined;
    }
    case "calendar":
      return window.timezone.trim() ? { calendar: window.period, timezone: window.timezone.trim() } : undefined;
    case "between":
      if (!window.from && !window.until) return undefined;
      return { ...(window.from ? { from: window.from } : {}), ...(window.until ? { until: window.until } : {}) };
    default:
      return {};
  }
}
