// A withdrawal reaches the edge: over a navigation, an outage and a lost network, once, and leaves nothing behind.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, it } from "node:test";
import { Visit, engine, launch, silent, state, track, traces } from "./visitor.mjs";
import { never, until } from "../../../../tests/harness/until.mjs";

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

/** A visitor who agreed, is known by a name, and whose events arrive. */
const agreed = async () => {
  const page = await visit.open();
  await engine(page);
  await page.evaluate(() => {
    window.headwater.consent({ analytics: true, advertising: true, personalization: true }, { source: "form" });
    window.headwater.identify("u1");
    window.headwater.track("Agreed");
  });
  await until("it arrived", () => visit.arrived("Agreed").length);
  return page;
};
const withdraw = (page) => page.evaluate(() => window.headwater.consent({ analytics: false, personalization: false, advertising: false }, { source: "form" }));

it("says who, what, when and by which policy", async () => {
  const page = await agreed();
  const [{ anonymousId }] = visit.arrived("Agreed");
  await withdraw(page);
  await until("the edge was told", () => visit.edge.consents.length);
  const [{ messageId, sentAt, consent: { chosenAt, ...consent }, ...rest }] = visit.edge.consents;
  assert.deepEqual(rest, { writeKey: "wk_test", anonymousId, userId: "u1" });
  assert.match(messageId, /^[0-9a-f-]{36}$/);
  assert.ok(Math.abs(Date.now() - Date.parse(sentAt)) < 60_000);
  assert.deepEqual(consent, { categoryPreferences: { analytics: false, personalization: false, advertising: false }, source: "form", policyVersion: 1, capturedAt: sentAt, gpc: false });
  assert.ok(chosenAt <= sentAt && Date.parse(chosenAt) > Date.parse(sentAt) - 1_000, `withdrawn at ${chosenAt}, told at ${sentAt}`);
  const request = visit.edge.requests.find(({ path }) => path === "/v1/consent");
  assert.match(request.headers["content-type"], /^text\/plain/);
  assert.ok(!visit.sent.some((line) => line.startsWith("OPTIONS")), "no preflight");
  await silent(visit, page);
});

it("survives the page that says it and leaves at once", async () => {
  const page = await agreed();
  await page.evaluate((next) => {
    window.headwater.consent({ analytics: false, personalization: false, advertising: false });
    location.href = next;
  }, visit.site.url + "/gone");
  await until("the edge was told", () => visit.edge.consents.length === 1);
  await page.waitForURL("**/gone");
  await engine(page);
  await silent(visit, page);
});

it("of one purpose is told while collecting goes on, and a repeat is not told again", async () => {
  const page = await agreed();
  const object = () => page.evaluate(() => window.headwater.consent({ advertising: false }));
  await object();
  await object();
  await until("the edge was told", () => visit.edge.consents.length);
  assert.deepEqual(visit.edge.consents[0].consent.categoryPreferences, { analytics: true, personalization: true, advertising: false });
  await track(page, "After");
  await until("collecting goes on", () => visit.arrived("After").length);
  assert.equal(visit.arrived("After")[0].anonymousId, visit.arrived("Agreed")[0].anonymousId);
  assert.equal(visit.edge.consents.length, 1);
});

it("is said again while the edge does not take it, and once the network is back", async () => {
  const page = await agreed();
  let refused = 0;
  visit.edge.answer = ({ path }) => (path === "/v1/consent" && !refused++ ? { status: 503, headers: { "retry-after": "1" } } : undefined);
  await page.clock.install();
  await withdraw(page);
  await until("the first try was refused", () => refused === 1);
  assert.deepEqual(await traces(page), [], "nothing waits on the device");
  await until("the edge was told", async () => (await page.clock.runFor(1_000), visit.edge.consents.length === 1));

  await page.evaluate(() => window.headwater.consent({ analytics: true }));
  await track(page, "Anew");
  await until("it arrived", async () => (await page.clock.runFor(100), visit.arrived("Anew").length));
  await visit.context.setOffline(true);
  await withdraw(page);
  await page.clock.runFor(1_000);
  assert.deepEqual(await traces(page), []);
  assert.equal(visit.edge.consents.length, 1);
  await visit.context.setOffline(false);
  await until("the edge was told of the second", () => visit.edge.consents.length === 2);
  assert.equal(visit.edge.consents[1].anonymousId, visit.arrived("Anew")[0].anonymousId);
});

it("a visitor who never agreed tells nobody anything", async () => {
  const page = await visit.open();
  await engine(page);
  await withdraw(page);
  await withdraw(page);
  await silent(visit, page);
  assert.deepEqual(visit.sent, []);
});

it("an objection where consent is presumed is told, and stops the other tabs", async () => {
  visit.site.head = visit.site.script('data-regime="opt_out"');
  const page = await visit.open();
  await engine(page);
  await track(page, "Presumed");
  await until("it arrived", () => visit.arrived("Presumed").length);
  const other = await visit.open("/other");
  await engine(other);
  await page.evaluate(() => window.headwater.consent({ analytics: false }));
  await until("the edge was told", () => visit.edge.consents.length);
  assert.equal(visit.edge.consents[0].consent.categoryPreferences.analytics, false);
  await until("the other tab heard of it", async () => (await state(other)) === "denied");
  await track(other, "Forbidden");
  await silent(visit, other);
  assert.equal(visit.edge.consents.length, 1);
});

it("works without the engine: nothing stays, and the edge is told", async () => {
  const page = await agreed();
  await visit.context.route(/engine/, (route) => route.abort());
  await page.goto(visit.site.url + "/blocked");
  assert.notDeepEqual(await traces(page), []);
  await withdraw(page);
  await until("the edge was told", () => visit.edge.consents.length);
  assert.deepEqual(await traces(page), []);
  await never("something was written again", 300, async () => (await traces(page)).length);
});
