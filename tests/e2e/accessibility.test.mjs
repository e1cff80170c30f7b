/** Every screen of the dashboard, with data and without, light and dark, wide and narrow: whatever axe finds fails. */
import assert from "node:assert/strict";
import { createRequire } from "node:module";
import { after, before, test } from "node:test";
import { launch } from "../harness/browser.mjs";
import { Headwater } from "../harness/headwater.mjs";
import { seedScreens } from "../scenarios/seeded-space.mjs";

const AXE = createRequire(import.meta.url).resolve("axe-core/axe.min.js");
const TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"];
const NARROW = 390;

/** @type {Headwater} */
let full;
/** @type {Headwater} */
let bare;
/** @type {import("playwright-core").Browser} */
let browser;
/** Screens below those of the menu. @type {string[]} */
let deeper = [];

before(async () => {
  browser = await launch();
  [full, bare] = await Promise.all([Headwater.start(), Headwater.start()]);
  deeper = await seedScreens(full);
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await Promise.all([full, bare].map((server) => server?.stop()));
});

/** A signed-in page. @param {Headwater} server @param {"light" | "dark"} colorScheme @param {number} width */
async function enter(server, colorScheme, width) {
  const context = await browser.newContext({ viewport: { width, height: 900 }, colorScheme, bypassCSP: true, reducedMotion: "reduce" });
  const page = await context.newPage();
  await page.goto(`${server.url}/#token=${server.keys.token}`);
  await page.locator("nav").waitFor({ state: "attached" });
  await page.addScriptTag({ path: AXE });
  return page;
}

/** The keys of the menu, as the page has them. @param {import("playwright-core").Page} page @returns {Promise<string[]>} */
function keys(page) {
  return page.evaluate(async () => {
    // From the server, so that a screen that is added is looked at without a change here.
    const path = "/navigation.js";
    const { screens } = await import(path);
    return screens.map((/** @type {{ key: string }} */ screen) => screen.key);
  });
}

/** @param {import("playwright-core").Page} page @param {string} path */
async function open(page, path) {
  await page.evaluate((to) => (location.hash = `#/${to}`), path);
  await page.locator(".screen h1").first().waitFor();
  // Loaded: nothing says that it is being fetched, and nothing stands for what is to come.
  await page.waitForFunction(() => !document.querySelector("main [aria-busy], main .skeleton"));
}

/** @param {import("playwright-core").Page} page @param {string} name @returns {Promise<string[]>} */
async function found(page, name) {
  const violations = await page.evaluate(async (tags) => {
    const { axe } = /** @type {any} */ (window);
    const result = await axe.run(document, { runOnly: { type: "tag", values: tags } });
    return result.violations.map((/** @type {any} */ one) => `${one.id}: ${one.nodes.slice(0, 3).map((/** @type {any} */ node) => node.html.slice(0, 200)).join(" | ")}`);
  }, TAGS);
  return violations.map((/** @type {string} */ violation) => `${name}: ${violation}`);
}

for (const theme of /** @type {const} */ (["light", "dark"])) {
  for (const state of /** @type {const} */ (["full", "empty"])) {
    test(`axe finds nothing on any screen, ${state} and ${theme}`, { timeout: 180_000 }, async () => {
      const page = await enter(state === "full" ? full : bare, theme, 1280);
      /** @type {string[]} */
      const problems = [];
      for (const path of [...(await keys(page)), ...(state === "full" ? deeper : ["audiences/new", "experiences/new", "support?q=nobody"])]) {
        await open(page, path);
        problems.push(...(await found(page, path || "start")));
      }
      assert.deepEqual(problems, []);
      await page.context().close();
    });
  }
}

test(`nothing is wider than ${NARROW} pixels`, { timeout: 120_000 }, async () => {
  const page = await enter(full, "light", NARROW);
  /** @type {string[]} */
  const wide = [];
  for (const path of [...(await keys(page)), ...deeper]) {
    await open(page, path);
    const width = await page.evaluate(() => document.documentElement.scrollWidth);
    if (width > NARROW) wide.push(`${path || "start"}: ${width}`);
  }
  assert.deepEqual(wide, []);
  await page.context().close();
});

test("the palette and the help for keys are accessible, too", async () => {
  const page = await enter(full, "light", 1280);
  await page.keyboard.press("Control+k");
  await page.getByRole("combobox").waitFor();
  const problems = await found(page, "palette");
  await page.keyboard.press("Escape");
  // A key that comes before it has closed is the palette's.
  await page.getByRole("combobox").waitFor({ state: "hidden" });
  await page.locator("body").press("?");
  await page.getByRole("dialog", { name: "Keys" }).waitFor();
  problems.push(...(await found(page, "keys")));
  assert.deepEqual(problems, []);
  await page.context().close();
});

for (const theme of /** @type {const} */ (["light", "dark"])) {
  test(`what opens over a screen is accessible, too, ${theme}`, { timeout: 60_000 }, async () => {
    const page = await enter(full, theme, 1280);
    /** @type {string[]} */
    const problems = [];
    const look = async (/** @type {string} */ name) => {
      await page.getByRole("dialog").waitFor();
      problems.push(...(await found(page, name)));
      await page.keyboard.press("Escape");
    };
    await open(page, "quarantine");
    await page.getByRole("region", { name: "Refused events" }).getByRole("button", { name: "Cart Viewed" }).click();
    await look("a refused event");
    await open(page, "tracking-plan");
    await page.getByRole("button", { name: "Add event" }).click();
    await look("a planned event");
    await open(page, "live");
    await page.getByText("Connected").waitFor();
    const sent = await fetch(`${full.url}/v1/batch`, { method: "POST", body: JSON.stringify({ writeKey: full.keys.server_write_key, batch: [{ type: "track", event: "Looked At", messageId: `looked-${theme}`, userId: "ada", properties: { total: 1 } }] }) });
    assert.equal(sent.status, 200);
    await page.getByRole("button", { name: /Looked At/ }).click();
    await page.getByRole("tab", { name: "As it is kept" }).click();
    await look("a live event");

    await open(page, "consent");
    await page.getByRole("group", { name: "Keep facts about the person" }).getByLabel("advertising").check();
    await page.getByRole("button", { name: "Show what would change" }).click();
    await page.getByRole("heading", { name: "What would change" }).waitFor();
    problems.push(...(await found(page, "a policy that was tried")));
    await page.getByLabel("Country or region").fill("US-CA");
    await page.getByRole("button", { name: "Add a place" }).click();
    const california = page.getByRole("group", { name: "United States, CA" });
    await california.getByLabel("A list of its own for Global Privacy Control").check();
    await california.getByLabel("Counted without agreement").selectOption("refusal");
    await page.getByRole("button", { name: "Show what would change" }).click();
    await california.getByRole("alert").waitFor();
    problems.push(...(await found(page, "a place whose rule is not right")));
    await page.getByLabel("Count some events and pages").check();
    problems.push(...(await found(page, "what is counted of those who do not agree")));
    await open(page, "experiences");
    await page.getByRole("button", { name: "Change…" }).click();
    await look("the holdout of all experiences");
    await open(page, "experiences/new");
    await page.getByRole("button", { name: "Add a limit" }).click();
    await page.getByRole("button", { name: "Add a limit" }).click();
    problems.push(...(await found(page, "limits of an experience")));
    assert.deepEqual(problems, []);
    await page.context().close();
  });
}
