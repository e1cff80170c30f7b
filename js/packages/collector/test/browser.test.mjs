// The SDK in a real Chromium, against an edge that speaks the contract: unload, offline, blocked,
// strict policies, refusal. Needs `dist/` (cargo xtask wasm).
import assert from "node:assert/strict";
import { after, before, beforeEach, afterEach, describe, it } from "node:test";
import { readFileSync } from "node:fs";
import { chromium } from "playwright-core";
import { start, until } from "./edge.mjs";

const GRANT = { analytics: true, personalization: true };
const FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";
let browser;
let edge;
let site;
let stop;
let context;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.HEADWATER_CHROMIUM || "/usr/bin/chromium", args: FLAGS.split(" ") });
});
after(() => browser.close());
beforeEach(async () => {
  ({ edge, site, stop } = await start());
  site.head = site.script();
  context = await browser.newContext();
});
afterEach(async () => {
  await context.close();
  stop();
});

const errors = [];
const open = async (path = "/", where = context) => {
  const page = await where.newPage();
  page.on("pageerror", (error) => errors.push(error));
  await page.goto(site.url + path);
  return page;
};
const ready = (page) => page.evaluate(() => new Promise((resolve) => window.headwater.ready(resolve)));
const grant = (page) => page.evaluate((choices) => window.headwater.consent(choices, { source: "banner" }), GRANT);
const inspect = (page) => page.evaluate(() => window.headwater.inspect());
const sends = () => edge.requests.filter(({ path }) => path.startsWith("/v1"));
const traces = (page) =>
  page.evaluate(() => ({ cookie: document.cookie, site: Object.keys(localStorage), tab: Object.keys(sessionStorage) }));
const NOTHING = { cookie: "", site: [], tab: [] };
const track = (page, count, name = "Clicked") =>
  page.evaluate(([count, name]) => {
    for (let at = 0; at < count; at++) window.headwater.track(name, { at, padding: "x".repeat(200) });
  }, [count, name]);

