// The traps of TCF platforms, on the IAB's own libraries in Chromium.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, it } from "node:test";
import { Visit, becomes, bundled, engine, launch, library, silent, state, states, track } from "./visitor.mjs";
import { until } from "../../../../tests/harness/until.mjs";

const stub = library("@iabtcf/stub/lib/stub.js");
const platform = await bundled("tcf-platform");
let browser;
let visit;
before(async () => {
  browser = await launch();
});
after(() => browser.close());
beforeEach(async () => {
  visit = await Visit.start(browser);
});
afterEach(() => visit.end());

const STUB = () => visit.file("/stub.js", stub);
const PLATFORM = () => visit.file("/platform.js", platform);
/** The page of a platform that was told to wait, the SDK and the adapter. */
const waiting = async (attributes) => {
  visit.site.head = STUB() + visit.file("/waits.js", "window.platformWaits = true") + PLATFORM() + visit.site.script() + visit.adapter("tcf", attributes);
  const page = await visit.open();
  await engine(page);
  return page;
};
const ALL = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11];
const choose = (page, purposes, vendors) => page.evaluate(([purposes, vendors]) => window.platform.choose(purposes, vendors), [purposes, vendors || []]);

it("a stub that stays silent holds everything", async () => {
  visit.site.head = STUB() + visit.site.script() + visit.adapter("tcf");
  const page = await visit.open();
  await engine(page);
  await track(page, "Held");
  await silent(visit, page);
  assert.equal(await state(page), "pending");
});

it("a platform that comes without a stub, long after, is found", async () => {
  visit.site.head = visit.site.script() + visit.adapter("tcf");
  const page = await visit.open();
  await engine(page);
  await page.addScriptTag({ content: platform });
  await choose(page, ALL);
  await becomes(page, "granted");
});

it("an open question is no decision, neither at first nor over an earlier choice", async () => {
  const page = await waiting();
  await page.evaluate(() => window.platform.ask());
  await track(page, "Held");
  await silent(visit, page);
  assert.equal(await state(page), "pending");
  await choose(page, ALL);
  await becomes(page, "granted");
  await page.evaluate(() => window.platform.ask());
  assert.equal(await state(page), "granted");
  assert.deepEqual(visit.edge.consents, []);
});

it("where the law does not apply the place rules, and a page without purposes throws nothing", async () => {
  const page = await waiting();
  await page.evaluate(() => window.platform.notHere());
  await track(page, "Held");
  await silent(visit, page);
  assert.equal(await state(page), "pending");
});

it("each purpose needs all of its ids, and a missing one is a denial", async () => {
  const page = await waiting();
  await choose(page, [1, 7, 8, 9, 10]);
  await becomes(page, "granted");
  assert.deepEqual(await states(page), { necessary: "granted", analytics: "granted", personalization: "denied", advertising: "denied", sale_or_share: "pending" });
  await choose(page, [1, 7, 8, 9, 5, 6]);
  await becomes(page, "denied");
  assert.equal(await state(page, "personalization"), "granted");
});

it("purposes, a vendor and the string can be named", async () => {
  const page = await waiting('data-purposes="analytics=1,8 personalization=5" data-vendor="7" data-forward');
  await choose(page, [1, 5, 8]);
  await becomes(page, "denied");
  const text = await page.evaluate(() => window.platform.choose([1, 5, 8], [7]));
  await becomes(page, "granted");
  assert.deepEqual(await states(page), { necessary: "granted", analytics: "granted", personalization: "granted", advertising: "pending", sale_or_share: "pending" });
  await track(page, "Named");
  await until("it arrived", () => visit.arrived("Named").length);
  assert.equal(visit.arrived("Named")[0].context.consent.source, "tcf:" + text);
});

it("in a frame the platform above is asked by messages, and nobody else's messages count", async () => {
  visit.site.pages.set("/frame", { type: "text/html", text: `<!doctype html>${visit.site.script()}${visit.adapter("tcf")}` });
  visit.site.head = STUB() + visit.file("/waits.js", "window.platformWaits = true") + PLATFORM() + '<script>addEventListener("message", ({ data }) => (window.asked = data?.__tcfapiCall || window.asked)); addEventListener("DOMContentLoaded", () => { const frame = document.createElement("iframe"); frame.src = "/frame"; document.body.append(frame); })</script>';
  const page = await visit.open();
  const frame = await until("the frame is there", () => page.frames().find((one) => one.url().endsWith("/frame")));
  await frame.waitForFunction(() => window.headwater?.version);
  await engine(frame);
  // A forged answer: the frame's own, with the very number of the question.
  const { callId } = await until("the platform was asked", () => page.evaluate(() => window.asked));
  await frame.evaluate((callId) => {
    const consents = { 1: true, 7: true, 8: true, 9: true, 10: true };
    postMessage({ __tcfapiReturn: { success: true, callId, returnValue: { gdprApplies: true, eventStatus: "useractioncomplete", purpose: { consents } } } }, "*");
    return new Promise((resolve) => setTimeout(resolve));
  }, callId);
  assert.equal(await state(frame), "pending");
  await choose(page, ALL);
  await becomes(frame, "granted");
  await choose(page, []);
  await becomes(frame, "denied");
});
