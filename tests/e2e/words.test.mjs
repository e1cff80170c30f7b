/**
 * Every text of every screen is in the catalogue, and every date and number is written as the browser says.
 *
 * The catalogue is marked (each of its texts stands in ⟦⟧) and the browser is Japanese, so that Latin letters outside ⟦⟧ are
 * data, or a text that nobody can translate. What came from the server is data, and so is what the page says is not to be
 * translated.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch } from "../harness/browser.mjs";
import { Headwater } from "../harness/headwater.mjs";
import { until } from "../harness/until.mjs";
import { seedScreens } from "../scenarios/seeded-space.mjs";

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
  deeper = [...(await seedScreens(full)), "reports/funnels?event=Product+Viewed&event=Order+Completed", "reports/retention", "reports/paths", "audit?operation=nothing", "quarantine?q=nothing", "nowhere"];
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await Promise.all([full, bare].map((server) => server?.stop()));
});

/** What a server said, as texts: all that may be shown as it is. */
class Data {
  /** @type {Set<string>} */
  texts = new Set();

  /** @param {unknown} value */
  add(value) {
    if (typeof value === "string") {
      const tail = value.slice(value.indexOf(":") + 1);
      for (const text of [value, tail, value.replace(/^properties\./, "")]) for (const one of [text, text.replaceAll("_", " "), text.replace("/api/v1", ""), text.length > 20 ? `${text.slice(0, 8)}…${text.slice(-4)}` : text]) this.texts.add(one);
    } else if (Array.isArray(value)) value.forEach((one) => this.add(one));
    else if (value && typeof value === "object") {
      for (const [key, one] of Object.entries(value)) {
        this.add(one);
        // Names of traits, properties, purposes and fields of variants are data; those of the API's own members are not.
        if (["traits", "computed_traits", "properties", "categoryPreferences", "purposes", "address", "value"].includes(key) && one && typeof one === "object") Object.keys(one).forEach((name) => this.add(name));
      }
    }
  }

  /** A text without what the catalogue and the server have to say. @param {string} text */
  without(text) {
    let rest = text.replaceAll(/⟦[^⟧]*(⟧|…|$)/g, "\n");
    if (!/[A-Za-z]{2}/.test(rest)) return "";
    for (const known of this.sorted()) rest = rest.replaceAll(known, "\n");
    return /[A-Za-z]{2}/.test(rest) ? rest.replaceAll(/\s+/g, " ").trim() : "";
  }

  sorted() {
    return [...this.texts].filter((text) => /[A-Za-z]{2}/.test(text)).sort((one, other) => other.length - one.length);
  }
}

/** A page whose catalogue is marked, with what the server tells it. @param {Headwater} server */
async function enter(server) {
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, locale: "ja-JP", timezoneId: "Asia/Tokyo" });
  await context.addInitScript(() => localStorage.setItem("headwater_words", "pseudo"));
  const page = await context.newPage();
  const data = await listening(page);
  await page.goto(`${server.url}/#token=${server.keys.token}`);
  await page.locator("nav").waitFor({ state: "attached" });
  return { page, data };
}

/** What the server tells a page, from now on. @param {import("playwright-core").Page} page */
async function listening(page) {
  const data = new Data();
  page.on("response", async (response) => {
    if (!response.headers()["content-type"]?.startsWith("application/json")) return;
    data.add(await response.json().catch(() => undefined));
  });
  // Names of countries and languages come from the browser, in the language of the sentences.
  data.add(await page.evaluate(() => {
    const letters = [..."ABCDEFGHIJKLMNOPQRSTUVWXYZ"];
    const regions = new Intl.DisplayNames(["en"], { type: "region", fallback: "none" });
    const languages = new Intl.DisplayNames(["en"], { type: "language", languageDisplay: "standard", fallback: "none" });
    const pairs = letters.flatMap((one) => letters.map((other) => one + other));
    return [...pairs.map((pair) => regions.of(pair)), ...pairs.map((pair) => languages.of(pair.toLowerCase()))].filter(Boolean);
  }));
  return data;
}

/** @param {import("playwright-core").Page} page @param {string} path */
async function open(page, path) {
  await page.evaluate((to) => (location.hash = `#/${to}`), path);
  await page.locator(".screen h1").first().waitFor();
  await page.waitForFunction(() => !document.querySelector("main [aria-busy], main .skeleton"));
}

