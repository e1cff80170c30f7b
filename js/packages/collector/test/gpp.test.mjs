// Opt-outs of the United States through the IAB's own GPP library, in Chromium.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, it } from "node:test";
import { Visit, becomes, bundled, engine, launch, state, states, track } from "./visitor.mjs";
import { until } from "../../../../tests/harness/until.mjs";

const platform = await bundled("gpp-platform");
/** The standard's stub: it keeps calls until the platform is there, and answers pings itself. */
const STUB = `(() => { const queue = [], events = []; let last = 0; window.__gpp = (...parts) => {
  if (!parts.length) return queue; const [command, callback, parameter] = parts;
  if (command === "events") return events;
  const ping = { gppVersion: "1.1", cmpStatus: "stub", cmpDisplayStatus: "hidden", signalStatus: "not ready", supportedAPIs: [], cmpId: 0, sectionList: [], applicableSections: [], gppString: "", parsedSections: {} };
  if (command === "ping") callback(ping, true);
  else if (command === "addEventListener") { events.push({ id: ++last, callback, parameter }); callback({ eventName: "listenerRegistered", listenerId: last, data: true, pingData: ping }, true); }
  else queue.push(parts);
}; })();`;
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

/** A page of a place that presumes consent. */
const arrive = async ({ path = "/", stub = true, sections, last = false } = {}) => {
  const banner = (stub ? visit.file("/stub.js", STUB) : "") + (sections ? visit.file("/sections.js", `window.platformSections = ${JSON.stringify(sections)}`) : "") + visit.file("/platform.js", platform);
  const sdk = visit.site.script('data-regime="opt_out"') + visit.adapter("gpp");
  visit.site.head = last ? sdk + banner.replaceAll("<script ", "<script defer ") : banner + sdk;
  const page = await visit.open(path);
  await engine(page);
  await until("the platform is here", () => page.evaluate(() => !!window.platform));
  return page;
};
const choose = (page, section, fields) => page.evaluate(([section, fields]) => (window.platform.ask(), window.platform.choose(section, fields)), [section, fields]);
const OUT = { SaleOptOut: 1, SharingOptOut: 1, TargetedAdvertisingOptOut: 1 };
const IN = { SaleOptOut: 2, SharingOptOut: 2, TargetedAdvertisingOptOut: 2 };

for (const last of [false, true]) {
  it(`an opt-out denies selling and advertising and nothing else, and is told at once (platform ${last ? "after" : "before"} the SDK)`, async () => {
    const page = await arrive({ last });
    await track(page, "Presumed");
    await until("it arrived", () => visit.arrived("Presumed").length);
    assert.deepEqual(await states(page), { necessary: "granted", analytics: "granted", personalization: "granted", advertising: "granted", sale_or_share: "granted" });
    await choose(page, "usnat", OUT);
    await becomes(page, "denied", "sale_or_share");
    assert.deepEqual(await states(page), { necessary: "granted", analytics: "granted", personalization: "granted", advertising: "denied", sale_or_share: "denied" });
    await until("the edge was told", () => visit.edge.consents.length);
    assert.deepEqual(visit.edge.consents[0].consent.categoryPreferences, { advertising: false, sale_or_share: false });
    assert.equal(visit.edge.consents[0].consent.source, "gpp");
    await track(page, "Counted");
    await until("collecting goes on", () => visit.arrived("Counted").length);
    assert.deepEqual(visit.arrived("Counted")[0].context.consent.categoryPreferences, { advertising: false, sale_or_share: false });

    // A later page reads the same, and that is no news.
    const next = await arrive({ path: "/again", last });
    await becomes(next, "denied", "sale_or_share");
    await choose(next, "usnat", IN);
    await becomes(next, "granted", "sale_or_share");
    assert.equal(visit.edge.consents.length, 1);
  });
}

it("a signal that is not ready is not read, and one opt-out of the three suffices", async () => {
  const page = await arrive();
  await page.evaluate(() => {
    window.platform.ask();
    window.platform.api.setFieldValue("usnat", "SharingOptOut", 1);
    window.platform.api.fireSectionChange("usnat");
  });
  assert.equal(await state(page, "sale_or_share"), "granted");
  await page.evaluate(() => window.platform.ready());
  await becomes(page, "denied", "sale_or_share");
});

it("Global Privacy Control in a state's section is an opt-out", async () => {
  const page = await arrive({ sections: [8] });
  await choose(page, "usca", { SaleOptOut: 2, SharingOptOut: 2, GpcSegmentIncluded: true, Gpc: true });
  await becomes(page, "denied", "sale_or_share");
});

it("only the sections that apply here count", async () => {
  const page = await arrive({ sections: [-1] });
  await choose(page, "usnat", OUT);
  assert.equal(await state(page, "sale_or_share"), "granted");
  await page.evaluate(() => (window.platform.sections([0]), window.platform.ready()));
  assert.equal(await state(page, "sale_or_share"), "granted", "nobody knows yet what applies");
  await page.evaluate(() => (window.platform.sections([7]), window.platform.ready()));
  await becomes(page, "denied", "sale_or_share");
});

it("reads a section as the standard writes it, and the older string", async () => {
  for (const [id, section] of [[7, { usnat: [{ Version: 1, SaleOptOut: 1 }, { GpcSegmentType: 1, Gpc: false }] }], [6, { uspv1: "1YYN" }], [6, { uspv1: { Version: 1, Notice: "Y", OptOutSale: "Y" } }]]) {
    visit.site.head = visit.site.script('data-regime="opt_out"') + visit.adapter("gpp");
    const page = await visit.open();
    await engine(page);
    await page.evaluate(([id, parsedSections]) => {
      window.__gpp = (_command, callback) => callback({ eventName: "listenerRegistered", pingData: { signalStatus: "ready", applicableSections: [id], parsedSections } }, true);
    }, [id, section]);
    await becomes(page, "denied", "sale_or_share");
    await page.context().clearCookies();
    await page.evaluate(() => localStorage.clear());
    await page.close();
  }
});
