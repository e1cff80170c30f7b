/** Reports: what happened, over everybody. What is asked stands in the address. */
import { ApiError, call, rows } from "../api.js";
import { h, newId } from "../dom.js";
import { calendarDay, fullMoment, inOneLine, number } from "../format.js";
import { funnelBars } from "../report/funnel-bars.js";
import { pathsChart, stepName } from "../report/paths-chart.js";
import { bucketName, intervalOf, INTERVALS, PERIODS, QUESTIONS, share, span } from "../report/question.js";
import { retentionTable } from "../report/retention-table.js";
import { legend, trendChart } from "../report/trend-chart.js";
import { empty, failed, loading } from "../states.js";
import { rich, t } from "../words.js";

/** @typedef {import("../report/question.js").Kind} Kind */

const KINDS = /** @type {const} */ ([
  ["trends", t("reports.trends"), t("reports.trends_lead")],
  ["funnels", t("reports.funnels"), t("reports.funnels_lead")],
  ["retention", t("reports.retention"), t("reports.retention_lead")],
  ["paths", t("reports.paths"), t("reports.paths_lead")],
]);
const STEPS = [2, 3, 4, 5, 6].map((count) => [String(count), t("reports.steps", { count })]);
const WINDOWS = [["0.0416666667", t("reports.within_hour")], ["1", t("reports.within_day")], ["7", t("reports.within_7_days")], ["30", t("reports.within_30_days")]];
/** How often the server is asked again while it reads the events for the first time. */
const AGAIN = 1_000;

/** @param {import("../app.js").Screen} screen */
export function reportsView({ place, signal, parts, query }) {
  const [kind, , lead] = KINDS.find(([key]) => key === parts[1]) ?? KINDS[0];
  const result = h("div", { class: "stack report" });
  /** @type {string[]} */
  let known = [];
  let asked = 0;

  /** The address says what is shown, without the screen being drawn anew under whoever fills in the form. */
  const changed = () => {
    history.replaceState(null, "", `#/reports/${kind}?${query}`);
    void ask();
  };
  const set = (/** @type {string} */ name, /** @type {string} */ value) => {
    if (value) query.set(name, value);
    else query.delete(name);
    changed();
  };

  const ask = async () => {
    asked += 1;
    const mine = asked;
    const still = () => mine === asked && !signal.aborted;
    const asking = ASKS[kind](query, signal);
    if (!asking) return result.replaceChildren(empty(t("reports.choose_steps"), t("reports.choose_steps_text")));
    result.setAttribute("aria-busy", "true");
    const skeleton = setTimeout(() => result.replaceChildren(loading()), 250);
    try {
      const draw = await read(asking, still);
      if (still()) result.replaceChildren(...draw());
    } catch (error) {
      if (still()) result.replaceChildren(failed(error, () => void ask()));
    } finally {
      clearTimeout(skeleton);
      if (still()) result.removeAttribute("aria-busy");
    }
  };

  /** @param {() => Promise<() => Node[]>} asking @param {() => boolean} still */
  const read = async (asking, still) => {
    for (;;) {
      try {
        return await asking();
      } catch (error) {
        const { done, of } = error instanceof ApiError ? error.details : {};
        if (typeof of !== "number" || !still()) throw error;
        result.replaceChildren(firstReading(done, of));
        await new Promise((again) => setTimeout(again, AGAIN));
      }
    }
  };

  const form = h("form", { class: "report-form", "aria-label": t("reports.form"), submit: (/** @type {Event} */ event) => event.preventDefault() });
  const draw = () => form.replaceChildren(...fields(kind, query, known, set, changed, draw));
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("reports.title"))),
    h("nav", { class: "tabs", "aria-label": t("reports.title") }, KINDS.map(([key, name]) => h("a", { href: `#/reports/${key}`, "aria-current": key === kind && "page" }, name))),
    h("p", { class: "lead report-lead" }, lead),
    form,
    result,
  );
  draw();
  void ask();
  void suggestions(signal).then(({ events, audiences }) => {
    if (signal.aborted) return;
    known = events;
    const focused = form.contains(document.activeElement);
    if (!focused) draw();
    for (const list of form.querySelectorAll("datalist")) list.replaceChildren(...events.map((name) => h("option", { value: name })));
    const select = /** @type {HTMLSelectElement | null} */ (form.querySelector("[name=audience]"));
    select?.append(...audiences.map(({ id, name }) => h("option", { value: id, selected: id === query.get("audience") }, name)));
  });
}

/** What can be chosen. @param {AbortSignal} signal */
async function suggestions(signal) {
  const [events, audiences] = await Promise.all([call("GET /reports/events", { signal }).catch(() => ({ data: [] })), rows("GET /audiences", { signal }).catch(() => ({ data: [] }))]);
  return { events: events.data.map(({ event }) => event), audiences: audiences.data };
}

/** @param {number} done @param {number} of */
function firstReading(done, of) {
  return h(
    "div",
    { class: "empty", role: "status" },
    h("p", { class: "empty-title" }, t("reports.reading")),
    h("p", {}, t("reports.reading_text", { of })),
    h("progress", { max: Math.max(of, 1), value: done, "aria-label": t("reports.events_read") }),
  );
}

