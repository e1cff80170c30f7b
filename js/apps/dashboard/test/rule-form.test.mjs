import assert from "node:assert/strict";
import test from "node:test";
import { definitionOf, formOf, newGroup, newRule, ruleOf } from "../public/rules/rule.js";
import { literal, literals, literalsText, literalText } from "../public/rules/values.js";
import { onLines, placeOf } from "../public/views/text-editor.js";

/** Definitions as the server writes them, that a form has fields for throughout. */
const SHOWN = [
  { event: "A", count: { $gte: 1 } },
  { not: { event: "A", count: { $gte: 1 }, within: "7d" } },
  { event: "A", where: { category: "sneakers", total: { $gte: 100, $lt: 500 } }, bots: false, count: { $gte: 3 }, within: "30d" },
  { event: "A", count: { $gte: 2, $lte: 5 }, calendar: "month", timezone: "Europe/Berlin" },
  { event: "A", count: 2, from: "2026-01-01T00:00:00.123Z", until: "2026-02-01T00:00:00.000Z" },
  { event: "A", aggregate: "sum", of: "properties.total", is: { $gte: 100.5 }, until: "2026-02-01T00:00:00.000Z" },
  { event: "A", aggregate: "last", of: "context.page.path", is: { $exists: false } },
  { event: "A", aggregate: "first", of: "properties.traits.x", is: "y" },
  { sequence: [{ event: "A" }, { event: "B", where: { x: { $in: ["a", "b, c", 3] } }, within: "1h" }], without: [{ event: "C" }], within: "30d" },
  { sequence: [{ event: "A" }, { not: { event: "B" }, within: "1d" }] },
  { traits: { plan: "pro", seats: { $gt: 5 } } },
  { traits: { a: "5", b: 5, c: true, d: "true", e: null, f: "", g: ' "x', h: [1], i: { k: 1 }, j: { $eq: {} } } },
  { traits: { plan: { $ne: "a" }, x: { $regex: "^[0-9]+$" }, v: { $vgte: "1.2" }, l: { $all: ["a"] } } },
  { traits: { $and: [{ plan: { $ne: "a" } }, { plan: { $ne: "b" } }] } },
  { traits: { $or: [{ name: { $elemMatch: { $eq: "a.b" } } }, { name: { $regex: "a\\.b" } }] } },
  { computed_traits: { orders_count: { $gte: 2 } } },
  { date: "renews_at", in_next: "7d" },
  { date: "renews_at", before: "2027-01-01T00:00:00.000Z" },
  { audience: "aud_1" },
  { consent: "personalization" },
  { not: { consent: "analytics", is: "unset" } },
  { identifier: "email" },
  { all: [] },
  { all: [{ identifier: "email" }, { any: [{ event: "A", count: { $gte: 1 } }, { not: { all: [{ audience: "a" }, { audience: "b" }] } }] }] },
  { not: { any: [{ identifier: "email" }, { identifier: "phone" }] } },
];
/** Such as have no fields, which stay JSON. */
const KEPT = [
  { any: [] },
  { not: { not: { identifier: "email" } } },
  { event: "A", count: { $in: [1, 3] } },
  { traits: { $nor: [{ plan: "pro" }] } },
  { traits: { seats: { $size: { $gte: 2 } } } },
  { event: "A", where: { $or: [{ a: 1 }, { b: 2 }] }, count: { $gte: 1 } },
  { traits: { x: { $regex: " a" } } },
];

test("what the form shows is the definition, and nothing is lost on the way through it", () => {
  for (const definition of [...SHOWN, ...KEPT]) assert.deepEqual(definitionOf(formOf(definition)), definition, JSON.stringify(definition));
});

test("JSON is left for what has no fields, and for nothing else", () => {
  const asJson = (/** @type {any} */ definition) => /"json":/.test(JSON.stringify(ruleOf(definition)));
  for (const definition of SHOWN) assert.equal(asJson(definition), false, JSON.stringify(definition));
  for (const definition of KEPT) assert.equal(asJson(definition), true, JSON.stringify(definition));
});

test("our own words fill the same fields", () => {
  assert.deepEqual(definitionOf(formOf({ trait: "plan", is: { eq: "pro" } })), { traits: { plan: "pro" } });
  assert.deepEqual(definitionOf(formOf({ event: "A", where: { x: { gte: 2 } }, count: { gte: 3 } })), { event: "A", where: { x: { $gte: 2 } }, count: { $gte: 3 } });
});

test("an unfinished rule is no definition, and a group with one neither", () => {
  const event = /** @type {import("../public/rules/rule.js").EventRule} */ (newRule());
  assert.equal(definitionOf(event), undefined, "no event");
  event.event = "A";
  event.measure = "count";
  event.value = "";
  assert.equal(definitionOf(event), undefined, "no number");
  event.value = "2";
  assert.deepEqual(definitionOf(newGroup([event])), { event: "A", count: { $gte: 2 }, within: "30d" });
  event.where.tests.push({ key: "category", operator: "$eq", value: "", upper: "" });
  assert.equal(definitionOf(event), undefined, "no value");
  for (const kind of ["sequence", "traits", "computed_traits", "date", "audience", "identifier", "consent", "json"]) assert.equal(definitionOf(newRule(kind)), undefined, kind);
  assert.equal(definitionOf(newGroup([newRule("everybody"), newRule()])), undefined);
  assert.equal(definitionOf(newGroup([])), undefined);
});

test("values are read from fields as they are written into them", () => {
  for (const value of [0, -1.5, true, null, "a b", "5", "true", "null", "", " x", '"', '"a"', "[1]", "{", "1e5", "007", [1, "a"], { a: 1 }]) assert.deepEqual(literal(literalText(value)), value, JSON.stringify(value));
  const list = ["a", "b, c", 3, "3", 'say "x"', true];
  assert.deepEqual(literals(literalsText(list)), list);
});

test("texts have a line a rule, and places are found by line and column", () => {
  assert.equal(onLines('event "a and b" and (consent x or consent y) or identifier email'), 'event "a and b"\n  and (consent x or consent y)\n  or identifier email');
  assert.equal(placeOf("ab\ncd 😀 ef", 2, 6), 9);
});
