import assert from "node:assert/strict";
import test from "node:test";
import { expressionOf } from "../public/views/condition.js";
import { sentence } from "../public/views/definition.js";

const condition = { kind: "event", event: "Product Viewed", negated: false, where: [], times: "3", within: "30d", key: "", operator: "eq", value: "" };

test("a built condition reads back as what was built", () => {
  const built = expressionOf({ ...condition, where: [{ key: "category", operator: "eq", value: "sneakers" }] });
  assert.deepEqual(built, { event: "Product Viewed", where: { category: { eq: "sneakers" } }, count: { gte: 3 }, within: "30d" });
  assert.equal(sentence(built), "did Product Viewed where category is sneakers at least 3 times in the last 30 days");
});

test("not having done something negates having done it once", () => {
  const built = expressionOf({ ...condition, negated: true, within: "" });
  assert.deepEqual(built, { not: { event: "Product Viewed", count: { gte: 1 } } });
  assert.equal(sentence(built), "did not do Product Viewed");
});

test("numbers and yes or no are values of their kind, quotes keep text", () => {
  const trait = { ...condition, kind: "trait", key: "plan" };
  assert.deepEqual(expressionOf({ ...trait, operator: "gte", value: "2" }), { trait: "plan", is: { gte: 2 } });
  assert.deepEqual(expressionOf({ ...trait, value: '"2"' }), { trait: "plan", is: { eq: "2" } });
  assert.deepEqual(expressionOf({ ...trait, operator: "in", value: "a, 3, true" }), { trait: "plan", is: { in: ["a", 3, true] } });
});

test("an unfinished condition is no definition", () => {
  assert.equal(expressionOf({ ...condition, event: " " }), undefined);
  assert.equal(expressionOf({ ...condition, times: "0" }), undefined);
  assert.equal(expressionOf({ ...condition, where: [{ key: "category", operator: "eq", value: "" }] }), undefined);
  assert.equal(expressionOf({ ...condition, kind: "trait", key: "" }), undefined);
});

test("groups within groups keep their brackets", () => {
  const rule = { any: [{ trait: "email", is: { exists: true } }, { all: [{ computed_trait: "orders_count", is: { gte: 2 } }, { event: "Order Completed", within: "7d" }] }] };
  assert.equal(sentence(rule), "have email known or (have orders count of at least 2 and did Order Completed in the last 7 days)");
});