/** Every text that a page shows or tells. @param {import("playwright-core").Page} page @returns {Promise<string[]>} */
function texts(page) {
  return page.evaluate(() => {
    const untranslated = '[translate="no"], .avatar, code, pre, textarea, script, style, noscript';
    /** @type {string[]} */
    const found = [document.title.replace(/( · )?Headwater$/, "")];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node = walker.nextNode(); node; node = walker.nextNode()) {
      if (!node.parentElement?.closest(untranslated)) found.push(node.textContent ?? "");
    }
    for (const element of document.body.querySelectorAll("*")) {
      if (element.closest(untranslated) && element.tagName !== "TEXTAREA") continue;
      for (const name of ["aria-label", "title", "placeholder", "alt"]) found.push(element.getAttribute(name) ?? "");
    }
    return [...new Set(found)].filter((text) => /[A-Za-z]{2}/.test(text));
  });
}

/** What is said in no catalogue. @param {import("playwright-core").Page} page @param {Data} data @param {string} name @returns {Promise<string[]>} */
async function untranslated(page, data, name) {
  const shown = await texts(page);
  return shown.map((text) => data.without(text)).filter(Boolean).map((text) => `${name}: ${text}`);
}

/** @param {import("playwright-core").Page} page @returns {Promise<string[]>} */
function keys(page) {
  return page.evaluate(async () => {
    const path = "/navigation.js";
    const { screens } = await import(path);
    return screens.map((/** @type {{ key: string }} */ screen) => screen.key);
  });
}

for (const state of /** @type {const} */ (["full", "empty"])) {
  test(`every text of every screen is in the catalogue, ${state}`, { timeout: 180_000 }, async () => {
    const { page, data } = await enter(state === "full" ? full : bare);
    // What is searched for, and the variant that a new experience begins with.
    data.add(["nobody", "personal", "title", "text", "cta", "href"]);
    /** @type {string[]} */
    const problems = [];
    for (const path of [...(await keys(page)), ...(state === "full" ? deeper : ["audiences/new", "experiences/new", "support?q=nobody"])]) {
      await open(page, path);
      problems.push(...(await untranslated(page, data, path || "start")));
    }
    assert.equal([...new Set(problems)].join("\n"), "");
    await page.context().close();
  });
}

test("every text of what opens over a screen is in the catalogue", { timeout: 60_000 }, async () => {
  const { page, data } = await enter(full);
  /** @type {string[]} */
  const problems = [];
  const look = async (/** @type {string} */ name) => {
    await page.getByRole("dialog").waitFor();
    problems.push(...(await untranslated(page, data, name)));
    await page.keyboard.press("Escape");
    await page.getByRole("dialog").waitFor({ state: "detached" });
  };
  for (const [path, opener] of [
    ["quarantine", ".row-open"], ["tracking-plan", ".head-small .button"], ["sources", ".head .button"], ["tokens", ".head .button"], ["tokens", "tbody .link-button"],
    ["members", ".head .button"], ["privacy", ".head .button"],
  ]) {
    await open(page, path ?? "");
    await page.locator(opener ?? "").first().click();
    await look(`${path}, ${opener}`);
  }
  await page.keyboard.press("Control+k");
  await page.locator(".palette input").fill("a");
  await look("palette");
  await page.locator("body").press("?");
  await look("keys");
  await open(page, "live");
  const event = { type: "track", event: "Order Completed", anonymousId: "browser-of-ada-desk", messageId: "words-1", properties: { total: 12 }, context: { consent: { categoryPreferences: { analytics: true }, source: "banner" } } };
  data.add([event, "analytics"]);
  await fetch(`${full.url}/v1/track`, { method: "POST", headers: { "content-type": "application/json" }, body: JSON.stringify({ ...event, writeKey: full.keys.write_key }) });
  await page.locator("button.event").first().click();
  await look("an event");
  assert.equal([...new Set(problems)].join("\n"), "");
  await page.context().close();
});

