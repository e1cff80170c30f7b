#!/usr/bin/env node
/**
 * Pictures of every screen, light and dark, of a server with data of its own: `docs/screens/<key>-{light,dark}.png`.
 * The screens are those of the dashboard's menu, and one person, one experience and one source besides.
 */
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { launch } from "./harness/browser.mjs";
import { Headwater } from "./harness/headwater.mjs";
import { ROOT } from "./harness/part.mjs";
import { seedMatches, seedResults, seedSpace } from "./scenarios/seeded-space.mjs";

const FOLDER = join(ROOT, "docs/screens");
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
