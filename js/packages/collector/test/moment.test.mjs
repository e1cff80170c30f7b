// When the person chose: kept with the choice, so that an old choice never passes for a new one.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, it } from "node:test";
import { Visit, becomes, engine, launch, track } from "./visitor.mjs";
import { until } from "../../../../tests/harness/until.mjs";

let browser;
let visit;
before(async () => {
  browser = await launch();
});
after(() => browser.close());
beforeEach(async () => {
  visit = await Visit.start(browser);
  visit.site.head = visit.site.script();
});
afterEach(() => visit.end());

const open = async (path) => {
  const page = await visit.open(path);
  await engine(page);
  return page;
};
const choose = (page, choices) => page.evaluate((given) => window.headwater.consent(given, { source: "form" }), choices);
/** The receipt of an event that is captured now. */
const receipt = async (page, name) => {
  await track(page, name);
  await until("it arrived", () => visit.arrived(name).length);
  return visit.arrived(name)[0].context.consent;
};

it("a later page's events carry the moment of the choice, not their own", async () => {
  const page = await open();
  await choose(page, { analytics: true });
  const first = await receipt(page, "First");
  assert.equal(first.source, "form");
  assert.ok(first.chosenAt <= first.capturedAt);
  await page.close();
  const later = await receipt(await open("/later"), "Later");
  assert.equal(later.chosenAt, first.chosenAt);
  assert.ok(later.capturedAt > first.capturedAt);
});

it("a decision has its own moment, whether it changes anything or not, and a page hears only of changes", async () => {
  const page = await open();
  await choose(page, { analytics: true });
  const { chosenAt } = await receipt(page, "First");
  const sent = visit.sent.length;
  await page.evaluate(() => {
    window.heard = 0;
    window.headwater.on("consent", () => window.heard++);
  });
  await choose(page, { analytics: true });
  const repeated = await receipt(page, "Repeated");
  assert.ok(repeated.chosenAt > chosenAt, `${repeated.chosenAt} after ${chosenAt}`);
  assert.equal(await page.evaluate(() => window.heard), 0);
  assert.deepEqual(visit.sent.slice(sent), ["POST /v1/batch"], "nothing but the event");
  await choose(page, { personalization: true });
  const changed = await receipt(page, "Changed");
  assert.ok(changed.chosenAt > repeated.chosenAt, `${changed.chosenAt} after ${repeated.chosenAt}`);
  await page.close();
  assert.equal((await receipt(await open("/later"), "Later")).chosenAt, changed.chosenAt, "it is kept");
});

it("the same decision in another tab is heard there, and the tabs come to rest", async () => {
  const [one, other] = [await open(), await open("/other")];
  // Each has heard another banner first.
  for (const [page, source] of [[one, "first"], [other, "second"]]) {
    await page.evaluate((source) => window.headwater.use({ read: () => ({ decided: true, categories: { analytics: null }, source }), subscribe: () => {} }), source);
  }
  await choose(one, { analytics: true });
  await becomes(other, "granted");
  const { chosenAt } = await receipt(one, "One");
  await choose(one, { analytics: true });
  await until("it was heard", async () => (await receipt(other, `Other ${Math.random()}`)).chosenAt > chosenAt);
  const writes = (page) => page.evaluate(() => new Promise((resolve) => {
    let count = 0;
    addEventListener("storage", ({ key }) => (count += key === "hw:consent"));
    setTimeout(() => resolve(count), 500);
  }));
  assert.deepEqual(await Promise.all([writes(one), writes(other)]), [0, 0]);
});

it("another tab's choice keeps that tab's moment", async () => {
  const [one, other] = [await open(), await open("/other")];
  await choose(one, { analytics: true });
  const { chosenAt } = await receipt(one, "One");
  await becomes(other, "granted");
  assert.equal((await receipt(other, "Other")).chosenAt, chosenAt);
});

it("what a banner only states, and what the place presumes, has no moment", async () => {
  visit.edge.settings = { purposes: ["necessary", "analytics", "advertising"], policyVersion: 1, regime: "opt_out" };
  visit.site.head = visit.site.script().replace("headwater.js", "headwater.js?writeKey=wk_test");
  const page = await open();
  assert.ok(!("chosenAt" in (await receipt(page, "Presumed"))));
  await page.evaluate(() =>
    window.headwater.use({
      read: () => ({ decided: true, categories: { advertising: false }, source: "stated" }),
      subscribe: (changed) => void (window.changed = changed),
    }),
  );
  const stated = await receipt(page, "Stated");
  assert.equal(stated.source, "stated");
  assert.ok(!("chosenAt" in stated));
  await until("the edge was told", () => visit.edge.consents.length);
  assert.ok(!("chosenAt" in visit.edge.consents[0].consent));
});

it("a choice before the script has loaded is made when it is told", async () => {
  visit.site.head = `<script>window.headwater = [["consent", { analytics: true }]];</script>${visit.site.script()}`;
  const page = await open();
  const { chosenAt, capturedAt } = await receipt(page, "Early");
  assert.ok(chosenAt <= capturedAt);
});