/**
 * @param {Kind} kind @param {URLSearchParams} query @param {string[]} known @param {(name: string, value: string) => void} set
 * @param {() => void} changed @param {() => void} redraw
 * @returns {Node[]}
 */
function fields(kind, query, known, set, changed, redraw) {
  const choice = (/** @type {string} */ label, /** @type {string} */ name, /** @type {string[][]} */ options, /** @type {string} */ usual) => {
    const id = newId();
    const selected = query.get(name) ?? usual;
    const select = h("select", { id, name, change: () => set(name, select.value === usual ? "" : select.value) }, options.map(([value, text]) => h("option", { value, selected: value === selected }, text)));
    return h("div", { class: "report-field" }, h("label", { for: id }, label), select);
  };
  const text = (/** @type {string} */ label, /** @type {string} */ value, /** @type {string} */ placeholder, /** @type {(value: string) => void} */ chosen, /** @type {string[]} */ suggested) => {
    const [id, list] = [newId(), newId()];
    const input = h("input", { id, value, placeholder, list, autocomplete: "off", spellcheck: "false", change: () => chosen(input.value.trim()) });
    return h("div", { class: "report-field" }, h("label", { for: id }, label), input, h("datalist", { id: list }, suggested.map((name) => h("option", { value: name }))));
  };
  const shared = (days = "30") => [choice(t("reports.time"), "days", PERIODS, days), choice(t("reports.people"), "audience", [["", t("reports.everybody")]], "")];
  switch (kind) {
    case "trends":
    case "funnels": {
      const least = kind === "funnels" ? 2 : 1;
      const events = query.getAll("event");
      while (events.length < least) events.push("");
      const keep = () => {
        query.delete("event");
        for (const event of events) query.append("event", event);
        changed();
      };
      // Only more or fewer fields make the form anew: whoever leaves one for another must find it still there.
      const put = (/** @type {number} */ index, /** @type {string} */ value) => {
        events[index] = value;
        keep();
      };
      const remove = (/** @type {number} */ index) => {
        events.splice(index, 1);
        keep();
        redraw();
      };
      const append = () => {
        events.push("");
        keep();
        redraw();
      };
      const name = (/** @type {number} */ index) => (kind === "funnels" ? t("reports.step", { step: index + 1 }) : events.length > 1 ? t("reports.event_number", { number: index + 1 }) : t("reports.event"));
      const rows = events.map((event, index) => h(
        "div",
        { class: "report-row" },
        text(name(index), event, kind === "funnels" ? t("reports.choose_event") : t("reports.everything"), (value) => put(index, value), known),
        events.length > least && h("button", { type: "button", class: "icon-button", "aria-label": t("reports.remove", { name: name(index) }), click: () => remove(index) }, "×"),
      ));
      const add = h("button", { type: "button", class: "button", disabled: events.length >= 10, click: append }, kind === "funnels" ? t("reports.add_step") : t("reports.compare"));
      const own = kind === "funnels"
        ? [choice(t("reports.time_between"), "window", WINDOWS, "7")]
        : [choice(t("reports.interval"), "interval", INTERVALS, "day"), choice(t("reports.count"), "measure", [["events", t("reports.measure_events")], ["people", t("reports.measure_people")]], "events"), ...(events.length === 1 ? [text(t("reports.divided"), query.get("by") ?? "", t("reports.divided_example"), (value) => set("by", value), [])] : [])];
      return [h("div", { class: "report-events" }, rows, add), h("div", { class: "report-scope" }, own, shared())];
    }
    case "retention":
      return [
        h("div", { class: "report-scope" }, text(t("reports.begin_with"), query.get("start") ?? "", t("reports.anything"), (value) => set("start", value), known), text(t("reports.back_with"), query.get("return") ?? "", t("reports.anything"), (value) => set("return", value), known)),
        h("div", { class: "report-scope" }, choice(t("reports.interval"), "interval", INTERVALS.slice(1), "week"), shared("90")),
      ];
    case "paths":
      return [h("div", { class: "report-scope" }, choice(t("reports.ways"), "end", [["from", t("reports.from")], ["to", t("reports.that_lead_to")]], "from"), text(t("reports.event"), query.get("event") ?? "", t("reports.beginning"), (value) => set("event", value), known), choice(t("reports.length"), "steps", STEPS, "4"), shared())];
  }
}

/**
 * How each kind is asked, and what then shows the answer; nothing where something is still to be chosen.
 *
 * @type {Record<Kind, (query: URLSearchParams, signal: AbortSignal) => (() => Promise<() => Node[]>) | undefined>}
 */
