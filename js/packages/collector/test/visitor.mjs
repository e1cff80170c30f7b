// A visitor in a real Chromium on the site of edge.mjs: what a test of a banner needs to say and to see.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { build } from "esbuild";
import { chromium } from "playwright-core";
import { never, until } from "../../../../tests/harness/until.mjs";
import { start } from "./edge.mjs";

const FLAGS = "--no-sandbox --disable-gpu --disable-quic --no-first-run --disable-background-networking --disable-component-update --disable-sync";

export const launch = () => chromium.launch({ executablePath: process.env.HEADWATER_CHROMIUM || "/usr/bin/chromium", args: FLAGS.split(" ") });

const require = createRequire(import.meta.url);
/** A published library's file. */
export const library = (path) => readFileSync(require.resolve(path), "utf8");
/** A page of test/banners with the libraries it imports, as one script. */
export const bundled = async (name) => {
  const entryPoints = [new URL(`./banners/${name}.js`, import.meta.url).pathname];
  return (await build({ entryPoints, bundle: true, write: false, format: "iife", target: "es2020" })).outputFiles[0].text;
};

/** How long "and nothing more happens" is watched. */
const SPAN = 400;

/** A visitor's browser and the site it visits. */
export class Visit {
  /** @param {import("playwright-core").Browser} browser */
  static async start(browser) {
    const visit = new Visit();
    Object.assign(visit, await start());
    visit.context = await browser.newContext();
    visit.errors = [];
    return visit;
  }

  async end() {
    await this.context.close();
    this.stop();
    assert.deepEqual(this.errors, [], "a page threw");
  }

  /** Puts a script on the site, and gives the tag that loads it. */
  file(path, text, attributes = "") {
    this.site.pages.set(path, { type: "text/javascript; charset=utf-8", text });
    return `<script src="${path}" ${attributes}></script>`;
  }

  adapter(name, attributes = "") {
    return `<script src="${this.edge.url}/sdk/adapter-${name}.js" ${attributes}></script>`;
  }

  async open(path = "/") {
    const page = await this.context.newPage();
    page.on("pageerror", (error) => this.errors.push(String(error)));
    await page.goto(this.site.url + path);
    return page;
  }

  /** Requests that carry anything, as `METHOD path`. */
  get sent() {
    return this.edge.requests.filter(({ path }) => path.startsWith("/v1")).map(({ method, path }) => `${method} ${path}`);
  }

  /** What arrived of events with this name. */
  arrived(name) {
    return [...this.edge.messages.values()].filter(({ event }) => event === name);
  }
}

export const state = (page, purpose = "analytics") => page.evaluate((name) => window.headwater.consent()[name], purpose);
export const states = (page) => page.evaluate(() => window.headwater.consent());
export const becomes = (page, wanted, purpose = "analytics") => until(`${purpose} is ${wanted}`, async () => (await state(page, purpose)) === wanted, { seen: () => wanted });
export const track = (page, name) => page.evaluate((event) => window.headwater.track(event), name);
export const engine = (page) => page.evaluate(() => new Promise((resolve) => window.headwater.ready(resolve)));

/** What Headwater left on the device. */
export const traces = (page) =>
  page.evaluate(() => [
    ...document.cookie.split("; ").filter((cookie) => cookie.startsWith("hw_")),
    ...[localStorage, sessionStorage].flatMap((storage) => Object.keys(storage).filter((key) => key.startsWith("hw:"))),
  ]);

/** Nothing is sent from here on, nor kept. */
export async function silent(visit, page) {
  const sent = visit.sent.length;
  await never("a request left", SPAN, () => (visit.sent.length > sent ? visit.sent.slice(sent) : undefined));
  assert.deepEqual(await traces(page), []);
}

/**
 * What every banner has to bring about, whatever it is: nothing before a choice, everything that is allowed after it,
 * nothing after a refusal or a withdrawal, and the edge told once. `banner` knows how its real library is used:
 * `{ head(order), accept(page), refuse(page), reopen?(page) }`.
 */
