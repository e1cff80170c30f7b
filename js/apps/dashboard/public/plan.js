/** A tracking plan as the screens change it: always a new plan, never the one that was loaded. */
import { t } from "./words.js";

/**
 * @typedef {import("@headwater/api-client").PlannedEvent} PlannedEvent
 * @typedef {import("@headwater/api-client").TrackingPlanDocument} Plan
 * @typedef {import("@headwater/api-client").PlanAction} PlanAction
 * @typedef {import("@headwater/api-client").EventKind} EventKind
 */

/** What may happen to an event that differs from the plan. @type {{ key: PlanAction, name: string, badge: string }[]} */
export const ACTIONS = [
  { key: "allow", name: t("plan.allow"), badge: "ok" },
  { key: "flag", name: t("plan.flag"), badge: "held" },
  { key: "quarantine", name: t("plan.quarantine"), badge: "quarantined" },
];

/** @returns {Plan} */
export function emptyPlan() {
  return { unplanned: "allow", events: [] };
}

/** @param {Plan} plan @param {number} index @param {PlannedEvent} event `index` -1 adds it @returns {Plan} */
export function withEvent(plan, index, event) {
  const events = index < 0 ? [...plan.events, event] : plan.events.map((one, at) => (at === index ? event : one));
  return { ...plan, events };
}

/** @param {Plan} plan @param {number} index @returns {Plan} */
export function withoutEvent(plan, index) {
  return { ...plan, events: plan.events.filter((_, at) => at !== index) };
}

/** @param {{ type: string, event?: string | null }} event */
export function plannedName(event) {
  return event.event ?? (event.type === "page" || event.type === "screen" ? t("plan.any", { type: event.type }) : event.type);
}

/** How many events broke the plan, by type and name. @param {import("@headwater/api-client").Violation[]} violations @returns {Map<string, number>} */
export function countsByEvent(violations) {
  const counts = new Map();
  for (const { type, event, count } of violations) {
    const key = eventKey(type, event);
    // An event that breaks two rules is in both counts, so the largest is the most that is certain.
    counts.set(key, Math.max(counts.get(key) ?? 0, count));
  }
  return counts;
}

/** @param {string} type @param {string | null | undefined} event */
export function eventKey(type, event) {
  return JSON.stringify([type, event ?? ""]);
}

/** Reads what somebody wrote as a schema. @param {string} text @returns {{ schema: any } | { problem: string }} */
export function readSchema(text) {
  try {
    const schema = JSON.parse(text);
    if (typeof schema === "boolean" || (schema && typeof schema === "object" && !Array.isArray(schema))) return { schema };
    return { problem: t("plan.schema_kind") };
  } catch (error) {
    return { problem: t("plan.not_json", { problem: error instanceof Error ? error.message : String(error) }) };
  }
}