const ASKS = {
  trends: (query, signal) => async () => {
    const answer = await call("POST /reports/trends", { body: QUESTIONS.trends(query), signal });
    return () => [...trends(query, answer, signal), note(answer)];
  },
  funnels: (query, signal) => {
    const body = QUESTIONS.funnels(query);
    return body && (async () => {
      const answer = await call("POST /reports/funnels", { body, signal });
      return () => [...funnels(answer), note(answer)];
    });
  },
  retention: (query, signal) => async () => {
    const answer = await call("POST /reports/retention", { body: QUESTIONS.retention(query), signal });
    return () => [...retention(query, answer), note(answer)];
  },
  paths: (query, signal) => async () => {
    const answer = await call("POST /reports/paths", { body: QUESTIONS.paths(query), signal });
    return () => [...paths(query, answer), note(answer)];
  },
};

/** On what the answer rests. @param {import("@headwater/api-client").Trends | import("@headwater/api-client").Funnel | import("@headwater/api-client").Retention | import("@headwater/api-client").Paths} answer */
function note(answer) {
  if (!answer.known_since) return h("p", { class: "quiet" });
  const known = answer.complete ? t("reports.known", { count: answer.events_known }) : t("reports.known_youngest", { count: answer.events_known });
  const divided = "broken_down_since" in answer && answer.broken_down_since ? ` ${t("reports.divided_since", { since: fullMoment(answer.broken_down_since) })}` : "";
  return h("p", { class: "quiet" }, t("reports.rests_on", { known, since: calendarDay(answer.known_since) }), divided);
}

const nothing = () => empty(t("reports.nothing"), t("reports.nothing_text"));

/** A line's name. @param {import("@headwater/api-client").TrendSeries} series */
function lineName(series) {
  if (series.value !== undefined) return series.value ?? t("reports.other_or_none");
  return series.event ?? t("reports.everything");
}

/** @param {URLSearchParams} query @param {import("@headwater/api-client").Trends} answer @param {AbortSignal} signal @returns {Node[]} */
function trends(query, answer, signal) {
  const measure = query.get("measure") === "people" ? "people" : "events";
  const interval = intervalOf(query, "day");
  const series = answer.series.filter((one) => one.value !== null || one.total_events > 0);
  if (!series.some((one) => one.total_events > 0)) return [nothing()];
  const names = series.map(lineName);
  const lines = series.map((one) => ({ name: lineName(one), values: one[measure] }));
  const total = (/** @type {import("@headwater/api-client").TrendSeries} */ one) => number(measure === "people" ? one.total_people : one.total_events);
  return [
    h("div", { class: "card" }, legend(names), trendChart({ buckets: answer.buckets, lines, label: t(`reports.trend_${measure}_${interval}`, { names: inOneLine(names) }), signal })),
    table(t("reports.numbers"), [t("reports.when"), ...names], [
      [t("reports.altogether"), ...series.map(total)],
      ...answer.buckets.map((at, bucket) => [bucketName(at, interval), ...lines.map((line) => number(line.values[bucket]))]).reverse(),
    ]),
  ];
}

/** @param {import("@headwater/api-client").Funnel} answer @returns {Node[]} */
function funnels(answer) {
  if (!answer.steps[0]?.people) return [nothing()];
  return [
    h("div", { class: "card" }, funnelBars(answer)),
    table(t("reports.numbers"), [t("reports.column_step"), t("reports.people"), t("reports.of_first"), t("reports.of_previous"), t("reports.half")], answer.steps.map((step) => [step.event ?? t("reports.anything"), number(step.people), share(step.share_of_first), share(step.share_of_previous), span(step.median_seconds)])),
  ];
}

/** @param {URLSearchParams} query @param {import("@headwater/api-client").Retention} answer @returns {Node[]} */
function retention(query, answer) {
  if (!answer.cohorts.some((cohort) => cohort.people > 0)) return [nothing()];
  return [retentionTable(answer, intervalOf(query, "week"))];
}

/** @param {URLSearchParams} query @param {import("@headwater/api-client").Paths} answer @returns {Node[]} */
function paths(query, answer) {
  if (!answer.ways) return [nothing()];
  const backwards = query.get("end") === "to" && query.has("event");
  return [
    h("div", { class: "card" }, h("p", {}, rich("reports.ways_count", { count: answer.ways, where: query.get("event") ? (backwards ? "to" : "from") : "visit", b: (inside) => h("b", {}, inside), quiet: (inside) => h("span", { class: "quiet" }, inside) })), answer.links.length > 0 ? pathsChart(answer, backwards) : h("p", { class: "quiet" }, t("reports.nothing_else"))),
    table(t("reports.numbers"), [t("reports.path_from"), t("reports.path_to"), t("reports.ways")], answer.links.map((link) => [stepName(link.from), stepName(link.to), number(link.ways)]), 2),
  ];
}

/** @param {string} label @param {string[]} head @param {string[][]} rows @param {number} [words] columns that are no numbers */
function table(label, head, rows, words = 1) {
  return h(
    "div",
    { class: "card flush scroll report-table", tabindex: "0", role: "region", "aria-label": label },
    h("table", { class: "table" }, h("thead", {}, h("tr", {}, head.map((name, index) => h("th", { scope: "col", class: index >= words && "num" }, name)))), h("tbody", {}, rows.map(([first, ...rest]) => h("tr", {}, h("th", { scope: "row" }, first), rest.map((value, index) => h("td", { class: index + 1 >= words && "num" }, value)))))),
  );
}