test("every text before signing in is in the catalogue", { timeout: 60_000 }, async () => {
  const context = await browser.newContext({ locale: "ja-JP" });
  const page = await context.newPage();
  const data = await listening(page);
  /** @type {string[]} */
  const problems = [];
  for (const path of ["", "setup", "join"]) {
    await page.goto(`${bare.url}/?words=pseudo#/${path}`);
    await page.reload();
    await page.locator(".sign-in").waitFor();
    problems.push(...(await untranslated(page, data, path || "sign in")));
  }
  await page.goto(`${bare.url}/?words=pseudo`);
  await page.locator(".door-after button").first().click();
  await page.locator("input[name=token]").waitFor();
  problems.push(...(await untranslated(page, data, "with a token")));
  data.add(["Chrome", "Linux"]);
  // The first owner, whose account has more on it than that of a token.
  await page.goto((await until("the setup link is printed", () => /"setup_link":"([^"]+)"/.exec(bare.log)?.[1])).replace("/#", "/?words=pseudo#"));
  await page.locator("input[name=name]").waitFor();
  problems.push(...(await untranslated(page, data, "first owner")));
  for (const [field, value] of [["name", "Olga"], ["email", "olga@owner.test"], ["password", "four words in a row"]]) await page.locator(`input[name=${field}]`).fill(value ?? "");
  await page.keyboard.press("Enter");
  await page.locator("nav").waitFor();
  await open(page, "account");
  problems.push(...(await untranslated(page, data, "account")));
  for (const opener of await page.locator(".screen .card > .button, .screen .card > p > .button[type=button]").all()) {
    await opener.click();
    await page.getByRole("dialog").waitFor();
    problems.push(...(await untranslated(page, data, "account, a dialog")));
    await page.keyboard.press("Escape");
  }
  assert.equal([...new Set(problems)].join("\n"), "");
  await context.close();
});

test("the page of the server API is in the catalogue, but for what the description says", async () => {
  const context = await browser.newContext({ locale: "ja-JP" });
  const page = await context.newPage();
  await page.goto(`${bare.url}/api/docs?words=pseudo`);
  await page.locator("main h1").waitFor();
  const found = await page.evaluate(() => [...document.querySelectorAll("label, h4, .docs-copy, .docs-lead a, th[scope=col], input[type=search], nav[aria-label]")].map((node) => node.getAttribute("placeholder") ?? node.getAttribute("aria-label") ?? node.textContent ?? ""));
  assert.ok(found.length > 100);
  assert.deepEqual([...new Set(found)].filter((text) => /[A-Za-z]{2}/.test(text.replaceAll(/⟦[^⟧]*⟧/g, ""))), []);
  await context.close();
});

test("a member picks how dates and numbers are written, and files stay as they were", { timeout: 60_000 }, async () => {
  const context = await browser.newContext({ locale: "en-GB", timezoneId: "UTC" });
  const page = await context.newPage();
  await page.goto(`${full.url}/#token=${full.keys.token}`);
  await open(page, "account");
  await page.getByLabel("Dates and numbers as in").selectOption("de-DE");
  await page.getByText("1.234.567,89").waitFor();
  await Promise.all([page.waitForEvent("load"), page.getByRole("button", { name: "Write them so" }).click()]);
  await page.getByLabel("Dates and numbers as in").waitFor();
  assert.equal(await page.getByLabel("Dates and numbers as in").inputValue(), "de-DE");
  const written = await page.evaluate(async () => {
    const [format, words] = ["/format.js", "/words.js"];
    const [{ number, calendarDay, percent }, { t }] = await Promise.all([import(format), import(words)]);
    return [number(1234.5), calendarDay("2026-03-05T12:00:00Z"), percent(0.125, 1), t("table.count", { count: 1234, more: "false" })];
  });
  assert.deepEqual(written, ["1.234,5", "5. März 2026", "12,5\u00a0%", "1.234 rows"]);
  await open(page, "sources");
  const download = page.waitForEvent("download");
  await page.getByText("Export", { exact: true }).click();
  await page.getByRole("button", { name: "As CSV" }).click();
  const text = await (await download).createReadStream().then((stream) => stream.toArray()).then((parts) => Buffer.concat(parts).toString());
  assert.match(text, /,\d{4}-\d\d-\d\dT\d\d:/);
  await context.close();
});
