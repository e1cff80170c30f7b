/** What a report asks, as it stands in the address: a link to a report is the report. */
import { bucketStart, percent } from "../format.js";
import { t } from "../words.js";

/**
 * @typedef {"trends" | "funnels" | "retention" | "paths"} Kind
 * @typedef {import("@headwater/api-client").IntervalInput} Interval
 */

export const PERIODS = [["7", t("reports.days_7")], ["30", t("reports.days_30")], ["90", t("reports.days_90")], ["365", t("reports.days_365")]];
/** @type {[Interval, string][]} */
export const INTERVALS = [["hour", t("reports.by_hour")], ["day", t("reports.by_day")], ["week", t("reports.by_week")], ["month", t("reports.by_month")]];

/** By which step of time an address asks. @param {URLSearchParams} query @param {Interval} usual @returns {Interval} */
export function intervalOf(query, usual) {
  const asked = query.get("interval");
  return INTERVALS.map(([key]) => key).find((key) => key === asked) ?? usual;
}

/** The browser's own: days begin where whoever looks is. */
export function timezone() {
  return Intl.DateTimeFormat().resolvedOptions().timeZone || "UTC";
}

/** What belongs to every report. @param {URLSearchParams} query */
function scope(query, days = "30") {
  const audience = query.get("audience");
  return { days: Number(query.get("days") ?? days), timezone: timezone(), ...(audience ? { audience } : {}) };
}

/** An event; without a name whatever happens. @param {string | null | undefined} name */
const what = (name) => (name ? { event: name } : {});

/** What each kind of report asks; `undefined` where something is still to be chosen. */
export const QUESTIONS = {
  /** @param {URLSearchParams} query @returns {import("@headwater/api-client").TrendsAsked} */
  trends: (query) => {
    const events = named(query);
    const breakdown = query.get("by");
    return { ...scope(query), interval: intervalOf(query, "day"), series: events.length ? events.map(what) : [{}], ...(breakdown && events.length === 1 ? { breakdown } : {}) };
  },
  /** @param {URLSearchParams} query @returns {import("@headwater/api-client").FunnelAsked | undefined} */
  funnels: (query) => {
    const events = named(query);
    return events.length < 2 ? undefined : { ...scope(query), steps: events.map(what), window_days: Number(query.get("window") ?? 7) };
  },
  /** @param {URLSearchParams} query @returns {import("@headwater/api-client").RetentionAsked} */
  retention: (query) => ({ ...scope(query, "90"), interval: intervalOf(query, "week"), start: what(query.get("start")), return: what(query.get("return")), periods: 12 }),
  /** @param {URLSearchParams} query @returns {import("@headwater/api-client").PathsAsked} */
  paths: (query) => {
    const event = query.get("event");
    const end = event ? { [query.get("end") === "to" ? "to" : "from"]: event } : {};
    return { ...scope(query), ...end, steps: Number(query.get("steps") ?? 4), most_names: 6 };
  },
};

/** The events that an address names. @param {URLSearchParams} query */
const named = (query) => query.getAll("event").filter(Boolean);

/** A share, as a person reads it. @param {number} part */
export function share(part) {
  return percent(part, part > 0 && part < 0.1 ? 1 : 0);
}

/** How long something took. @param {number | null | undefined} seconds */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const units = /** @type {const} */ ([[86_400, "days"], [3_600, "hours"], [60, "minutes"]]);
  for (const [size, name] of units) {
    if (seconds >= size) return t(`reports.span_${name}`, { count: Math.round((seconds / size) * 10) / 10 });
  }
  return t("reports.span_seconds", { count: Math.round(seconds) });
}

/** When a bucket begins. @param {string} at @param {Interval} interval */
export function bucketName(at, interval) {
  const start = bucketStart(interval, at);
  return interval === "week" ? t("reports.week_of", { day: start }) : start;
}
