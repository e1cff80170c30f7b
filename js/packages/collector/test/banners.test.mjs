// The same journeys with each real banner, loaded before and after the SDK, in Chromium.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, describe, it } from "node:test";
import { until } from "../../../../tests/harness/until.mjs";
import { Visit, becomes, bundled, engine, journeys, launch, library, silent, state, track } from "./visitor.mjs";

const platforms = { tcf: await bundled("tcf-platform"), consentMode: await bundled("consent-mode-page") };

const COOKIE_CONSENT = `CookieConsent.run({ hideFromBots: false, cookie: { secure: false }, categories: { necessary: { readOnly: true }, analytics: {}, functionality: {} },
  language: { default: "en", translations: { en: { consentModal: { title: "?", acceptAllBtn: "Yes", acceptNecessaryBtn: "No" }, preferencesModal: { sections: [] } } } } });`;
const KLARO = `window.klaroConfig = { acceptAll: true, services: [
  { name: "session", purposes: ["necessary"], required: true },
  { name: "counter", purposes: ["analytics"], default: true },
  { name: "heatmap", purposes: ["analytics"] },
  { name: "hero", purposes: ["functional"] } ] };`;

/** Banners that have no adapter here speak through the documented interface, in a few lines of the page. */
const use = (adapter) => `<script>(window.headwater = window.headwater || []).use ? headwater.use(${adapter}) : headwater.push(["use", ${adapter}]);</script>`;

/** Osano's Cookie Consent 3.1: one answer, kept in a cookie, and callbacks in the page's own configuration. */
const OSANO = `cookieconsent.initialise({ type: "opt-in", onStatusChange: () => dispatchEvent(new Event("answered")) }, (popup) => (window.popup = popup));`;
const OSANO_ADAPTER = `{
  read: () => {
    const [, answer] = /(?:^|; )cookieconsent_status=(allow|deny)/.exec(document.cookie) || [];
    return { decided: !!answer, categories: answer ? { analytics: answer === "allow", personalization: answer === "allow" } : {}, source: "osano" };
  },
  subscribe: (changed) => addEventListener("answered", () => changed(true)),
}`;

/** A banner as CookieYes documents its own: a function, and events on the document. */
const EVENTS = `(() => {
  const kept = () => /(?:^|; )consent=([^;]*)/.exec(document.cookie);
  window.getCkyConsent = () => ({ isUserActionCompleted: !!kept(), categories: Object.fromEntries(["necessary", "analytics", "functional"].map((name) => [name, !!kept() && kept()[1].includes(name)])) });
  window.answer = (names) => {
    document.cookie = "consent=" + names.join(".") + "; Path=/";
    document.dispatchEvent(new CustomEvent("cookieyes_consent_update", { detail: { accepted: names, rejected: [] } }));
  };
  document.dispatchEvent(new CustomEvent("cookieyes_banner_load", { detail: window.getCkyConsent() }));
})();`;
const EVENTS_ADAPTER = `{
  read: () => {
    const consent = window.getCkyConsent && getCkyConsent();
    return consent && { decided: consent.isUserActionCompleted, categories: { analytics: consent.categories.analytics, personalization: consent.categories.functional }, source: "cookieyes" };
  },
  subscribe: (changed) => {
    document.addEventListener("cookieyes_banner_load", () => changed());
    document.addEventListener("cookieyes_consent_update", () => changed(true));
  },
}`;

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
  "Osano's Cookie Consent, by the documented interface": {
    source: "osano",
    head: (visit, order) => ordered(visit, order, use(OSANO_ADAPTER), [["/banner.js", library("cookieconsent/build/cookieconsent.min.js")], ["/run.js", OSANO]]),
    here: here(() => !!window.popup),
    accept: async (page) => {
      await page.evaluate(() => window.popup.open());
      await page.locator(".cc-allow").dispatchEvent("click");
    },
    refuse: async (page) => {
      await page.evaluate(() => window.popup.open());
      await page.locator(".cc-deny").dispatchEvent("click");
    },
  },
  "a banner that announces itself by events, by the documented interface": {
    source: "cookieyes",
    head: (visit, order) => ordered(visit, order, use(EVENTS_ADAPTER), [["/banner.js", EVENTS]]),
    here: here(() => !!window.getCkyConsent),
    accept: (page) => page.evaluate(() => window.answer(["necessary", "analytics", "functional"])),
    refuse: (page) => page.evaluate(() => window.answer(["necessary"])),
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

describe("two banners on one page", () => {
  // A tag manager brings the second; nobody took the first away.
  const both = (order) => {
    const scripts = [["/one.js", OSANO], ["/banner.js", EVENTS]];
    visit.site.head = ordered(visit, order, use(OSANO_ADAPTER) + use(EVENTS_ADAPTER), [["/osano.js", library("cookieconsent/build/cookieconsent.min.js")], ...scripts]);
  };
  for (const order of ["banner first", "banner last"]) {
    it(`${order}: what one of them denies is denied, whoever spoke last, until the person decides anew`, async () => {
      both(order);
      const page = await visit.open("/");
      await engine(page);
      await until("both are here", () => page.evaluate(() => !!window.popup && !!window.getCkyConsent));
      await page.evaluate(() => window.answer(["necessary"]));
      await becomes(page, "denied");
      await track(page, "Refused");
      await silent(visit, page);
      // The refusal is repeated without anybody's doing, as on a later page.
      await page.evaluate(() => document.dispatchEvent(new CustomEvent("cookieyes_banner_load")));
      await silent(visit, page);
      await BANNERS["Osano's Cookie Consent, by the documented interface"].accept(page);
      await becomes(page, "granted");
      await page.evaluate(() => document.dispatchEvent(new CustomEvent("cookieyes_banner_load")));
      assert.equal(await state(page), "granted", "a repeated word stays replaced");
      await track(page, "Agreed");
      await until("it arrived", () => visit.arrived("Agreed").length);
      assert.equal(visit.arrived("Refused").length, 0);
      // On the next page each says what it kept: one yes, one no. The later decision holds.
      await page.goto(visit.site.url + "/again");
      await engine(page);
      await until("both are here", () => page.evaluate(() => !!window.popup && !!window.getCkyConsent));
      await becomes(page, "granted");
      assert.deepEqual(visit.edge.consents, []);
      await page.evaluate(() => window.answer(["necessary"]));
      await becomes(page, "denied");
      await until("the edge was told", () => visit.edge.consents.length === 1);
      await silent(visit, page);
    });
  }
});
