// The adapter against the real banner, in Chromium: first choice, a returning visit, a change of mind.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { after, before, beforeEach, afterEach, it } from "node:test";
import { chromium } from "playwright-core";
import { start, until } from "./edge.mjs";

const banner = readFileSync(createRequire(import.meta.url).resolve("vanilla-cookieconsent/dist/cookieconsent.umd.js"), "utf8");
const RUN = `CookieConsent.run({ hideFromBots: false, cookie: { secure: false }, categories: { necessary: { readOnly: true }, analytics: {}, functionality: {} },
  language: { default: "en", translations: { en: { consentModal: { title: "?", acceptAllBtn: "Yes", acceptNecessaryBtn: "No" }, preferencesModal: { sections: [] } } } } });`;
const ADAPTER = (site) => `<script src="${site}/sdk/adapter-vanilla-cookieconsent.js" data-purposes="personalization=functionality"></script>`;
let browser;
let edge;
let site;
let stop;
let context;

before(async () => {
  browser = await chromium.launch({ executablePath: process.env.HEADWATER_CHROMIUM || "/usr/bin/chromium", args: ["--no-sandbox", "--disable-gpu"] });
});
after(() => browser.close());
beforeEach(async () => {
  ({ edge, site, stop } = await start());
  site.pages.set("/banner.js", { type: "text/javascript", text: banner });
  site.pages.set("/run.js", { type: "text/javascript", text: RUN });
  context = await browser.newContext();
});
afterEach(async () => {
  await context.close();
  stop();
});

const BANNER = '<script src="/banner.js"></script>';
const RUNS = '<script defer src="/run.js"></script>';
const states = (page) => page.evaluate(() => window.headwater.consent());

it("follows the banner: first choice, returning visit, change of mind", async () => {
  site.head = BANNER + site.script() + ADAPTER(edge.url) + RUNS;
  const page = await context.newPage();
  await page.goto(site.url + "/");
  await page.evaluate(() => window.headwater.track("Held"));
  await page.waitForTimeout(300);
  assert.deepEqual(edge.requests.filter(({ path }) => path.startsWith("/v1")), []);
  assert.equal((await states(page)).analytics, "pending");
  await page.getByRole("button", { name: "Yes" }).click();
  await until(() => edge.messages.size === 1);
  const [held] = edge.messages.values();
  assert.deepEqual(held.context.consent.release.categoryPreferences, { personalization: true, necessary: true, analytics: true });
  assert.equal(held.context.consent.release.source, "banner");

  await page.goto(site.url + "/again");
  await page.evaluate(() => window.headwater.track("Returning"));
  await until(() => edge.messages.size === 2);

  await page.evaluate(() => window.CookieConsent.acceptCategory([]));
  await until(async () => (await states(page)).analytics === "denied");
  const left = await page.evaluate(() => [document.cookie, Object.keys(localStorage), Object.keys(sessionStorage)]);
  assert.doesNotMatch(left[0], /hw_/);
  assert.deepEqual(left.slice(1), [[], []]);
});

it("reads the state of a banner that ran before it, and of one without a global", async () => {
  for (const hidden of [false, true]) {
    site.head = BANNER + RUNS + site.script("defer").replace("data-write-key", "defer data-write-key");
    const page = await context.newPage();
    await page.goto(site.url + "/");
    if (!hidden) await page.getByRole("button", { name: "Yes" }).click();
    if (hidden) await page.evaluate(() => delete window.CookieConsent);
    await page.addScriptTag({ url: edge.url + "/sdk/adapter-vanilla-cookieconsent.js" });
    await until(async () => (await states(page)).analytics === "granted");
  }
});

it("leaves a choice alone that was made elsewhere while nobody has chosen in the banner", async () => {
  site.head = BANNER + site.script() + RUNS;
  const page = await context.newPage();
  await page.goto(site.url + "/");
  await page.evaluate(() => window.headwater.consent({ analytics: true }));
  await page.addScriptTag({ url: `${edge.url}/sdk/adapter-vanilla-cookieconsent.js` });
  assert.equal((await states(page)).analytics, "granted");
  await page.getByRole("button", { name: "No" }).click();
  await until(async () => (await states(page)).analytics === "denied");
});
