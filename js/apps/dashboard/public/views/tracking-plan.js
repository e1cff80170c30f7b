import { remember } from "../address.js";
import { call, words } from "../api.js";
import { h, newId } from "../dom.js";
import { moment, number, plural } from "../format.js";
import { ACTIONS, countsByEvent, emptyPlan, eventKey, plannedName, withEvent, withoutEvent } from "../plan.js";
import { empty, loaded } from "../states.js";
import { actionBadge, tryResult, violationList } from "./plan-results.js";
import { plannedEventDialog } from "./planned-event-dialog.js";

/** @typedef {import("@headwater/api-client").TrackingPlanVersion} TrackingPlanVersion */
/** @typedef {import("@headwater/api-client").TrackingPlanDraft} TrackingPlanDraft */

const DAYS = 7;

/** @param {import("../app.js").Screen} screen */
export function trackingPlanView({ place, signal, query }) {
  const body = h("div", { class: "plan" });
  const told = h("p", { class: "replay-result", role: "status" });
  const tried = h("div");
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Tracking plan")),
    h("p", { class: "lead" }, "The events you expect and what each looks like. One that looks otherwise is counted, flagged or kept in quarantine, as you decide."),
    told,
    body,
  );

  const load = () => loaded(body, signal, async () => {
    const [plan, violations, versions] = await Promise.all([
      call("GET /tracking-plan", { signal }),
      call("GET /tracking-plan/violations", { query: { days: DAYS, limit: 100 }, signal }),
      call("GET /tracking-plan/versions", { query: { limit: 20 }, signal }),
    ]);
    return { ...plan, violations: violations.data, versions: versions.data };
  }, draw);

  /** Does something on the server, tells of it and shows what is there now. @param {() => Promise<string>} act @returns {Promise<string | undefined>} what went wrong */
  async function change(act) {
    try {
      const text = await act();
      tried.replaceChildren();
      await load();
      told.textContent = text;
      return undefined;
    } catch (error) {
      return words(error);
    }
  }

  /** The same for a button, whose trouble is told at the top. @param {HTMLButtonElement} button @param {() => Promise<string>} act */
  async function press(button, act) {
    button.disabled = true;
    told.textContent = "";
    const problem = await change(act);
    button.disabled = false;
    if (problem) told.textContent = problem;
  }

  /** @param {import("../plan.js").Plan} plan */
  async function save(plan) {
    await call("PUT /tracking-plan/draft", { body: plan });
    return "Saved in the draft. Nothing changes for events until it is published.";
  }

  /** @param {import("@headwater/api-client").TrackingPlan & { violations: import("@headwater/api-client").Violation[], versions: import("@headwater/api-client").TrackingPlanSummary[] }} data */
  function draw({ published, draft, violations, versions }) {
    /** @type {import("../plan.js").Plan} */
    const plan = draft?.plan ?? published?.plan ?? emptyPlan();
    if (query.has("type")) openNamed(plan);
    return [
      state(published, draft),
      tried,
      planned(plan, countsByEvent(violations)),
      h("section", { "aria-labelledby": "violations" }, h("h2", { id: "violations" }, `Violations of the last ${DAYS} days`), violationList(violations)),
      versions.length > 0 && history(versions, published),
    ].filter((node) => node instanceof Node);
  }

  /** @param {TrackingPlanVersion | null} published @param {TrackingPlanDraft | null} draft */
  function state(published, draft) {
    const days = h("select", {}, [1, 7, 30, 90].map((count) => h("option", { value: count, selected: count === DAYS }, plural(count, "day"))));
    days.id = newId();
    const infer = h("button", { type: "button", class: "button", click: () => press(infer, async () => {
      const answer = await call("POST /tracking-plan/infer", { body: { days: Number(days.value), replace_draft: Boolean(draft) } });
      return [`A draft from ${plural(answer.read.events, "event")}${answer.read.complete ? "" : ", the youngest"}.`, ...answer.notes].join(" ");
    }) }, draft ? "Infer anew from events" : "Infer from events");
    const attempt = h("button", { type: "button", class: "button", click: async () => {
      attempt.disabled = true;
      told.textContent = "Trying…";
      try {
        tried.replaceChildren(tryResult(await call("POST /tracking-plan/try", { body: { days: Number(days.value) }, signal })));
        told.textContent = "";
        tried.querySelector("h2")?.focus();
      } catch (error) {
        if (!signal.aborted) told.textContent = words(error);
      }
      attempt.disabled = false;
    } }, draft ? "Try the draft" : "Try the plan");
    const publish = h("button", { type: "button", class: "button button-main", click: () => press(publish, async () => {
      const { version } = await call("POST /tracking-plan/publish", { body: {} });
      return `Version ${version} is in force.`;
    }) }, "Publish draft");
    const discard = h("button", { type: "button", class: "button", click: () => press(discard, async () => {
      await call("DELETE /tracking-plan/draft");
      return "The draft is gone.";
    }) }, "Discard draft");
    return h(
      "section",
      { class: "card stack", "aria-label": "State of the plan" },
      h("p", { class: "plan-state" },
        published ? h("span", { class: "badge badge-ok" }, `version ${published.version}`) : h("span", { class: "badge" }, "no plan"),
        h("span", {}, published ? `in force since ${moment(published.published_at)}` : "Every event is taken as it comes."),
        draft && h("span", { class: "badge badge-held" }, "draft"),
        draft && h("span", {}, `changed ${moment(draft.updated_at)}, shown below`),
      ),
      h("div", { class: "row-actions plan-actions" }, draft && publish, h("span", { class: "inline-field" }, h("label", { for: days.id }, "Events of the last"), days), infer, (draft || published) && attempt, draft && discard),
    );
  }

  /** @param {import("../plan.js").Plan} plan @param {Map<string, number>} counts */
  function planned(plan, counts) {
    const unplanned = h("select", { id: newId(), change: () => void change(() => save({ ...plan, unplanned: /** @type {import("../plan.js").PlanAction} */ (unplanned.value) })).then((problem) => {
      if (problem) told.textContent = problem;
    }) }, ACTIONS.map(({ key, name }) => h("option", { value: key, selected: key === plan.unplanned }, name)));
    const add = h("button", { type: "button", class: "button", click: () => edit(plan, -1) }, "Add event");
    return h(
      "section",
      { "aria-labelledby": "planned" },
      h("div", { class: "head-small" }, h("h2", { id: "planned" }, plural(plan.events.length, "planned event")), add),
      plan.events.length === 0
        ? empty("Nothing is planned yet", "Infer a first plan from the events that have arrived, or add the events you expect.")
        : h("ul", { class: "card flush planned", role: "list" }, plan.events.map((event, index) => {
            const count = counts.get(eventKey(event.type, event.event)) ?? 0;
            return h("li", {}, h(
              "button",
              { type: "button", class: "planned-event", click: () => edit(plan, index) },
              h("span", { class: "planned-name" }, plannedName(event), " ", h("small", { class: "quiet" }, event.type)),
              h("span", { class: "quiet planned-about" }, event.description || fields(event.schema)),
              actionBadge(event.on_violation),
              h("span", { class: count ? "planned-count" : "planned-count quiet" }, count ? `${number(count)} broken` : "none broken"),
            ));
          })),
      h("p", { class: "inline-field unplanned" }, h("label", { for: unplanned.id }, "Events that are not in the plan"), unplanned),
    );
  }

  /** @param {import("../plan.js").Plan} plan @param {number} index @param {{ type: string, event?: string }} [named] what a new one is called */
  function edit(plan, index, named = { type: "track" }) {
    const event = plan.events[index] ?? { ...named, on_violation: "flag", schema: { type: "object", properties: {}, required: [] } };
    plannedEventDialog(event, {
      isNew: index < 0,
      save: (changed) => change(() => save(withEvent(plan, index, changed))),
      remove: () => change(() => save(withoutEvent(plan, index))),
    });
  }

  /** @param {import("@headwater/api-client").TrackingPlanSummary[]} versions @param {TrackingPlanVersion | null} published */
  function history(versions, published) {
    return h("section", { "aria-labelledby": "versions" }, h("h2", { id: "versions" }, "Versions"), h("ul", { class: "card flush versions", role: "list" }, versions.map((one) => {
      const back = h("button", { type: "button", class: "button", click: () => press(back, async () => {
        const { version } = await call("POST /tracking-plan/publish", { body: { version: one.version } });
        return `Version ${version} is in force; it is version ${one.version} again.`;
      }) }, "Bring back", h("span", { class: "sr" }, ` version ${one.version}`));
      return h("li", {}, h("span", {}, h("b", {}, `Version ${one.version}`), h("span", { class: "quiet" }, ` ${plural(one.events, "event")}, ${moment(one.published_at)}${one.from_version ? `, version ${one.from_version} again` : ""}`)), one.version === published?.version ? h("span", { class: "badge badge-ok" }, "in force") : back);
    })));
  }

  /** An address that names an event opens it, or begins a new one of that name; once. @param {import("../plan.js").Plan} plan */
  function openNamed(plan) {
    const type = query.get("type");
    const event = query.get("event") ?? undefined;
    query.delete("type");
    remember({ type: "", event: "" });
    if (type) edit(plan, plan.events.findIndex((one) => eventKey(one.type, one.event) === eventKey(type, event)), { type, event });
  }

  void load();
}

/** The properties that a schema names. @param {any} schema */
function fields(schema) {
  const names = Object.keys(schema?.properties ?? {});
  return names.length > 0 ? names.join(", ") : "anything";
}
