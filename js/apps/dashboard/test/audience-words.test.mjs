import assert from "node:assert/strict";
import test from "node:test";
import { computedSentence, sentence } from "../public/views/definition.js";

/** Every definition with its sentence; times are written in the time zone of whoever reads. @type {[any, string][]} */
const CASES = [
  // Events: counts and windows.
  [{ event: "A", count: { $gte: 1 } }, "did A"],
  [{ event: "A" }, "did A"],
  [{ not: { event: "A", count: { $gte: 1 }, within: "1d" } }, "did not do A in the last day"],
  [{ event: "A", count: { $gte: 3 }, within: "30d" }, "did A at least 3 times in the last 30 days"],
  [{ event: "A", count: { gte: 3 }, within: "30d" }, "did A at least 3 times in the last 30 days"],
  [{ event: "A", count: 0 }, "did A never"],
  [{ event: "A", count: { $eq: 1 } }, "did A exactly once"],
  [{ event: "A", count: { $lte: 1 } }, "did A at most once"],
  [{ event: "A", count: { $gt: 1000 } }, "did A more than 1,000 times"],
  [{ event: "A", count: { $lt: 4 } }, "did A fewer than 4 times"],
  [{ event: "A", count: { $ne: 2 } }, "did A not exactly 2 times"],
  [{ event: "A", count: { $gte: 2, $lte: 5 } }, "did A from 2 to 5 times"],
  [{ event: "A", count: { $in: [1, 3] } }, "did A a number of times that is one of 1 or 3"],
  [{ event: "A", count: { $gte: 1 }, calendar: "month", timezone: "Europe/Berlin" }, "did A this month (Europe/Berlin)"],
  [{ event: "A", calendar: "day", timezone: "UTC" }, "did A today (UTC)"],
  [{ event: "A", from: "2026-01-01T00:00:00.000", until: "2026-02-01T10:30:00.000" }, "did A from 1 Jan 2026 until 1 Feb 2026, 10:30"],
  [{ event: "A", from: "2026-01-01T00:00:00.000" }, "did A since 1 Jan 2026"],
  [{ event: "A", until: "2026-01-01T00:00:00.000" }, "did A before 1 Jan 2026"],
  [{ event: "A", bots: false }, "did A (not by known bots)"],
  [{ event: "A", bots: true }, "did A (by known bots only)"],
  [{ event: "A", where: { category: "sneakers", total: { $gte: 100 } } }, "did A where category is sneakers and total is at least 100"],
  // Values in events.
  [{ event: "Order Completed", aggregate: "sum", of: "properties.total", is: { $gte: 100 }, within: "30d" }, "did Order Completed with a sum of total that is at least 100 in the last 30 days"],
  [{ event: "A", aggregate: "average", of: "properties.total", is: { $lt: 5 } }, "did A with an average total that is less than 5"],
  [{ event: "A", aggregate: "most_frequent", of: "context.page", is: "shoes" }, "did A with the most frequent context.page that is shoes"],
  [{ event: "A", aggregate: "unique_count", of: "properties.sku", is: { $gt: 2 } }, "did A with a number of different sku that is more than 2"],
  // Sequences.
  [
    { sequence: [{ event: "A" }, { event: "B", within: "1h" }], without: [{ event: "C", where: { x: 1 } }, { event: "D" }], within: "30d" },
    "did A, then B within 1 hour, and no C where x is 1 or D in between, beginning in the last 30 days",
  ],
  [{ sequence: [{ event: "A" }, { not: { event: "B" }, within: "1d" }] }, "did A, then did not do B for 1 day"],
  [{ not: { sequence: [{ event: "A" }, { event: "B" }] } }, "are not among those who did A, then B"],
  // Traits.
  [{ traits: { plan: "pro", seats: { $gt: 5 } } }, "have plan pro and seats of more than 5"],
  [{ not: { trait: "plan", is: { eq: "pro" } } }, "do not have plan pro"],
  [{ trait: "email", is: { exists: true } }, "have email known"],
  [{ traits: { plan: null } }, "have plan unknown"],
  [{ computed_traits: { orders_count: { $gte: 2 } } }, "have orders count of at least 2"],
  [{ traits: { $or: [{ plan: "pro" }, { seats: { $gte: 10 } }] } }, "have plan pro or seats of at least 10"],
  [{ traits: { $nor: [{ plan: "pro" }, { plan: "team" }] } }, "have none of (plan pro or plan team)"],
  [{ traits: { $not: { plan: "pro" }, $or: [{ a: 1 }, { b: 2 }] } }, "have not (plan pro) and (a 1 or b 2)"],
  [{ traits: { $or: [{ name: { $elemMatch: { $eq: "a.b" } } }, { name: { $regex: "a\\.b" } }] } }, "have name containing a.b"],
  [{ trait: "name", is: { contains: "da" } }, "have name containing da"],
  // Dates, audiences, consent, identifiers.
  [{ date: "renews_at", in_next: "7d" }, "have renews at in the next 7 days"],
  [{ date: "renews_at", in_last: "1w" }, "have renews at in the last 7 days"],
  [{ not: { date: "renews_at", longer_ago: "30d" } }, "do not have renews at at least 30 days ago"],
  [{ date: "renews_at", before: "2027-01-01T00:00:00.000" }, "have renews at before 1 Jan 2027"],
  [{ date: "renews_at", after: "2027-01-01T00:00:00.000" }, "have renews at on or after 1 Jan 2027"],
  [{ audience: "aud_1" }, "are in the audience “Fans”"],
  [{ not: { audience: "aud_2" } }, "are not in the audience “aud_2”"],
  [{ consent: "personalization" }, "consent to personalization"],
  [{ not: { consent: "personalization" } }, "do not consent to personalization"],
  [{ consent: "sale_or_share", is: "denied" }, "refused consent to sale or share"],
  [{ consent: "analytics", is: "unset" }, "made no choice about analytics"],
  [{ not: { consent: "analytics", is: "unset" } }, "made a choice about analytics"],
  [{ identifier: "user_id" }, "have the identifier user id"],
  [{ not: { identifier: "email" } }, "do not have the identifier email"],
  // Groups.
  [{ all: [] }, "are anybody at all"],
  [{ any: [] }, "are nobody"],
  [{ not: { all: [] } }, "are nobody"],
  [{ not: { any: [{ event: "A" }, { event: "B" }] } }, "are not among those who did A or did B"],
  [{ not: { not: { event: "A" } } }, "are not among those who did not do A"],
  [
    { any: [{ trait: "email", is: { exists: true } }, { all: [{ computed_trait: "orders_count", is: { gte: 2 } }, { event: "Order Completed", within: "7d" }] }] },
    "have email known or (have orders count of at least 2 and did Order Completed in the last 7 days)",
  ],
];

