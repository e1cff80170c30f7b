import { remember } from "../address.js";
import { call, words } from "../api.js";
import { h, newId } from "../dom.js";
import { inOneLine, moment } from "../format.js";
import { ACTIONS, countsByEvent, emptyPlan, eventKey, plannedName, withEvent, withoutEvent } from "../plan.js";
import { empty, loaded } from "../states.js";
import { rich, t } from "../words.js";
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
    h("div", { class: "head" }, h("h1", {}, t("tracking_plan.title"))),
    h("p", { class: "lead" }, t("tracking_plan.lead")),
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
    return t("tracking_plan.saved");
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
      h("section", { "aria-labelledby": "violations" }, h("h2", { id: "violations" }, t("tracking_plan.violations", { days: DAYS })), violationList(violations)),
      versions.length > 0 && history(versions, published),
    ].filter((node) => node instanceof Node);
  }

  /** @param {TrackingPlanVersion | null} published @param {TrackingPlanDraft | null} draft */
  function state(published, draft) {
    const days = h("select", {}, [1, 7, 30, 90].map((count) => h("option", { value: count, selected: count === DAYS }, t("tracking_plan.days", { count }))));
    days.id = newId();
    const infer = h("button", { type: "button", class: "button", click: () => press(infer, async () => {
      const answer = await call("POST /tracking-plan/infer", { body: { days: Number(days.value), replace_draft: Boolean(draft) } });
      return [t("tracking_plan.inferred", { count: answer.read.events, complete: String(answer.read.complete) }), ...answer.notes].join(" ");
    }) }, draft ? t("tracking_plan.infer_anew") : t("tracking_plan.infer"));
    const attempt = h("button", { type: "button", class: "button", click: async () => {
      attempt.disabled = true;
      told.textContent = t("tracking_plan.trying");
      try {
        tried.replaceChildren(tryResult(await call("POST /tracking-plan/try", { body: { days: Number(days.value) }, signal })));
        told.textContent = "";
        tried.querySelector("h2")?.focus();
      } catch (error) {
        if (!signal.aborted) told.textContent = words(error);
      }
      attempt.disabled = false;
    } }, draft ? t("tracking_plan.try_draft") : t("tracking_plan.try_plan"));
    const publish = h("button", { type: "button", class: "button button-main", click: () => press(publish, async () => {
      const { version } = await call("POST /tracking-plan/publish", { body: {} });
      return t("tracking_plan.published", { version });
    }) }, t("tracking_plan.publish"));
    const discard = h("button", { type: "button", class: "button", click: () => press(discard, async () => {
      await call("DELETE /tracking-plan/draft");
      return t("tracking_plan.discarded");
    }) }, t("tracking_plan.discard"));
    return h(
      "section",
      { class: "card stack", "aria-label": t("tracking_plan.state") },
      h("p", { class: "plan-state" },
        published ? h("span", { class: "badge badge-ok" }, t("tracking_plan.version", { version: published.version })) : h("span", { class: "badge" }, t("tracking_plan.no_plan")),
        h("span", {}, published ? t("tracking_plan.since", { at: moment(published.published_at) }) : t("tracking_plan.taken")),
        draft && h("span", { class: "badge badge-held" }, t("tracking_plan.draft")),
        draft && h("span", {}, t("tracking_plan.changed", { at: moment(draft.updated_at) })),
      ),
      h("div", { class: "row-actions plan-actions" }, draft && publish, h("span", { class: "inline-field" }, h("label", { for: days.id }, t("tracking_plan.last_days")), days), infer, (draft || published) && attempt, draft && discard),
    );
  }

  /** @param {import("../plan.js").Plan} plan @param {Map<string, number>} counts */
  function planned(plan, counts) {
    const unplanned = h("select", { id: newId(), change: () => void change(() => save({ ...plan, unplanned: /** @type {import("../plan.js").PlanAction} */ (unplanned.value) })).then((problem) => {
      if (problem) told.textContent = problem;
    }) }, ACTIONS.map(({ key, name }) => h("option", { value: key, selected: key === plan.unplanned }, name)));
    const add = h("button", { type: "button", class: "button", click: () => edit(plan, -1) }, t("tracking_plan.add"));
    return h(
      "section",
      { "aria-labelledby": "planned" },
      h("div", { class: "head-small" }, h("h2", { id: "planned" }, t("tracking_plan.planned", { count: plan.events.length })), add),
      plan.events.length === 0
        ? empty(t("tracking_plan.empty"), t("tracking_plan.empty_text"))
        : h("ul", { class: "card flush planned", role: "list" }, plan.events.map((event, index) => {
            const count = counts.get(eventKey(event.type, event.event)) ?? 0;
            return h("li", {}, h(
              "button",
              { type: "button", class: "planned-event", click: () => edit(plan, index) },
              h("span", { class: "planned-name" }, plannedName(event), " ", h("small", { class: "quiet" }, event.type)),
              h("span", { class: "quiet planned-about" }, event.description || fields(event.schema)),
              actionBadge(event.on_violation),
              h("span", { class: count ? "planned-count" : "planned-count quiet" }, count ? t("tracking_plan.broken", { count }) : t("tracking_plan.none_broken")),
            ));
          })),
      h("p", { class: "inline-field unplanned" }, h("label", { for: unplanned.id }, t("tracking_plan.unplanned")), unplanned),
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
    return h("section", { "aria-labelledby": "versions" }, h("h2", { id: "versions" }, t("tracking_plan.versions")), h("ul", { class: "card flush versions", role: "list" }, versions.map((one) => {
      const back = h("button", { type: "button", class: "button", click: () => press(back, async () => {
        const { version } = await call("POST /tracking-plan/publish", { body: { version: one.version } });
        return t("tracking_plan.brought_back", { version, former: one.version });
      }) }, rich("tracking_plan.bring_back", { version: one.version, sr: (inside) => h("span", { class: "sr" }, inside) }));
      return h("li", {}, h("span", {}, h("b", {}, t("tracking_plan.version_name", { version: one.version })), h("span", { class: "quiet" }, " ", one.from_version ? t("tracking_plan.version_again", { count: one.events, at: moment(one.published_at), former: one.from_version }) : t("tracking_plan.version_facts", { count: one.events, at: moment(one.published_at) }))), one.version === published?.version ? h("span", { class: "badge badge-ok" }, t("tracking_plan.in_force")) : back);
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
  return names.length > 0 ? inOneLine(names) : t("tracking_plan.anything");
}
