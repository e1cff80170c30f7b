// What the visitor's place presumes comes with the loader, without a request of its own; the page may only be stricter.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, it } from "node:test";
import { readFileSync } from "node:fs";
import { Visit, becomes, engine, launch, silent, state, states, track } from "./visitor.mjs";
import { until } from "../../../../tests/harness/until.mjs";

const SETTINGS = { purposes: ["necessary", "analytics", "personalization", "advertising", "sale_or_share"], policyVersion: 4, regime: "opt_out", gpcDenies: ["advertising"], collectPurpose: "analytics", decidePurpose: "personalization", placements: ["home-hero"] };
let browser;
let visit;
before(async () => {
  browser = await launch();
});
after(() => browser.close());
beforeEach(async () => {
  visit = await Visit.start(browser);
  visit.edge.settings = SETTINGS;
});
afterEach(() => visit.end());

const arrive = async (attributes = "") => {
  visit.site.head = visit.site.script(attributes).replace("headwater.js", "headwater.js?writeKey=wk_test");
  const page = await visit.open();
  await engine(page);
  return page;
};

it("where the place presumes consent, collecting begins, under the policy that the edge names", async () => {
  const page = await arrive();
  await track(page, "Presumed");
  await until("it arrived", () => visit.arrived("Presumed").length);
  assert.equal(visit.arrived("Presumed")[0].context.consent.policyVersion, 4);
  assert.ok(!visit.sent.some((line) => line.includes("settings")), "nothing was asked for");
});

it("a page may be stricter than the place, never looser", async () => {
  const strict = await arrive('data-regime="opt_in"');
  await track(strict, "Held");
  await silent(visit, strict);
  visit.edge.settings = { ...SETTINGS, regime: "opt_in" };
  const loose = await arrive('data-regime="opt_out"');
  await track(loose, "Held");
  await silent(visit, loose);
  assert.equal((await states(loose)).analytics, "pending");
});

it("a place where consent is asked for, except for analytics", async () => {
  visit.edge.settings = { ...SETTINGS, regime: "opt_in", regimes: { analytics: "opt_out" } };
  const page = await arrive();
  assert.deepEqual(await states(page), { necessary: "granted", analytics: "granted", personalization: "pending", advertising: "pending", sale_or_share: "pending" });
  await track(page, "Presumed");
  await until("it arrived", () => visit.arrived("Presumed").length);
});

it("a place where consent is presumed, except for analytics", async () => {
  visit.edge.settings = { ...SETTINGS, regimes: { analytics: "opt_in" } };
  const page = await arrive();
  assert.deepEqual(await states(page), { necessary: "granted", analytics: "pending", personalization: "granted", advertising: "granted", sale_or_share: "granted" });
  await track(page, "Held");
  await silent(visit, page);
  await page.evaluate(() => window.headwater.consent({ analytics: true }));
  await until("it was released", () => visit.arrived("Held").length);
});

it("a page may want to be asked for what the place presumes of one purpose, not the other way round", async () => {
  visit.edge.settings = { ...SETTINGS, regime: "opt_in", regimes: { analytics: "opt_out" } };
  assert.equal(await state(await arrive('data-regime="opt_in"')), "pending");
  visit.edge.settings = { ...SETTINGS, regimes: { analytics: "opt_in" } };
  assert.equal(await state(await arrive('data-regime="opt_out"')), "pending");
});

it("where collecting needs two purposes, one alone sends nothing and each can stop it", async () => {
  visit.edge.settings = { ...SETTINGS, regime: "opt_in", collectPurpose: "analytics advertising" };
  const page = await arrive();
  await track(page, "Both");
  await page.evaluate(() => window.headwater.consent({ analytics: true }));
  await becomes(page, "granted");
  await silent(visit, page);
  await page.evaluate(() => window.headwater.consent({ advertising: true }));
  await until("it arrived", () => visit.arrived("Both").length);
  await page.evaluate(() => window.headwater.consent({ advertising: false }));
  await until("the edge was told", () => visit.edge.consents.length);
  assert.equal(visit.edge.consents[0].consent.categoryPreferences.advertising, false);
  await track(page, "Refused");
  await silent(visit, page);
});

it("what collecting needs here by the page's word is needed beside what the edge names", async () => {
  visit.edge.settings = { ...SETTINGS, regimes: { personalization: "opt_in" } };
  const page = await arrive('data-collect-purpose="personalization"');
  await track(page, "Held");
  await silent(visit, page);
  visit.edge.settings = { ...SETTINGS, regimes: { analytics: "opt_in" } };
  const loose = await arrive('data-collect-purpose="necessary"');
  await track(loose, "Held");
  await silent(visit, loose);
  visit.edge.settings = undefined;
  const free = await arrive('data-collect-purpose="necessary"');
  await track(free, "Needed");
  await until("it arrived", () => visit.arrived("Needed").length);
});

it("a purpose that does not exist here is never granted, so nothing that needs it is collected", async () => {
  visit.edge.settings = { ...SETTINGS, collectPurpose: "analytics statistics" };
  const page = await arrive();
  await track(page, "Held");
  await silent(visit, page);
});

it("what Global Privacy Control denies is what the edge says and what the page adds", async () => {
  await visit.context.addInitScript(() => Object.defineProperty(navigator, "globalPrivacyControl", { value: true }));
  const found = async (attributes) => Object.entries(await states(await arrive(attributes))).filter(([, state]) => state === "denied").map(([purpose]) => purpose);
  assert.deepEqual(await found(), ["advertising"]);
  assert.deepEqual(await found('data-gpc-denies="personalization"'), ["personalization", "advertising"]);
});

it("settings of another key are not taken", async () => {
  visit.site.head = visit.site.script().replace("headwater.js", "headwater.js?writeKey=wk_other");
  const page = await visit.open();
  await engine(page);
  assert.equal((await states(page)).analytics, "pending");
});

it("the snippet asks for them too", async () => {
  const snippet = readFileSync(new URL("../snippet.html", import.meta.url), "utf8");
  visit.site.head = snippet.replace("https://YOUR_EDGE", visit.edge.url).replace("YOUR_WRITE_KEY", "wk_test");
  const page = await visit.open();
  await page.waitForFunction(() => window.headwater.version);
  await engine(page);
  assert.equal((await states(page)).analytics, "granted");
});
