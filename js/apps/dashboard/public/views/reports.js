/** Reports: what happened, over everybody. What is asked stands in the address. */
import { all, api, ApiError } from "../api.js";
import { h, newId } from "../dom.js";
import { number, plural } from "../format.js";
import { funnelBars } from "../report/funnel-bars.js";
import { pathsChart, stepName } from "../report/paths-chart.js";
import { bucketName, INTERVALS, percent, PERIODS, question, span } from "../report/question.js";
import { retentionTable } from "../report/retention-table.js";
import { legend, trendChart } from "../report/trend-chart.js";
import { empty, failed, loading } from "../states.js";

/** @typedef {import("../report/question.js").Kind} Kind */

const KINDS = /** @type {const} */ ([
  ["trends", "Trends", "How often something happens, and to how many people."],
  ["funnels", "Funnels", "How many people do one thing after the other, and where they stop."],
  ["retention", "Retention", "Of those who began, how many come back."],
  ["paths", "Paths", "What people do next, or what they did before."],
]);
const STEPS = [["2", "2 steps"], ["3", "3 steps"], ["4", "4 steps"], ["5", "5 steps"], ["6", "6 steps"]];
const WINDOWS = [["0.0416666667", "within an hour"], ["1", "within a day"], ["7", "within 7 days"], ["30", "within 30 days"]];
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
    const body = question(kind, query);
    if (!body) return result.replaceChildren(empty("Choose two steps", "A funnel shows how many people do the second thing after the first. Choose what they do."));
    result.setAttribute("aria-busy", "true");
    const skeleton = setTimeout(() => result.replaceChildren(loading()), 250);
    try {
      const answer = await read(body, still);
      if (still()) result.replaceChildren(...show(kind, query, answer, signal));
    } catch (error) {
      if (still()) result.replaceChildren(failed(error, () => void ask()));
    } finally {
      clearTimeout(skeleton);
      if (still()) result.removeAttribute("aria-busy");
    }
  };

  /** @param {object} body @param {() => boolean} still @returns {Promise<any>} */
  const read = async (body, still) => {
    for (;;) {
      try {
        return await api(`reports/${kind}`, { method: "POST", body, signal });
      } catch (error) {
        const { done, of } = error instanceof ApiError ? error.details : {};
        if (typeof of !== "number" || !still()) throw error;
        result.replaceChildren(firstReading(done, of));
        await new Promise((again) => setTimeout(again, AGAIN));
      }
    }
  };

  const form = h("form", { class: "report-form", "aria-label": "What the report shows", submit: (/** @type {Event} */ event) => event.preventDefault() });
  const draw = () => form.replaceChildren(...fields(kind, query, known, set, changed, draw));
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Reports")),
    h("nav", { class: "tabs", "aria-label": "Reports" }, KINDS.map(([key, name]) => h("a", { href: `#/reports/${key}`, "aria-current": key === kind && "page" }, name))),
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
    for (const list of form.querySelectorAll("datalist")) list.replaceChildren(...events.map((/** @type {string} */ name) => h("option", { value: name })));
    const select = /** @type {HTMLSelectElement | null} */ (form.querySelector("[name=audience]"));
    select?.append(...audiences.map(({ id, name }) => h("option", { value: id, selected: id === query.get("audience") }, name)));
  });
}

/** What can be chosen. @param {AbortSignal} signal */
async function suggestions(signal) {
  const [events, audiences] = await Promise.all([api("reports/events", { signal }).catch(() => ({ data: [] })), all("audiences", signal).catch(() => ({ data: [] }))]);
  return { events: events.data.map((/** @type {any} */ { event }) => event), audiences: audiences.data };
}

/** @param {number} done @param {number} of */
function firstReading(done, of) {
  return h(
    "div",
    { class: "empty", role: "status" },
    h("p", { class: "empty-title" }, "Reading your events"),
    h("p", {}, `The first report after a start reads all ${number(of)} events once. Later ones take a moment.`),
    h("progress", { max: Math.max(of, 1), value: done, "aria-label": "Events read" }),
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
  const shared = (days = "30") => [choice("Time", "days", PERIODS, days), choice("People", "audience", [["", "everybody"]], "")];
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
      const name = (/** @type {number} */ index) => (kind === "funnels" ? `Step ${index + 1}` : events.length > 1 ? `Event ${index + 1}` : "Event");
      const rows = events.map((event, index) => h(
        "div",
        { class: "report-row" },
        text(name(index), event, kind === "funnels" ? "Choose an event" : "Everything", (value) => put(index, value), known),
        events.length > least && h("button", { type: "button", class: "icon-button", "aria-label": `Remove ${name(index)}`, click: () => remove(index) }, "×"),
      ));
      const add = h("button", { type: "button", class: "button", disabled: events.length >= 10, click: append }, kind === "funnels" ? "Add a step" : "Compare with another event");
      const own = kind === "funnels"
        ? [choice("Time between", "window", WINDOWS, "7")]
        : [choice("Interval", "interval", INTERVALS, "day"), choice("Count", "measure", [["events", "events"], ["people", "people"]], "events"), ...(events.length === 1 ? [text("Divided by", query.get("by") ?? "", "properties.plan", (value) => set("by", value), [])] : [])];
      return [h("div", { class: "report-events" }, rows, add), h("div", { class: "report-scope" }, own, shared())];
    }
    case "retention":
      return [
        h("div", { class: "report-scope" }, text("They begin with", query.get("start") ?? "", "Anything", (value) => set("start", value), known), text("They are back with", query.get("return") ?? "", "Anything", (value) => set("return", value), known)),
        h("div", { class: "report-scope" }, choice("Interval", "interval", INTERVALS.slice(1), "week"), shared("90")),
      ];
    case "paths":
      return [h("div", { class: "report-scope" }, choice("Ways", "end", [["from", "from"], ["to", "that lead to"]], "from"), text("Event", query.get("event") ?? "", "the beginning of a visit", (value) => set("event", value), known), choice("Length", "steps", STEPS, "4"), shared())];
  }
}

