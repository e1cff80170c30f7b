// Several signals at once, and those that no library brings: Consent Mode's own traps, a page's adapter, Global Privacy
// Control, what another page kept.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { Visit, becomes, bundled, engine, launch, library, silent, state, states, track } from "./visitor.mjs";
import { until } from "../../../../tests/harness/until.mjs";

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

const arrive = async (head, path) => {
  visit.site.head = head;
  const page = await visit.open(path);
  await engine(page);
  return page;
};
/** An adapter of the page's own, whose state a test sets. */
const OWN = (name) => `<script>window.${name} = { state: { decided: false, categories: {}, source: "${name}" } };
  headwater.use({ read: () => window.${name}.state, subscribe: (changed) => (window.${name}.changed = changed) });</script>`;
const says = (page, name, categories, decidedNow) =>
  page.evaluate(([name, categories, decidedNow]) => {
    window[name].state = { decided: true, categories, source: name };
    window[name].changed(decidedNow);
  }, [name, categories, decidedNow]);
const listen = (page) =>
  page.evaluate(() => {
    window.heard = [];
    window.headwater.on("consent", (states) => window.heard.push(states.analytics));
  });
const heard = (page) => page.evaluate(() => window.heard);

describe("several at once", () => {
  it("the most protective holds until the person decides anew, and a repeat is no second event", async () => {
    const page = await arrive(visit.site.script() + OWN("one") + OWN("two"));
    await listen(page);
    await track(page, "Held");
    await says(page, "one", { analytics: true });
    await until("it left", () => visit.arrived("Held").length);
    await says(page, "one", { analytics: true });
    await says(page, "two", { analytics: false });
    assert.equal(await state(page), "denied");
    await says(page, "one", { analytics: true });
    assert.equal(await state(page), "denied");
    assert.deepEqual(await heard(page), ["granted", "denied"]);
    await says(page, "one", { analytics: true }, true);
    await says(page, "two", { analytics: false });
    assert.deepEqual(await heard(page), ["granted", "denied", "granted"]);
    assert.equal(visit.edge.copies, 0);
    await until("the withdrawal was told", () => visit.edge.consents.length === 1);
  });

  it("a listener's event is no decision", async () => {
    const page = await arrive(visit.site.script() + OWN("one") + OWN("two"));
    await says(page, "two", { analytics: false });
    await page.evaluate(() => {
      window.one.state = { decided: true, categories: { analytics: true }, source: "one" };
      const target = new EventTarget();
      target.addEventListener("change", window.one.changed);
      target.dispatchEvent(new Event("change"));
    });
    assert.equal(await state(page), "denied");
  });

  it("two banners of one name are two", async () => {
    const page = await arrive(visit.site.script() + (OWN("one") + OWN("two")).replace(/source: "\w+"/g, 'source: "same"'));
    await page.evaluate(() => {
      window.one.state = { decided: true, categories: { analytics: false }, source: "same" };
      window.one.changed();
      window.two.state = { decided: true, categories: { analytics: true }, source: "same" };
      window.two.changed();
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    });
    assert.equal(await state(page), "denied");
  });

  it("what the page decides replaces what a banner said, on the next page too", async () => {
    const page = await arrive(visit.file("/tcf.js", platform) + visit.site.script() + visit.adapter("tcf"));
    await page.evaluate(() => window.platform.choose([]));
    await becomes(page, "denied");
    await page.evaluate(() => window.headwater.consent({ analytics: true }));
    assert.equal(await state(page), "granted");
    await track(page, "Here");
    await until("it arrived", () => visit.arrived("Here").length);
    await page.goto(visit.site.url + "/next");
    await engine(page);
    await track(page, "There");
    await until("it arrived", () => visit.arrived("There").length);
    assert.equal(await state(page), "granted");
    assert.equal(visit.arrived("There")[0].anonymousId, visit.arrived("Here")[0].anonymousId);
    assert.deepEqual(visit.edge.consents, []);
    await page.evaluate(() => (window.platform.ask(), window.platform.choose([1, 7, 8, 9, 10])));
    await page.evaluate(() => (window.platform.ask(), window.platform.choose([])));
    await becomes(page, "denied");
  });

  it("a banner that is still loading leaves what was kept alone, and one that asks again takes its own back", async () => {
    const page = await arrive(visit.site.script() + OWN("one"));
    await says(page, "one", { analytics: true }, true);
    await track(page, "First");
    await until("it arrived", () => visit.arrived("First").length);
    await page.evaluate(() => (window.one.state = undefined));
    visit.site.head = visit.site.script() + OWN("one").replace(/state: \{.*?\} \}/, "state: undefined }");
    await page.goto(visit.site.url + "/next");
    await engine(page);
    assert.equal(await state(page), "granted");
    await page.evaluate(() => {
      window.one.state = { decided: false, categories: {}, source: "one" };
      window.one.changed();
    });
    assert.equal(await state(page), "pending");
    await until("that is a withdrawal", () => visit.edge.consents.length);
    assert.deepEqual(visit.edge.consents[0].consent.categoryPreferences, { analytics: false });
    await silent(visit, page);
  });
});

