/**
 * Pictures of every screen of the dashboard, with data, for the documentation: docs/screens/<key>-{light,dark}.png.
 *
 *     npm run screens -w tests [-- FOLDER]
 */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { launch } from "./harness/browser.mjs";
import { Headwater } from "./harness/headwater.mjs";
import { ROOT } from "./harness/part.mjs";
import { seedMatches, seedSpace } from "./scenarios/seeded-space.mjs";

const SIZE = { width: 1280, height: 800 };
const THEMES = /** @type {const} */ (["light", "dark"]);

/** @param {import("playwright-core").Page} page @returns {Promise<string[]>} the keys of the menu, as the page has them */
function keys(page) {
  return page.evaluate(async () => {
    const path = "/navigation.js";
    const { screens } = await import(path);
    return screens.map((/** @type {{ key: string }} */ screen) => screen.key);
  });
}

/** @param {import("playwright-core").Page} page @param {string} key */
async function open(page, key) {
  await page.evaluate((to) => (location.hash = `#/${to}`), key);
  await page.locator(".screen h1").first().waitFor();
  await page.waitForFunction(() => !document.querySelector("main [aria-busy], main .skeleton"));
  // Drawn as well: nothing moves any more, and a frame has passed.
  await page.evaluate(async () => {
    await Promise.allSettled(document.getAnimations().map((one) => one.finished));
    await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  });
}

/** Some events while the page is open, for the screens that show only what arrives now. @param {Headwater} headwater */
async function arrive(headwater) {
  const consent = { categoryPreferences: { analytics: true, personalization: true }, source: "banner" };
  const event = (/** @type {string} */ user, /** @type {any} */ more) => ({ anonymousId: `browser-of-${user}-desk`, context: { consent, page: { path: "/shoes", url: "https://tarn.test/shoes" } }, messageId: crypto.randomUUID(), ...more });
  const batch = [
    event("grace", { type: "page", name: "Shoes" }),
    event("ada", { type: "track", event: "Product Viewed", properties: { name: "Trail shoe", price: 89 } }),
    event("mary", { type: "track", event: "Cart Viewed", context: { consent: { categoryPreferences: { analitics: true } } } }),
    event("emmy", { type: "track", event: "Searched", context: { consent: { categoryPreferences: { analytics: false } } } }),
    event("ada", { type: "track", event: "Product Added", properties: { name: "Trail shoe", price: 89 } }),
    event("grace", { type: "track", event: "Order Completed", properties: { total: 89, currency: "EUR" } }),
  ];
  const answer = await fetch(`${headwater.url}/v1/batch`, { method: "POST", body: JSON.stringify({ writeKey: headwater.keys.write_key, batch }) });
  if (!answer.ok) throw new Error(`POST /v1/batch: ${answer.status} ${await answer.text()}`);
}

const folder = resolve(process.env.INIT_CWD ?? ".", process.argv[2] ?? join(ROOT, "docs/screens"));
await mkdir(folder, { recursive: true });
const headwater = await Headwater.start();
const browser = await launch();
try {
  const { api } = await seedSpace(headwater);
  await seedMatches(headwater, api);
  for (const theme of THEMES) {
    const context = await browser.newContext({ viewport: SIZE, colorScheme: theme, reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto(`${headwater.url}/#token=${headwater.keys.token}`);
    await page.locator("nav").waitFor();
    await open(page, "live");
    await page.getByText("Connected").waitFor();
    await arrive(headwater);
    await page.getByRole("main").getByRole("listitem").nth(4).waitFor();
    for (const key of await keys(page)) {
      await open(page, key);
      const file = join(folder, `${key || "start"}-${theme}.png`);
      await page.screenshot({ path: file });
      console.log(file);
    }
    await context.close();
  }
} finally {
  await browser.close();
  await headwater.stop();
}
