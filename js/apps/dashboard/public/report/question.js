/** What a report asks, as it stands in the address: a link to a report is the report. */

/**
 * @typedef {"trends" | "funnels" | "retention" | "paths"} Kind
 * @typedef {{ days: string, interval: string, audience: string }} Scope
 */

export const PERIODS = [["7", "last 7 days"], ["30", "last 30 days"], ["90", "last 90 days"], ["365", "last 12 months"]];
export const INTERVALS = [["hour", "by hour"], ["day", "by day"], ["week", "by week"], ["month", "by month"]];

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

/**
 * The question that an address asks; `undefined` where something is still to be chosen.
 *
 * @param {Kind} kind @param {URLSearchParams} query
 */
export function question(kind, query) {
  const events = query.getAll("event").filter(Boolean);
  switch (kind) {
    case "trends": {
      const breakdown = query.get("by");
      return { ...scope(query), interval: query.get("interval") ?? "day", series: events.length ? events.map(what) : [{}], ...(breakdown && events.length === 1 ? { breakdown } : {}) };
    }
    case "funnels":
      return events.length < 2 ? undefined : { ...scope(query), steps: events.map(what), window_days: Number(query.get("window") ?? 7) };
    case "retention":
      return { ...scope(query, "90"), interval: query.get("interval") ?? "week", start: what(query.get("start")), return: what(query.get("return")), periods: 12 };
    case "paths": {
      const event = query.get("event");
      const end = event ? { [query.get("end") === "to" ? "to" : "from"]: event } : {};
      return { ...scope(query), ...end, steps: Number(query.get("steps") ?? 4), most_names: 6 };
    }
  }
}

/** A share, as a person reads it. @param {number} part */
export function percent(part) {
  return new Intl.NumberFormat("en", { style: "percent", maximumFractionDigits: part > 0 && part < 0.1 ? 1 : 0 }).format(part);
}

/** How long something took. @param {number | null | undefined} seconds */
export function span(seconds) {
  if (seconds === null || seconds === undefined) return "–";
  const units = /** @type {const} */ ([[86_400, "day"], [3_600, "hour"], [60, "minute"]]);
  for (const [size, name] of units) {
    if (seconds >= size) {
      const count = Math.round((seconds / size) * 10) / 10;
      return `${count} ${name}${count === 1 ? "" : "s"}`;
    }
  }
  return `${Math.round(seconds)} seconds`;
}

const FORMATS = {
  hour: new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", hour: "2-digit", minute: "2-digit" }),
  day: new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }),
  week: new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short" }),
  month: new Intl.DateTimeFormat("en-GB", { month: "short", year: "numeric" }),
};

/** When a bucket begins. @param {string} at @param {string} interval */
export function bucketName(at, interval) {
  const format = FORMATS[/** @type {keyof typeof FORMATS} */ (interval)] ?? FORMATS.day;
  return `${interval === "week" ? "week of " : ""}${format.format(new Date(at))}`;
}