describe("consent", () => {
  it("writes nothing and sends nothing before a choice", async () => {
    const page = await open();
    await ready(page);
    await track(page, 3);
    await page.waitForTimeout(400);
    assert.deepEqual(await traces(page), NOTHING);
    assert.deepEqual(sends(), []);
    assert.equal((await inspect(page)).held, 3);
    assert.equal(await page.evaluate(() => window.headwater.user().anonymousId()), null);
    await page.goto(site.url + "/next");
    assert.deepEqual(await traces(page), NOTHING);
    assert.deepEqual(sends(), []);
  });

  it("releases held events with a second record and leaves the receipt as it was", async () => {
    const page = await open();
    await track(page, 2);
    await ready(page);
    await grant(page);
    await until(() => edge.messages.size === 2);
    const [event] = edge.messages.values();
    assert.deepEqual(event.context.consent.categoryPreferences, {});
    assert.equal(event.context.consent.source, "default");
    assert.deepEqual(event.context.consent.release.categoryPreferences, GRANT);
    assert.equal(event.context.consent.release.source, "banner");
    assert.match(event.anonymousId, /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
    assert.equal((await traces(page)).cookie, `hw_aid=${event.anonymousId}; hw_said=1/+analytics/+personalization/`);
    assert.deepEqual([...edge.messages.values()].map(({ context }) => context.ledger.seq), [1, 2]);
    const { next } = edge.ledger.get(event.context.ledger.tab);
    assert.equal(next, 3);
  });

  it("leaves nothing behind when refused, and purges other tabs when withdrawn", async () => {
    const page = await open();
    await ready(page);
    await track(page, 2);
    await page.evaluate(() => window.headwater.consent({ analytics: false, personalization: false }));
    assert.deepEqual(await traces(page), NOTHING);
    assert.equal((await inspect(page)).held, 0);
    assert.deepEqual((await inspect(page)).dropped, { consent_refused: 2 });
    assert.deepEqual(sends(), []);

    await grant(page);
    const other = await open("/other");
    await ready(other);
    await track(other, 1);
    await until(() => edge.messages.size === 1);
    // What was refused is counted when there is somebody to tell.
    await track(page, 1);
    await until(() => edge.messages.size === 2);
    assert.ok([...edge.ledger.values()].some(({ lost }) => lost.some((range) => range.from === 1 && range.to === 2 && range.outcome === "denied")));
    await page.evaluate(() => window.headwater.consent({ analytics: false, personalization: false }));
    assert.deepEqual(await traces(page), NOTHING);
    await until(async () => (await inspect(other)).consent.analytics === "denied");
    await track(other, 1);
    await other.waitForTimeout(300);
    assert.deepEqual(await traces(other), NOTHING);
    assert.equal(edge.messages.size, 2);
  });

  it("denies what Global Privacy Control denies, whatever the banner says", async () => {
    await context.addInitScript(() => Object.defineProperty(navigator, "globalPrivacyControl", { value: true }));
    const page = await open();
    await ready(page);
    const states = await page.evaluate(() => window.headwater.consent({ analytics: true, advertising: true }));
    assert.equal(states.advertising, "denied");
    await track(page, 1);
    await until(() => edge.messages.size === 1);
    const [event] = edge.messages.values();
    assert.deepEqual(event.context.consent.categoryPreferences, { analytics: true, advertising: false, sale_or_share: false });
    assert.equal(event.context.consent.gpc, true);
  });

  it("refuses a purpose that does not exist and says so", async () => {
    const page = await open();
    await ready(page);
    const warned = page.waitForEvent("console");
    const states = await page.evaluate(() => window.headwater.consent({ analitycs: true }));
    assert.match((await warned).text(), /unknown consent purpose "analitycs".*analytics/);
    assert.equal(states.analytics, "pending");
  });
});

describe("unload", () => {
  for (const engine of ["auto", "js"]) {
    for (const count of [20, 60, 150]) {
      it(`${count} events and an instant navigation arrive, at the latest with the next page (${engine})`, async () => {
        site.head = site.script(`data-engine="${engine}"`);
        const page = await open();
        await ready(page);
        await grant(page);
        await page.evaluate((count) => {
          for (let at = 0; at < count; at++) window.headwater.track("Clicked", { at, padding: "x".repeat(200) });
          location.href = "/next";
        }, count);
        await page.waitForURL("**/next");
        const beaconed = edge.messages.size;
        await until(() => edge.messages.size === count);
        await page.waitForTimeout(300);
        assert.equal(edge.messages.size, count);
        assert.deepEqual((await traces(page)).site.filter((key) => key.startsWith("hw:q:")), []);
        const numbers = [...edge.messages.values()].map(({ context }) => `${context.ledger.tab}:${context.ledger.seq}`);
        assert.equal(new Set(numbers).size, count, "no number twice");
        console.log(`      ${count}: ${beaconed} before the next page, ${edge.copies} copies for the edge to drop`);
      });
    }
  }

  it("keeps what was called before the engine was there, once consent is known", async () => {
    const page = await open();
    await ready(page);
    await grant(page);
    await page.route("**/*.wasm", () => {});
    await page.goto(site.url + "/slow");
    await track(page, 5, "Early");
    await page.unroute("**/*.wasm");
    await page.goto(site.url + "/next");
    await until(() => edge.messages.size === 5);
  });

  it("finds the events of a closed tab on the next visit, and leaves those of a living one alone", async () => {
    edge.answer = () => ({ status: 503, headers: { "retry-after": "600" } });
    const living = await open("/living");
    await ready(living);
    await grant(living);
    const page = await open();
    await ready(page);
    await track(page, 4, "Closed");
    await track(living, 3, "Living");
    await until(() => sends().length >= 2);
    await page.close({ runBeforeUnload: false });
    edge.answer = () => undefined;
    const next = await open("/next");
    await ready(next);
    await until(() => edge.messages.size >= 4);
    await next.waitForTimeout(500);
    assert.deepEqual(new Set([...edge.messages.values()].map(({ event }) => event)), new Set(["Closed"]));
    assert.equal(edge.messages.size, 4);
  });

  it("numbers on after a reload, and anew in a duplicated tab", async () => {
    const page = await open();
    await ready(page);
    await grant(page);
    await track(page, 2);
    await until(() => edge.messages.size === 2);
    await page.reload();
    await ready(page);
    await track(page, 1);
    await until(() => edge.messages.size === 3);
    const line = await page.evaluate(() => sessionStorage.getItem("hw:tab"));
    const copy = await context.newPage();
    await copy.goto(site.url + "/favicon.ico");
    await copy.addInitScript((line) => sessionStorage.setItem("hw:tab", line), line);
    await copy.goto(site.url + "/copy");
    await ready(copy);
    await track(copy, 1);
    await until(() => edge.messages.size === 4);
    const marks = [...edge.messages.values()].map(({ context }) => context.ledger);
    assert.equal(new Set(marks.map(({ tab, seq }) => tab + seq)).size, 4);
    assert.notEqual(marks[3].tab, marks[2].tab);
    for (const [tab, { next }] of edge.ledger) {
      assert.deepEqual(marks.filter((mark) => mark.tab === tab).map(({ seq }) => seq), Array.from({ length: next - 1 }, (_, at) => at + 1));
    }
  });
});

describe("trouble", () => {
  it("offline for five events and back loses none", async () => {
    const page = await open();
    await ready(page);
    await grant(page);
    await context.setOffline(true);
    await track(page, 5);
    await page.waitForTimeout(500);
    assert.equal(edge.messages.size, 0);
    await context.setOffline(false);
    await until(() => edge.messages.size === 5, 5_000);
  });

  it("waits as long as Retry-After asks, and delivers all in the same page", async () => {
    const page = await open();
    await ready(page);
    await grant(page);
    const from = Date.now();
    edge.answer = () => (Date.now() - from < 3_000 ? { status: 503, headers: { "retry-after": "3" } } : undefined);
    await track(page, 5);
    await until(() => edge.messages.size === 5);
    assert.ok(sends().length <= 3, `${sends().length} requests`);
  });

  it("keeps what the edge wants again, and only that", async () => {
    const page = await open();
    await ready(page);
    await grant(page);
    let first = true;
    edge.answer = ({ text }) => {
      if (!first) return undefined;
      first = false;
      const outcomes = JSON.parse(text).batch.map(({ messageId }, index) => ({ index, messageId, outcome: index === 1 ? "retry" : "ok" }));
      return { status: 200, reply: { success: true, outcomes } };
    };
    await track(page, 3);
    await until(() => edge.messages.size === 1);
    assert.equal([...edge.messages.values()][0].properties.at, 1);
    await until(async () => (await inspect(page)).queued === 0);
  });

  it("blocked: nothing throws, and storage and requests stay bounded", async () => {
    errors.length = 0;
    await context.route(edge.url + "/v1/**", (route) => route.abort("blockedbyclient"));
    const page = await open();
    await ready(page);
    await grant(page);
    for (let round = 0; round < 12; round++) await track(page, 200);
    await page.waitForTimeout(5_000);
    const bytes = await page.evaluate(() => Object.keys(localStorage).reduce((sum, key) => sum + key.length + localStorage.getItem(key).length, 0));
    assert.ok(bytes < 1_200_000, `${bytes} bytes`);
    const { queued, dropped } = await inspect(page);
    assert.ok(queued <= 1_000);
    assert.equal(queued + dropped.queue_full, 2_400);
    assert.deepEqual(errors, []);
  });

  it("a request that is wrong is not repeated, and says why once", async () => {
    const page = await open();
    const warnings = [];
    page.on("console", (message) => message.type() === "warning" && warnings.push(message.text()));
    edge.answer = () => ({ status: 401, reply: { error: { code: "unknown_write_key", message: "no source has the write key wk_test" } } });
    await ready(page);
    await grant(page);
    await track(page, 1);
    await until(() => warnings.length);
    await track(page, 1);
    await page.waitForTimeout(1_500);
    assert.equal(sends().length, 1);
    assert.deepEqual(warnings, ["headwater: no source has the write key wk_test"]);
  });

  it("works from memory where storage is refused, and says so in each event", async () => {
    await context.addInitScript(() => {
      for (const name of ["localStorage", "sessionStorage"]) {
        Object.defineProperty(window, name, { get: () => { throw new DOMException("refused", "SecurityError"); } });
      }
      Object.defineProperty(document, "cookie", { get: () => "", set: () => {} });
    });
    const page = await open();
    await ready(page);
    await grant(page);
    await track(page, 2);
    await until(() => edge.messages.size === 2);
    const [one, other] = edge.messages.values();
    assert.equal(one.context.storage, "memory");
    assert.equal(one.anonymousId, other.anonymousId);
  });

  it("a listener that throws, a property that cannot be written and a call without sense hurt nobody", async () => {
    errors.length = 0;
    const page = await open();
    await page.evaluate(() => {
      const { headwater } = window;
      headwater.on("captured", () => { throw new Error("listener"); });
      headwater.ready(() => { throw new Error("ready"); });
      const loop = {};
      loop.loop = loop;
      headwater.track("Loop", loop);
      headwater.track("Big", { big: 1n });
      headwater.consent(null);
      headwater.identify();
      headwater.use({});
      headwater.on("captured", () => headwater.track.length || headwater.inspect());
    });
    await ready(page);
    await grant(page);
    await track(page, 1, "Fine");
    await until(() => [...edge.messages.values()].some(({ event }) => event === "Fine"));
    assert.deepEqual(errors, []);
  });
});

describe("the snippet", () => {
  it("keeps calls in line until the script is there", async () => {
    const snippet = readFileSync(new URL("../snippet.html", import.meta.url), "utf8");
    site.head = snippet.replace("https://YOUR_EDGE", edge.url).replace("YOUR_WRITE_KEY", "wk_test");
    await context.route("**/sdk/headwater.js?*", async (route) => setTimeout(() => route.continue(), 500));
    const page = await open();
    await page.evaluate(() => {
      window.headwater.consent({ analytics: true, personalization: true }, { source: "banner" });
      window.headwater.track("Early");
      window.decided = window.headwater.decide({ placements: ["home-hero"] });
    });
    await until(() => edge.messages.size === 2);
    assert.deepEqual([...edge.messages.values()].map(({ type }) => type), ["page", "track"]);
    edge.decide = () => ({});
    assert.deepEqual(await page.evaluate(() => window.decided), {});
    assert.equal(edge.batches[0].writeKey, "wk_test");
  });
});

describe("strict policies", () => {
  const policy = (script) => ({ "content-security-policy": `default-src 'self'; script-src ${edge.url}${script}; connect-src ${edge.url}` });

  it("runs as JavaScript where the policy forbids WebAssembly", async () => {
    errors.length = 0;
    site.headers = policy("");
    const page = await open();
    await ready(page);
    assert.equal((await inspect(page)).engine, "js");
    await grant(page);
    await track(page, 30, "Étagère 🪑");
    await until(() => edge.messages.size === 30);
    assert.equal([...edge.messages.values()][29].event, "Étagère 🪑");
    assert.deepEqual(errors, []);
  });

  it("runs as WebAssembly where it is allowed", async () => {
    site.headers = policy(" 'wasm-unsafe-eval'");
    const page = await open();
    await ready(page);
    assert.equal((await inspect(page)).engine, "wasm");
  });

  it("data-engine=js does not even try", async () => {
    site.headers = policy("");
    site.head = site.script('data-engine="js"');
    const page = await context.newPage();
    const reports = [];
    page.on("console", (message) => reports.push(message.text()));
    await page.goto(site.url + "/");
    await ready(page);
    assert.equal((await inspect(page)).engine, "js");
    assert.deepEqual(reports.filter((text) => /WebAssembly/.test(text)), []);
  });
});

describe("decisions", () => {
  const hero = { placement: "home-hero", experience: "exp_1", variant: "sneakers", value: { title: "Run" }, reasons: ["in audience Sneaker fans (aud_1)"] };

  it("come with the reply of a batch, under consent", async () => {
    site.head = site.script('data-placements="home-hero"');
    edge.decide = () => ({ "home-hero": hero });
    const page = await open();
    await ready(page);
    await page.evaluate(() => window.headwater.on("decisions", (decisions) => (window.shown = decisions)));
    await page.evaluate(() => window.headwater.consent({ analytics: true }));
    await track(page, 1);
    await until(() => edge.messages.size === 1);
    assert.equal(edge.batches[0].placements, undefined, "not without personalization");
    await grant(page);
    await track(page, 1);
    await page.waitForFunction(() => window.shown);
    assert.deepEqual(await page.evaluate(() => window.shown), { "home-hero": hero });
    const asked = edge.batches.at(-1);
    assert.deepEqual(asked.placements, ["home-hero"]);
    assert.equal(asked.anonymousId, asked.batch[0].anonymousId);
    const { chosenAt, ...consent } = asked.consent;
    assert.deepEqual(consent, { categoryPreferences: GRANT, source: "banner" });
    assert.ok(Date.parse(chosenAt) <= Date.now());
  });

  it("can be asked for, and say why there is none", async () => {
    edge.decide = () => ({ "home-hero": hero });
    const page = await open();
    const ask = () => page.evaluate(() => window.headwater.decide({ placements: ["home-hero"] }));
    const none = await ask();
    assert.deepEqual(none["home-hero"].reasons, ["personalization is not granted"]);
    assert.deepEqual(sends(), []);
    await grant(page);
    assert.deepEqual(await ask(), { "home-hero": hero });
    edge.answer = () => ({ status: 500 });
    assert.equal((await ask())["home-hero"].variant, null);
  });
});