test("every rule has its sentence", () => {
  for (const [definition, words] of CASES) assert.equal(sentence(definition, (id) => (id === "aud_1" ? "Fans" : id)), words, JSON.stringify(definition));
});

/** @type {[any, string][]} */
const OPERATORS = [
  ["pro", "is pro"],
  ["a, b", "is “a, b”"],
  [true, "is yes"],
  [null, "is not known"],
  [{ $eq: { a: 1 } }, 'is {"a":1}'],
  [{ $ne: "pro" }, "is not pro"],
  [{ $ne: null }, "is known"],
  [{ $gt: 1, $lt: 9 }, "is more than 1 and is less than 9"],
  [{ $gte: 1 }, "is at least 1"],
  [{ $lte: 1 }, "is at most 1"],
  [{ $in: ["a", "b", "c"] }, "is one of a, b or c"],
  [{ $nin: ["a"] }, "is none of a"],
  [{ $ini: ["a", "b"] }, "is one of a or b, in upper or lower case"],
  [{ $nini: ["a"] }, "is none of a, in upper or lower case"],
  [{ $all: ["a", "b"] }, "has all of a and b"],
  [{ $alli: ["a", "b"] }, "has all of a and b, in upper or lower case"],
  [{ $elemMatch: { $gt: 10 } }, "has an item that is more than 10"],
  [{ $elemMatch: { sku: "x" } }, "has an item where sku is x"],
  [{ $elemMatch: { $or: [{ a: 1 }, { b: 2 }] } }, "has an item where a is 1 or b is 2"],
  [{ $size: 2 }, "has 2 items"],
  [{ $size: { $gte: 2 } }, "has a number of items that is at least 2"],
  [{ $regex: "^a" }, "matches the pattern ^a"],
  [{ $regexi: "^a" }, "matches the pattern ^a, in upper or lower case"],
  [{ $notRegex: "^a" }, "does not match the pattern ^a"],
  [{ $notRegexi: "^a" }, "does not match the pattern ^a, in upper or lower case"],
  [{ $exists: true }, "is known"],
  [{ $exists: false }, "is not known"],
  [{ $type: "string" }, "is text"],
  [{ $inGroup: "vip" }, "is in the group vip"],
  [{ $notInGroup: "vip" }, "is not in the group vip"],
  [{ $veq: "1.2" }, "is version 1.2"],
  [{ $vne: "1.2" }, "is not version 1.2"],
  [{ $vgt: "1.2" }, "is a version after 1.2"],
  [{ $vgte: "1.2" }, "is version 1.2 or later"],
  [{ $vlt: "1.2" }, "is a version before 1.2"],
  [{ $vlte: "1.2" }, "is version 1.2 or earlier"],
  [{ $not: { $gt: 5 } }, "is nothing that is more than 5"],
  [{ $not: "a" }, "is not a"],
  [{ contains: "a" }, "contains a"],
];

test("every operator has its words", () => {
  for (const [is, words] of OPERATORS) assert.equal(sentence({ event: "A", where: { x: is } }), `did A where x ${words}`, JSON.stringify(is));
});

test("every computed trait has its sentence", () => {
  const event = "Order Completed";
  for (const [trait, words] of /** @type {[any, string][]} */ ([
    [{ event, aggregate: "count", within: "30d", bots: false }, "the number of Order Completed in the last 30 days (not by known bots)"],
    [{ event, aggregate: "sum", of: "properties.total", where: { currency: "EUR" }, calendar: "year", timezone: "UTC" }, "the sum of total in Order Completed where currency is EUR this year (UTC)"],
    [{ event, aggregate: "last_n", n: 3, of: "properties.sku" }, "the last 3 values of sku in Order Completed"],
    [{ event, aggregate: "unique_count", of: "traits.city" }, "the number of different values of traits.city in Order Completed"],
    [{ event, aggregate: "time_since_last" }, "the seconds since the last Order Completed"],
  ])) assert.equal(computedSentence(trait), words);
});
