#!/usr/bin/env node
/**
 * How long each screen of a running headwater takes in Chromium: `npm run screen-times -w tests -- URL TOKEN [rounds]`.
 *
 * Of every screen of the menu, and of one person, audience, experience and source: from the change of the address until nothing
 * of the screen waits any more (the first useful paint, with whatever the server is asked), and, of what can be done on it, from
 * the key or click until the next paint (as the browser's own event timing has it) and until nothing waits any more.
 */
import { launch } from "./harness/browser.mjs";

const [base = "", token = "", rounds = "5"] = process.argv.slice(2);
const ROUNDS = Number(rounds);
/** How long one waits for a screen before it counts as broken. */
const PATIENCE = 120_000;

const browser = await launch();
const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, reducedMotion: "reduce" });
const page = await context.newPage();
page.setDefaultTimeout(PATIENCE);
await page.addInitScript(() => {
  const seen = /** @type {any} */ (globalThis);
  seen.slowest = 0;
  new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) seen.slowest = Math.max(seen.slowest, entry.duration);
  }).observe(/** @type {any} */ ({ type: "event", durationThreshold: 16 }));
});

/** @param {string} path */
async function ask(path) {
  const answer = await fetch(`${base}/api/v1/${path}`, { headers: { authorization: `Bearer ${token}` } });
  return (await answer.json()).data?.[0];
}

/** From the change of the address until the page shows what it is for and that is painted. @param {string} path @returns {Promise<number>} */
const open = (path) => page.evaluate(async (to) => {
  const began = performance.now();
  location.hash = `#/${to}`;
  const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
  const done = () => document.querySelector(".screen h1") && !document.querySelector("main [aria-busy], main .skeleton");
  do await painted();
  while (!done());
  return performance.now() - began;
}, path);

/** @param {number[]} times @param {number} part */
const quantile = (times, part) => [...times].sort((a, b) => a - b)[Math.min(times.length - 1, Math.ceil(times.length * part) - 1)] ?? 0;

/** @param {string} name @param {number[]} times @param {string} [more] */
const tell = (name, times, more = "") => console.log(`${name.padEnd(44)} median ${quantile(times, 0.5).toFixed(0).padStart(6)} ms   slowest ${Math.max(...times).toFixed(0).padStart(6)} ms${more}`);

const began = Date.now();
await page.goto(`${base}/#token=${token}`);
await page.locator(".screen h1").first().waitFor();
console.log(`signed in after ${Date.now() - began} ms`);
/** What a new visit costs, with nothing in the browser's cache. */
const bytes = await page.evaluate(() => performance.getEntriesByType("resource").reduce((sum, entry) => sum + (/** @type {PerformanceResourceTiming} */ (entry).initiatorType === "fetch" ? 0 : /** @type {PerformanceResourceTiming} */ (entry).transferSize), 0));
console.log(`first load: ${bytes} bytes over the network`);

const keys = await page.evaluate(async () => {
  const path = "/navigation.js";
  const { screens } = await import(path);
  return screens.map((/** @type {{ key: string }} */ screen) => screen.key);
});
const person = await ask("profiles?limit=1");
const audience = await ask("audiences");
const experience = await ask("experiences");
const source = await ask("sources");
const paths = [
  ...keys,
  ...["", "?tab=traits", "?tab=audiences", "?tab=consent", "?tab=identity"].map((tab) => `people/${person.id}${tab}`),
  "people?q=grace", "support?q=grace", "audiences/new", `audiences/${audience.id}`, `audiences/${audience.id}/edit`, `sources/${source.id}`,
  ...(experience ? ["", "?tab=results"].map((tab) => `experiences/${experience.id}${tab}`) : []),
];
/** @type {number[]} */
const all = [];
for (const path of paths) {
  const times = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await open(path === "account" ? "tokens" : "account");
    times.push(await open(path));
  }
  // The first of them loads the screen's own files; it is among them.
  all.push(...times);
  tell(path || "start", times);
}
console.log(`every screen: p95 ${quantile(all, 0.95).toFixed(0)} ms`);

/** From before the key or click until nothing waits any more, and the longest that the browser says one of its events took until the next paint. */
/** @type {{ whole: number[], paint: number[] }} */
const every = { whole: [], paint: [] };
/** @param {string} name @param {string} path @param {(() => Promise<unknown>)[]} acts */
async function interactions(name, path, acts) {
  const whole = [];
  const paint = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await open("account");
    await open(path);
    for (const act of acts) {
      const started = await page.evaluate(() => {
        /** @type {any} */ (globalThis).slowest = 0;
        return performance.now();
      });
      await act();
      const [ended, slowest] = await page.evaluate(async () => {
        const painted = () => new Promise((resolve) => requestAnimationFrame(() => setTimeout(resolve)));
        do await painted();
        while (document.querySelector("main [aria-busy], main .skeleton"));
        const now = performance.now();
        // The observer is told of an event after the paint that follows it.
        await painted();
        return [now, /** @type {any} */ (globalThis).slowest];
      });
      whole.push(ended - started);
      paint.push(slowest);
    }
  }
  every.whole.push(...whole);
  every.paint.push(...paint);
  tell(`${name}, until shown`, whole, `   next paint, slowest ${Math.max(...paint).toFixed(0)} ms`);
}

const main = page.getByRole("main");
/** @param {string} key */
const press = (key) => () => page.keyboard.press(key);
/** @param {import("playwright-core").Locator} locator */
const click = (locator) => () => locator.click();
await interactions("palette: open, type, go", "", [press("Control+k"), () => page.keyboard.type("aud"), press("Enter")]);
await interactions("people: search", "people", [click(main.getByRole("searchbox").first()), () => page.keyboard.type("grace"), press("Enter")]);
await interactions("person: tabs", `people/${person.id}`, ["Traits", "Audiences", "Consent", "Identity"].map((tab) => click(main.getByRole("tab", { name: tab }))));
await interactions("audit log: filter, order", "audit", [click(main.getByRole("searchbox").first()), () => page.keyboard.type("read"), click(main.locator("button.sort").first())]);
await interactions("audience builder: typing, with its live count", `audiences/${audience.id}/edit`, [click(main.getByLabel("Name")), () => page.keyboard.type("x")]);
await interactions("reports: another interval", "reports", [() => main.getByRole("combobox").last().press("ArrowDown")]);
console.log(`every interaction: next paint p95 ${quantile(every.paint, 0.95).toFixed(0)} ms, until shown p95 ${quantile(every.whole, 0.95).toFixed(0)} ms`);
await browser.close();
