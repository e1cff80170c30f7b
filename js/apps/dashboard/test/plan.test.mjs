import assert from "node:assert/strict";
import test from "node:test";
import { countsByEvent, emptyPlan, eventKey, plannedName, readSchema, withEvent, withoutEvent } from "../public/plan.js";

const viewed = { type: "track", event: "Viewed", on_violation: "flag", schema: {} };

test("changing a plan leaves the loaded one as it was", () => {
  const plan = emptyPlan();
  const one = withEvent(plan, -1, viewed);
  const changed = withEvent(one, 0, { ...viewed, on_violation: "quarantine" });
  assert.deepEqual(plan.events, []);
  assert.equal(one.events[0]?.on_violation, "flag");
  assert.equal(changed.events[0]?.on_violation, "quarantine");
  assert.deepEqual(withoutEvent(changed, 0).events, []);
});

test("an event that breaks two rules is not two events", () => {
  const counts = countsByEvent([
    { type: "track", event: "Viewed", count: 3 },
    { type: "track", event: "Viewed", count: 5 },
    { type: "identify", event: null, count: 1 },
  ]);
  assert.equal(counts.get(eventKey("track", "Viewed")), 5);
  assert.equal(counts.get(eventKey("identify", undefined)), 1);
});

test("a schema is an object, true or false", () => {
  assert.deepEqual(readSchema('{"type":"object"}'), { schema: { type: "object" } });
  assert.deepEqual(readSchema("true"), { schema: true });
  for (const text of ["", "[]", "3", "null", "{"]) assert.ok("problem" in readSchema(text), text);
});

test("an entry without a name has a name for people", () => {
  assert.equal(plannedName({ type: "page" }), "any page");
  assert.equal(plannedName({ type: "identify", event: null }), "identify");
  assert.equal(plannedName(viewed), "Viewed");
});