/** @param {Kind} kind @param {URLSearchParams} query @param {any} answer @param {AbortSignal} signal @returns {Node[]} */
function show(kind, query, answer, signal) {
  const shown = { trends, funnels, retention, paths }[kind](query, answer, signal);
  return [...shown, note(answer)];
}

/** On what the answer rests. @param {any} answer */
function note(answer) {
  const since = answer.known_since && new Date(answer.known_since).toLocaleDateString("en-GB", { day: "numeric", month: "short", year: "numeric" });
  const known = answer.complete ? plural(answer.events_known, "event") : `the youngest ${number(answer.events_known)} events`;
  const part = answer.broken_down_since ? ` Divided are only events received since ${new Date(answer.broken_down_since).toLocaleString("en-GB")}: there are too many to read all of them.` : "";
  return h("p", { class: "quiet" }, since ? `Counted from ${known}, the oldest of ${since}, without those of people who took their consent back.${part}` : "");
}

const nothing = () => empty("Nothing happened in this time", "Choose a longer time, another event, or everybody.");

/** A line's name. @param {any} series */
function lineName(series) {
  if (series.value !== undefined) return series.value ?? "other, or none";
  return series.event ?? "Everything";
}

/** @param {URLSearchParams} query @param {any} answer @param {AbortSignal} signal */
function trends(query, answer, signal) {
  const measure = query.get("measure") === "people" ? "people" : "events";
  const interval = query.get("interval") ?? "day";
  const series = answer.series.filter((/** @type {any} */ one) => one.value !== null || one.total_events > 0);
  if (!series.some((/** @type {any} */ one) => one.total_events > 0)) return [nothing()];
  const names = series.map(lineName);
  const lines = series.map((/** @type {any} */ one, /** @type {number} */ index) => ({ name: names[index], values: one[measure] }));
  const total = (/** @type {any} */ one) => number(measure === "people" ? one.total_people : one.total_events);
  return [
    h("div", { class: "card" }, legend(names), trendChart({ buckets: answer.buckets, lines, label: `${measure} ${interval} by ${interval}: ${names.join(", ")}. The table below has the numbers.`, signal })),
    table("Numbers", ["When", ...names], [
      ["Altogether", ...series.map(total)],
      ...answer.buckets.map((/** @type {string} */ at, /** @type {number} */ bucket) => [bucketName(at, interval), ...lines.map((/** @type {any} */ line) => number(line.values[bucket]))]).reverse(),
    ]),
  ];
}

/** @param {URLSearchParams} _ @param {any} answer */
function funnels(_, answer) {
  if (!answer.steps[0]?.people) return [nothing()];
  return [
    h("div", { class: "card" }, funnelBars(answer)),
    table("Numbers", ["Step", "People", "Of the first", "Of the one before", "Half within"], answer.steps.map((/** @type {any} */ step) => [step.event ?? "Anything", number(step.people), percent(step.share_of_first), percent(step.share_of_previous), span(step.median_seconds)])),
  ];
}

/** @param {URLSearchParams} query @param {any} answer */
function retention(query, answer) {
  if (!answer.cohorts.some((/** @type {any} */ cohort) => cohort.people > 0)) return [nothing()];
  return [retentionTable(answer, query.get("interval") ?? "week")];
}

/** @param {URLSearchParams} query @param {any} answer */
function paths(query, answer) {
  if (!answer.ways) return [nothing()];
  const backwards = query.get("end") === "to" && query.has("event");
  return [
    h("div", { class: "card" }, h("p", {}, h("b", {}, plural(answer.ways, "way")), h("span", { class: "quiet" }, ` ${query.get("event") ? (backwards ? "that lead there" : "from there on") : "from the beginning of a visit"}`)), answer.links.length > 0 ? pathsChart(answer, backwards) : h("p", { class: "quiet" }, "Nobody did anything else in the same visit.")),
    table("Numbers", ["From", "To", "Ways"], answer.links.map((/** @type {any} */ link) => [stepName(link.from), stepName(link.to), number(link.ways)]), 2),
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
