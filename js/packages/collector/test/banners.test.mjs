// The same journeys with each real banner, loaded before and after the SDK, in Chromium.
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { until } from "../../../../tests/harness/until.mjs";
import { Visit, bundled, journeys, launch, library } from "./visitor.mjs";

const platforms = { tcf: await bundled("tcf-platform"), consentMode: await bundled("consent-mode-page") };

const COOKIE_CONSENT = `CookieConsent.run({ hideFromBots: false, cookie: { secure: false }, categories: { necessary: { readOnly: true }, analytics: {}, functionality: {} },
  language: { default: "en", translations: { en: { consentModal: { title: "?", acceptAllBtn: "Yes", acceptNecessaryBtn: "No" }, preferencesModal: { sections: [] } } } } });`;
const KLARO = `window.klaroConfig = { acceptAll: true, services: [
  { name: "session", purposes: ["necessary"], required: true },
  { name: "counter", purposes: ["analytics"], default: true },
  { name: "heatmap", purposes: ["analytics"] },
  { name: "hero", purposes: ["functional"] } ] };`;

/** Puts the banner before or after the SDK, all of them when the page is parsed, or the banner alone that late. */
const ordered = (visit, order, adapter, scripts) => {
  const deferred = (tags) => tags.replaceAll("<script ", "<script defer ");
  const banner = deferred(scripts.map(([path, text]) => visit.file(path, text)).join(""));
  const sdk = visit.site.script() + adapter;
  return order === "banner first" ? banner + deferred(sdk) : sdk + banner;
};
const here = (found) => (page) => until("the banner is here", () => page.evaluate(found));

/** Opens Klaro's dialog, switches every service, and saves. */
const switchServices = async (page, on) => {
  await page.evaluate(() => window.klaro.show(undefined, true));
  await page.locator(".cookie-modal .cm-btn-accept").waitFor();
  await page.evaluate((wanted) => {
    for (const service of document.querySelectorAll("input[id^=service-item-]:not(.required)")) if (service.checked !== wanted) service.click();
  }, on);
  await page.locator(".cookie-modal .cm-btn-accept").click();
};

const BANNERS = {
  "a TCF platform": {
    source: "tcf",
    head: (visit, order) => ordered(visit, order, visit.adapter("tcf"), [["/stub.js", library("@iabtcf/stub/lib/stub.js")], ["/platform.js", platforms.tcf]]),
    here: here(() => !!window.platform),
    accept: (page) => page.evaluate(() => (window.platform.ask(), window.platform.choose([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11]))),
    refuse: (page) => page.evaluate(() => (window.platform.ask(), window.platform.choose([]))),
  },
  "Google Consent Mode": {
    source: "google-consent-mode",
    head: (visit, order) => ordered(visit, order, visit.adapter("google-consent-mode"), [["/platform.js", platforms.consentMode]]),
    here: here(() => !!window.platform),
    accept: (page) => page.evaluate(() => window.platform.choose("granted")),
    refuse: (page) => page.evaluate(() => window.platform.choose("denied")),
  },
  Klaro: {
    source: "klaro",
    head: (visit, order) =>
      ordered(visit, order, visit.adapter("klaro", 'data-purposes="personalization=functional"'), [["/config.js", KLARO], ["/klaro.js", library("klaro/dist/klaro.js")]]),
    here: here(() => !!document.querySelector("#klaro")),
    accept: (page) => switchServices(page, true),
    refuse: (page) => switchServices(page, false),
  },
  "vanilla-cookieconsent": {
    source: "banner",
    head: (visit, order) =>
      ordered(visit, order, visit.adapter("vanilla-cookieconsent", 'data-purposes="personalization=functionality"'), [
        ["/banner.js", library("vanilla-cookieconsent/dist/cookieconsent.umd.js")],
        ["/run.js", COOKIE_CONSENT],
      ]),
    here: here(() => !!window.CookieConsent?.getConfig("categories")),
    accept: async (page) => {
      await page.evaluate(() => window.CookieConsent.show(true));
      await page.getByRole("button", { name: "Yes" }).click();
    },
    refuse: async (page) => {
      await page.evaluate(() => window.CookieConsent.show(true));
      await page.getByRole("button", { name: "No" }).click();
    },
  },
};

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

for (const [name, banner] of Object.entries(BANNERS)) describe(name, () => journeys(it, () => visit, banner));
