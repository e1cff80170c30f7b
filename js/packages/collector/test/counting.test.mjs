// Visitors who do not agree are counted where the edge says so: names that the policy lists, each once for a page, without
// cookie, storage, id, address of the page or anything else; and nobody is where it does not say so.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, it } from "node:test";
import { Visit, becomes, engine, launch, silent, state, traces, track } from "./visitor.mjs";
import { never, until } from "../../../../tests/harness/until.mjs";

const COUNTING = { from: "refusal", events: ["Order Completed", "Searched"], pages: ["/", "/prices"] };
const SETTINGS = { purposes: ["necessary", "analytics", "personalization", "advertising", "sale_or_share"], policyVersion: 4, regime: "opt_in", gpcDenies: [], collectPurpose: "analytics", decidePurpose: "personalization", placements: [], counting: COUNTING };
let browser;
let visit;
before(async () => {
  browser = await launch();
});
after(() => browser.close());
beforeEach(async () => {
  visit = await Visit.start(browser);
  visit.edge.settings = SETTINGS;
  visit.site.head = `<script>(window.headwater = window.headwater || []).push(["page"], ["track", "Searched", { query: "jane" }]);</script>` + visit.site.script().replace("headwater.js", "headwater.js?writeKey=wk_test");
});
afterEach(() => visit.end());

const arrive = async (path = "/prices?email=jane@x.example#top") => {
  const page = await visit.open(path);
  await engine(page);
  return page;
};
const consent = (page, analytics) => page.evaluate((analytics) => window.headwater.consent({ analytics }), analytics);
const counted = () => until("it was counted", () => visit.edge.counts.length);

it("before a choice nothing is sent; after a refusal names alone, and nothing is stored", async () => {
  const page = await arrive();
  await silent(visit, page);
  await consent(page, false);
  await track(page, "Order Completed");
  await track(page, "Order Completed");
  await track(page, "jane@x.example");
  await counted();
  await never("more is told", 1_500, () => visit.edge.counts.length > 1 || visit.sent.some((line) => line !== "POST /v1/count"));
  assert.deepEqual(visit.edge.counts, [{ writeKey: "wk_test", refused: true, events: ["Searched", "Order Completed"], pages: ["/prices"] }]);
  const [{ headers }] = visit.edge.requests.filter(({ path }) => path === "/v1/count");
  assert.equal(headers.cookie, undefined);
  assert.equal(headers.referer, undefined, "the page's address stays there");
  assert.deepEqual(await traces(page), []);
});

it("who agrees is not counted, and neither is what they did before", async () => {
  const page = await arrive();
  await consent(page, true);
  await track(page, "Order Completed");
  await until("the events arrived", () => visit.arrived("Order Completed").length && visit.arrived("Searched").length);
  await page.goto("about:blank");
  await never("they are counted", 1_500, () => visit.edge.counts.length);
});

it("who withdraws is counted from then on", async () => {
  const page = await arrive();
  await consent(page, true);
  await until("the event arrived", () => visit.arrived("Searched").length);
  await consent(page, false);
  await track(page, "Order Completed");
  await counted();
  assert.deepEqual(visit.edge.counts, [{ writeKey: "wk_test", refused: true, events: ["Order Completed"], pages: [] }]);
});

it("who leaves without a choice is counted where the policy says so, and only there", async () => {
  const page = await arrive("/");
  await page.goto("about:blank");
  await never("they are counted", 1_500, () => visit.edge.counts.length);
  visit.edge.settings = { ...SETTINGS, counting: { ...COUNTING, from: "start" } };
  const next = await arrive("/");
  await never("they are counted while they may still choose", 1_500, () => visit.edge.counts.length);
  await next.goto("about:blank");
  await counted();
  assert.deepEqual(visit.edge.counts, [{ writeKey: "wk_test", refused: false, events: ["Searched"], pages: ["/"] }]);
});

it("a second page counts anew, a second tab too, and a refusal at once before leaving is told", async () => {
  for (const path of ["/", "/prices"]) {
    const page = await arrive(path);
    await consent(page, false);
    await page.goto("about:blank");
  }
  await until("both were told", () => visit.edge.counts.length === 2);
  assert.deepEqual(visit.edge.counts.map(({ pages }) => pages), [["/"], ["/prices"]]);
});

it("Global Privacy Control is a refusal like any other", async () => {
  visit.edge.settings = { ...SETTINGS, regime: "opt_out", gpcDenies: ["analytics"] };
  await visit.context.addInitScript(() => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }));
  const page = await arrive("/");
  assert.equal(await state(page), "denied");
  await counted();
  assert.deepEqual(visit.edge.counts, [{ writeKey: "wk_test", refused: true, events: ["Searched"], pages: ["/"] }]);
  assert.deepEqual(await traces(page), []);
});

it("where nobody is counted, a refusal sends nothing", async () => {
  visit.edge.settings = { ...SETTINGS, counting: undefined };
  const page = await arrive("/");
  await consent(page, false);
  await becomes(page, "denied");
  await silent(visit, page);
});
