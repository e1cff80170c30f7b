import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Visitor } from "../harness/browser.mjs";
import { Headwater } from "../harness/headwater.mjs";
import { until } from "../harness/until.mjs";

/** @type {Headwater} */
let headwater;
/** @type {import("playwright-core").Browser} */
let browser;

before(async () => {
  [headwater, browser] = await Promise.all([Headwater.start(), launch()]);
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
  await headwater?.stop();
});

const PASSWORD = "four words in a row";

/** The link that the start printed. */
function setupLink() {
  return until("the setup link is printed", () => /"setup_link":"([^"]+)"/.exec(headwater.log)?.[1]);
}

/** @param {import("playwright-core").Page} page */
async function menu(page) {
  await page.getByRole("navigation", { name: "Screens" }).waitFor();
  return page.getByRole("navigation", { name: "Screens" }).getByRole("link").allInnerTexts();
}

test("from an empty folder: an owner sets up, a marketer joins, sees what the role allows, and is shown out", { timeout: 60_000 }, async () => {
  const owner = await Visitor.arrive(browser);
  const screen = await owner.tab();
  await screen.goto(await setupLink());
  await screen.getByRole("heading", { name: "Welcome to Headwater" }).waitFor();
  assert.ok(!screen.url().includes("hwl_"), "the secret does not stay in the address");
  await screen.getByLabel("Your name").fill("Olga");
  await screen.getByLabel("Email").fill("olga@owner.test");
  await screen.getByLabel("Password").fill(PASSWORD);
  await screen.keyboard.press("Enter");
  assert.ok((await menu(screen)).includes("Members"));
  assert.deepEqual(await screen.evaluate(() => [document.cookie, localStorage.length]), ["", 0], "no script reads the session");

  await screen.getByRole("link", { name: "Members", exact: true }).click();
  await screen.getByRole("row", { name: /Olga/ }).waitFor();
  await screen.getByRole("button", { name: "Invite" }).click();
  const dialog = screen.getByRole("dialog");
  await dialog.getByLabel("Email").fill("mia@team.test");
  await dialog.getByLabel("Role", { exact: true }).selectOption("marketer");
  await screen.getByRole("button", { name: "Make the link" }).click();
  const link = await dialog.getByLabel("Link").inputValue();
  await screen.getByRole("button", { name: "Done" }).click();
  await screen.getByText("mia@team.test", { exact: true }).waitFor();

  const marketer = await Visitor.arrive(browser);
  const other = await marketer.tab();
  await other.goto(link);
  await other.getByRole("heading", { name: "Join the workspace" }).waitFor();
  assert.equal(await other.getByLabel("Email").inputValue(), "mia@team.test");
  await other.getByLabel("Your name").fill("Mia");
  await other.getByLabel("Password").fill(PASSWORD);
  await other.getByRole("button", { name: "Join" }).click();
  const seen = await menu(other);
  assert.ok(seen.includes("Audiences") && seen.includes("Experiences"), seen.join());
  for (const name of ["Members", "Tokens", "Audit log"]) assert.ok(!seen.includes(name), name);
  await other.goto(`${headwater.url}/#/members`);
  await other.getByRole("heading", { name: "Not in your role" }).waitFor();

  // What she did is in the log; what she could do ends at once.
  await screen.getByRole("link", { name: "Audit log" }).click();
  await screen.getByRole("row", { name: /Mia.*POST \/join/ }).waitFor();
  await screen.getByRole("button", { name: "Check the chain" }).click();
  await screen.getByText(/nothing was changed/).waitFor();
  await screen.getByRole("link", { name: "Members", exact: true }).click();
  await screen.getByRole("button", { name: "Remove Mia" }).click();
  await screen.getByRole("button", { name: "Remove", exact: true }).click();
  await screen.getByRole("row", { name: /Mia/ }).waitFor({ state: "detached" });
  await other.getByRole("link", { name: "Audiences", exact: true }).click();
  await other.getByRole("heading", { name: "Sign in" }).waitFor();
  await other.getByLabel("Email").fill("mia@team.test");
  await other.getByLabel("Password").fill(PASSWORD);
  await other.getByRole("button", { name: "Sign in" }).click();
  await other.getByRole("alert").filter({ hasText: "do not belong together" }).waitFor();

  // Signing out and in again.
  await screen.getByRole("button", { name: "Sign out" }).click();
  await screen.getByLabel("Email").fill("olga@owner.test");
  await screen.getByLabel("Password").fill(PASSWORD);
  await screen.getByRole("button", { name: "Sign in" }).click();
  assert.ok((await menu(screen)).includes("Tokens"));
  assert.deepEqual([...owner.problems, ...marketer.problems], []);
  await Promise.all([owner.context.close(), marketer.context.close()]);
});

test("a token with some scopes is made on its screen, shown once, and used as a sign-in", { timeout: 60_000 }, async () => {
  const engineer = await Visitor.arrive(browser);
  const screen = await engineer.tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Tokens", exact: true }).click();
  await screen.getByRole("button", { name: "Make a token" }).click();
  const dialog = screen.getByRole("dialog");
  await dialog.getByLabel("Name").fill("Figures");
  await dialog.getByRole("group", { name: "experiences" }).getByLabel("read").check();
  await screen.getByRole("button", { name: "Make the token" }).click();
  const secret = await dialog.getByLabel("Token", { exact: true }).inputValue();
  await screen.getByRole("button", { name: "Done" }).click();
  await screen.getByRole("row", { name: /Figures/ }).getByText("experiences (read)").waitFor();
  await screen.goto(`${headwater.url}/#token=${secret}`);
  await screen.getByRole("heading", { name: "Experiences" }).waitFor();
  assert.deepEqual(await menu(screen), ["Experiences", "Your account"]);
  assert.deepEqual(engineer.problems, []);
  await engineer.context.close();
});
