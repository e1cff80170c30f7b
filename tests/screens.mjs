#!/usr/bin/env node
/**
 * Pictures of every screen, light and dark, of a server with data of its own: `docs/screens/<key>-{light,dark}.png`.
 * The screens are those of the dashboard's menu, and one person, one experience and one source besides.
 */
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { launch } from "./harness/browser.mjs";
import { Headwater } from "./harness/headwater.mjs";
import { ROOT } from "./harness/part.mjs";
import { seedMatches, seedResults, seedSpace } from "./scenarios/seeded-space.mjs";

/** Events while the page is open, for the screens that show only what arrives now. @param {Headwater} headwater */
async function arrive(headwater) {
  const context = { consent: { categoryPreferences: { analytics: true, personalization: true }, source: "banner" }, page: { path: "/shoes", url: "https://tarn.test/shoes" } };
  const event = (/** @type {string} */ user, /** @type {any} */ more) => ({ anonymousId: `browser-of-${user}-desk`, context, messageId: crypto.randomUUID(), ...more });
  const batch = [
    event("grace", { type: "page", name: "Shoes" }),
    event("ada", { type: "track", event: "Product Viewed", properties: { name: "Trail shoe", price: 89 } }),
    event("mary", { type: "track", event: "Cart Viewed", context: { consent: { categoryPreferences: { analitics: true } } } }),
    event("emmy", { type: "track", event: "Searched", context: { consent: { categoryPreferences: { analytics: false } } } }),
    event("grace", { type: "track", event: "Order Completed", properties: { total: 89, currency: "EUR" } }),
  ];
  const answer = await fetch(`${headwater.url}/v1/batch`, { method: "POST", body: JSON.stringify({ writeKey: headwater.keys.write_key, batch }) });
  if (!answer.ok) throw new Error(`POST /v1/batch: ${answer.status} ${await answer.text()}`);
}

const FOLDER = resolve(process.env.INIT_CWD ?? ".", process.argv[2] ?? join(ROOT, "docs/screens"));
const VIEW = { width: 1280, height: 800 };

await mkdir(FOLDER, { recursive: true });
const headwater = await Headwater.start();
const browser = await launch();
try {
  const { api, experience } = await seedSpace(headwater);
  await seedMatches(headwater, api);
  await seedResults(headwater, api, experience.id);
  const [source] = await api.all("/api/v1/sources");
  for (const colorScheme of /** @type {const} */ (["light", "dark"])) {
    const context = await browser.newContext({ viewport: VIEW, colorScheme, reducedMotion: "reduce" });
    const page = await context.newPage();
    await page.goto(`${headwater.url}/#token=${headwater.keys.token}`);
    await page.locator("nav").waitFor();
    await page.evaluate(() => (location.hash = "#/live"));
    await page.getByText("Connected").waitFor();
    await arrive(headwater);
    await page.getByRole("main").getByRole("listitem").nth(4).waitFor();
    /** @type {string[]} */
    const keys = await page.evaluate(async () => {
      const path = "/navigation.js";
      const { screens } = await import(path);
      return screens.map((/** @type {{ key: string }} */ screen) => screen.key);
    });
    const shown = [
      ...keys.map((key) => [key || "start", key]),
      ["person", "people/user_id:ada"], ["person-identity", "people/user_id:ada?tab=identity"],
      ["support", "support?q=ada"], ["experience", `experiences/${experience.id}`], ["experience-results", `experiences/${experience.id}?tab=results`], ["source", `sources/${source.id}`], ["identity-rules", "identity?tab=rules"],
    ];
    for (const [name, path] of shown) {
      await page.evaluate((to) => (location.hash = `#/${to}`), path);
      await page.locator(".screen h1").first().waitFor();
      await page.waitForFunction(() => !document.querySelector("main [aria-busy], main .skeleton"));
      await page.screenshot({ path: join(FOLDER, `${name}-${colorScheme}.png`) });
    }
    await context.close();
  }
  console.log(`pictures are in ${FOLDER}`);
} finally {
  await browser.close();
  await headwater.stop();
}