export function journeys(it, visit, banner) {
  for (const order of ["banner first", "banner last"]) {
    const arrive = async (path) => {
      visit().site.head = banner.head(visit(), order);
      const page = await visit().open(path);
      await engine(page);
      await banner.here(page);
      return page;
    };

    it(`${order}: nothing before a choice, and what was held leaves once when accepted`, async () => {
      const page = await arrive("/");
      await page.evaluate(() => {
        window.heard = [];
        window.headwater.on("consent", (states) => window.heard.push(states.analytics));
      });
      await track(page, "Held");
      assert.equal(await state(page), "pending");
      await silent(visit(), page);
      await banner.accept(page);
      await until("the held event arrived", () => visit().arrived("Held").length);
      await track(page, "After");
      await until("the next one too", () => visit().arrived("After").length);
      assert.deepEqual([visit().arrived("Held").length, visit().edge.copies], [1, 0]);
      const [{ context }] = visit().arrived("Held");
      assert.deepEqual(context.consent.categoryPreferences, {}, "the receipt of the capture stays");
      assert.equal(context.consent.release.categoryPreferences.analytics, true);
      assert.equal(context.consent.release.source, banner.source);
      assert.equal(visit().arrived("After")[0].context.consent.source, banner.source);
      assert.deepEqual(visit().edge.consents, [], "what is granted needs no request of its own");
      assert.equal((await page.evaluate(() => window.heard)).filter((state) => state === "granted").length, 1);
    });

    it(`${order}: refused from the start, nothing is ever sent or kept`, async () => {
      const page = await arrive("/");
      await track(page, "Held");
      await banner.refuse(page);
      await becomes(page, "denied");
      await track(page, "Refused");
      await silent(visit(), page);
      await page.goto(visit().site.url + "/again");
      await engine(page);
      await banner.here(page);
      await becomes(page, "denied");
      await track(page, "Refused");
      await silent(visit(), page);
      assert.deepEqual(visit().sent, []);
    });

    it(`${order}: a returning visitor is asked nothing, and a repeated answer does nothing`, async () => {
      const page = await arrive("/");
      await banner.accept(page);
      await becomes(page, "granted");
      await track(page, "First");
      await until("it arrived", () => visit().arrived("First").length);
      const [{ anonymousId }] = visit().arrived("First");
      await page.goto(visit().site.url + "/again");
      await engine(page);
      await banner.here(page);
      await becomes(page, "granted");
      await track(page, "Second");
      await until("it arrived", () => visit().arrived("Second").length);
      assert.equal(visit().arrived("Second")[0].anonymousId, anonymousId, "the same visitor");
      assert.deepEqual(visit().edge.consents, [], "nothing was withdrawn on the way");
    });

    it(`${order}: withdrawn in one tab, it stops in both, nothing stays, and the edge is told once`, async () => {
      const page = await arrive("/");
      await banner.accept(page);
      await becomes(page, "granted");
      await track(page, "Allowed");
      await until("it arrived", () => visit().arrived("Allowed").length);
      const [{ anonymousId }] = visit().arrived("Allowed");
      const other = await arrive("/other");
      await becomes(other, "granted");
      await banner.refuse(page);
      await becomes(page, "denied");
      await becomes(other, "denied");
      await until("the edge was told", () => visit().edge.consents.length);
      const [told] = visit().edge.consents;
      assert.equal(told.anonymousId, anonymousId);
      assert.equal(told.consent.categoryPreferences.analytics, false);
      assert.equal(told.consent.source, banner.source);
      for (const tab of [page, other]) {
        await track(tab, "Forbidden");
        await silent(visit(), tab);
      }
      await page.goto(visit().site.url + "/again");
      await engine(page);
      await banner.here(page);
      await becomes(page, "denied");
      await track(page, "Forbidden");
      await silent(visit(), page);
      assert.equal(visit().edge.consents.length, 1);
      assert.equal(visit().arrived("Forbidden").length, 0);
    });

    it(`${order}: whoever changes their mind twice is somebody new`, async () => {
      const page = await arrive("/");
      await banner.accept(page);
      await becomes(page, "granted");
      await track(page, "Before");
      await until("it arrived", () => visit().arrived("Before").length);
      await banner.refuse(page);
      await becomes(page, "denied");
      await banner.accept(page);
      await becomes(page, "granted");
      await track(page, "Anew");
      await until("it arrived", () => visit().arrived("Anew").length);
      assert.notEqual(visit().arrived("Anew")[0].anonymousId, visit().arrived("Before")[0].anonymousId);
    });
  }
}
