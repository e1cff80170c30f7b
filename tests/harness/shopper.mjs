/** What people do in the demo shop, through what they see. */
import assert from "node:assert/strict";

/** @typedef {import("playwright-core").Page} Page */

/** Opens an address of the shop and waits for the SDK. @param {Page} page @param {string} url */
export async function open(page, url) {
  await page.goto(url);
  await sdkIsHere(page);
}

/** Waits until the SDK's engine runs. @param {Page} page */
export async function sdkIsHere(page) {
  await page.waitForFunction(() => ["wasm", "js"].includes(window.headwater?.inspect?.()?.engine));
}

/** What the SDK says of itself, and the anonymous id. @param {Page} page @returns {Promise<any>} */
export function inspect(page) {
  return page.evaluate(() => ({ ...window.headwater.inspect(), anonymousId: window.headwater.user().anonymousId() }));
}

/** @param {Page} page */
export async function acceptAll(page) {
  await page.locator("#cc-main .cm").getByRole("button", { name: "Accept all" }).click();
}

/** @param {Page} page */
export async function refuseAll(page) {
  await page.locator("#cc-main .cm").getByRole("button", { name: "Reject all" }).click();
}

/** Opens the banner's choices and turns on exactly these. @param {Page} page @param {string[]} purposes */
export async function accept(page, purposes) {
  await page.locator("#cc-main .cm").getByRole("button", { name: "Choose" }).click();
  const choices = page.locator("#cc-main .pm");
  for (const purpose of purposes) {
    const toggle = page.locator(`input.section__toggle[value="${purpose}"]`);
    // The banner hides the checkbox itself; what people click is the switch around it.
    await choices.locator(".section__toggle-wrapper").filter({ has: toggle }).click();
    assert.ok(await toggle.isChecked(), `${purpose} is on`);
  }
  await choices.getByRole("button", { name: "Save my choice" }).click();
}

/** Changes the mind: “Privacy choices” in the footer, then “Reject all”. @param {Page} page */
export async function withdraw(page) {
  await page.getByRole("button", { name: "Privacy choices" }).click();
  await page.locator("#cc-main .pm").getByRole("button", { name: "Reject all" }).click();
}

/** Follows a link of the shop to another page of it. @param {Page} page @param {string} path */
export async function follow(page, path) {
  await page.locator(`a[href="${path}"]`).first().click();
  await page.waitForURL((url) => url.pathname === path);
}

/** @param {Page} page @param {{ email: string, name: string }} who */
export async function signIn(page, { email, name }) {
  await follow(page, "/account");
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Sign in" }).click();
  await page.getByRole("heading", { name: `Hello, ${name}` }).waitFor();
}

/** Puts what the page shows into the bag and buys it. @param {Page} page @param {{ email: string, name: string }} who */
export async function buy(page, { email, name }) {
  await page.getByRole("button", { name: "Add to bag" }).click();
  await page.getByRole("link", { name: "See your bag" }).click();
  await page.getByRole("link", { name: "Go to checkout" }).click();
  // The page's script writes the summary; before it runs, the form is only markup.
  await page.locator("[data-summary] h2").waitFor();
  await page.getByLabel("E-mail").fill(email);
  await page.getByLabel("Name").fill(name);
  await page.getByRole("button", { name: "Place order" }).click();
  await page.waitForURL((url) => url.pathname === "/thanks");
  await page.getByText(/^Order ord_\w+/).waitFor();
}