describe("Global Privacy Control", () => {
  it("that is switched on later counts when the page is seen again, whatever was decided", async () => {
    const page = await arrive(visit.site.script());
    await page.evaluate(() => window.headwater.consent({ analytics: true, advertising: true }));
    await track(page, "Before");
    await until("it arrived", () => visit.arrived("Before").length);
    await page.evaluate(() => {
      Object.defineProperty(navigator, "globalPrivacyControl", { value: true });
      document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
    });
    assert.deepEqual(await page.evaluate(() => window.headwater.consent({ advertising: true })), { necessary: "granted", analytics: "granted", personalization: "pending", advertising: "denied", sale_or_share: "denied" });
    await until("the edge was told", () => visit.edge.consents.length);
    const [{ consent }] = visit.edge.consents;
    assert.deepEqual([consent.categoryPreferences, consent.source, consent.gpc], [{ analytics: true, advertising: false, sale_or_share: false }, "gpc", true]);
    assert.equal(visit.edge.consents.length, 1);
  });
});

describe("Google Consent Mode", () => {
  const GTAG = '<script>window.dataLayer = window.dataLayer || []; function gtag() { dataLayer.push(arguments); }</script>';
  const adapter = (attributes = "") => visit.adapter("google-consent-mode", attributes);
  const gtag = (page, ...parts) => page.evaluate((parts) => window.gtag(...parts), parts);

  it("a default grants nothing, and where consent is presumed a denied one waits for the update", async () => {
    const page = await arrive(GTAG + '<script>gtag("consent", "default", { analytics_storage: "denied", ad_personalization: "granted" })</script>' + visit.site.script('data-regime="opt_out"') + adapter());
    await track(page, "Waits");
    await silent(visit, page);
    const found = await states(page);
    assert.deepEqual([found.analytics, found.personalization], ["pending", "granted"], "and the others are presumed");
    await gtag(page, "consent", "update", { analytics_storage: "granted" });
    await until("it left", () => visit.arrived("Waits").length);
    await page.goto(visit.site.url + "/next");
    await engine(page);
    assert.equal(await state(page), "granted", "the next page's default takes nothing back");
    assert.deepEqual(visit.edge.consents, []);
  });

  it("a default of granted is no choice where consent is asked for", async () => {
    const page = await arrive(GTAG + '<script>gtag("consent", "default", { analytics_storage: "granted" })</script>' + visit.site.script() + adapter());
    await track(page, "Held");
    await silent(visit, page);
    assert.equal(await state(page), "pending");
  });

  it("both types of advertising are needed, and lists and events of others are no commands", async () => {
    const page = await arrive(GTAG + visit.site.script() + adapter());
    await gtag(page, "consent", "update", { ad_storage: "granted" });
    await page.evaluate(() => window.dataLayer.push(["consent", "update", { analytics_storage: "granted" }], { event: "consent" }, undefined));
    assert.deepEqual([await state(page, "advertising"), await state(page)], ["pending", "pending"]);
    await gtag(page, "consent", "update", { ad_user_data: "granted", ad_personalization: "granted" });
    assert.deepEqual([await state(page, "advertising"), await state(page, "personalization")], ["granted", "granted"]);
    await gtag(page, "consent", "update", { ad_user_data: "denied" });
    assert.equal(await state(page, "advertising"), "denied");
    await gtag(page, "consent", "update", { personalization_storage: "denied" });
    assert.equal(await state(page, "personalization"), "denied", "a type that the page names counts");
  });

  it("of defaults for regions, those of the visitor's count; without a region all of them", async () => {
    const defaults = '<script>gtag("consent", "default", { analytics_storage: "denied", region: ["DE", "US-CA"] }); gtag("consent", "default", { analytics_storage: "granted" })</script>';
    for (const [attributes, expected] of [["", "pending"], ['data-region="US-NY"', "granted"], ['data-region="US-CA"', "pending"], ['data-region="DE-BY"', "pending"]]) {
      const page = await arrive(GTAG + defaults + visit.site.script('data-regime="opt_out"') + adapter(attributes));
      assert.equal(await state(page), expected, attributes);
      await page.evaluate(() => window.headwater.consent({ analytics: false }));
      await page.close();
    }
  });
});

describe("Klaro", () => {
  it("what is on by default and what is toggled without saving is no choice", async () => {
    const config = `window.klaroConfig = { services: [{ name: "counter", purposes: ["analytics"], default: true }, { name: "hero", purposes: ["personalization"] }] };`;
    const page = await arrive(visit.file("/config.js", config) + visit.file("/klaro.js", library("klaro/dist/klaro.js")) + visit.site.script() + visit.adapter("klaro"));
    await until("it is here", () => page.evaluate(() => !!document.querySelector("#klaro")));
    assert.equal(await page.evaluate(() => window.klaro.getManager().getConsent("counter")), true);
    assert.equal(await state(page), "pending");
    const manager = (work) => page.evaluate(`(${work})(window.klaro.getManager())`);
    await manager((klaro) => (klaro.updateConsent("hero", true), klaro.saveAndApplyConsents("save")));
    await becomes(page, "granted");
    await manager((klaro) => klaro.updateConsent("counter", false));
    await page.evaluate(() => document.dispatchEvent(new Event("visibilitychange", { bubbles: true })));
    assert.equal(await state(page), "granted");
    await manager((klaro) => klaro.saveAndApplyConsents("save"));
    await becomes(page, "denied");
    assert.equal(await state(page, "personalization"), "granted");
    await manager((klaro) => klaro.resetConsents());
    await becomes(page, "pending");
  });
});
