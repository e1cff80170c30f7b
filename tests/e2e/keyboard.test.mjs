/** Each main job by keyboard alone, from signing in: no pointer is used, and the focus is always on something visible. */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Visitor } from "../harness/browser.mjs";
import { Headwater } from "../harness/headwater.mjs";
import { Keyboard } from "../harness/keyboard.mjs";
import { until } from "../harness/until.mjs";
import { seedMatches, seedSpace } from "../scenarios/seeded-space.mjs";

/** @type {Headwater} */
let headwater;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {import("../harness/server-api.mjs").ServerApi} */
let api;
/** @type {Visitor} */
let owner;
/** @type {import("playwright-core").Page} */
let page;
/** @type {Keyboard} */
let keys;

before(async () => {
  [headwater, browser] = await Promise.all([Headwater.start(), launch()]);
  ({ api } = await seedSpace(headwater));
  await seedMatches(headwater, api);
  owner = await Visitor.arrive(browser);
  await owner.context.grantPermissions(["clipboard-read", "clipboard-write"]);
  page = await owner.tab();
  keys = new Keyboard(page);
}, { timeout: 120_000 });

after(async () => {
  await browser?.close();
  await headwater?.stop();
});

test("the first owner makes an account, signs out and signs in", { timeout: 60_000 }, async () => {
  await page.goto(await until("the setup link is printed", () => /"setup_link":"([^"]+)"/.exec(headwater.log)?.[1]));
  await page.getByRole("heading", { name: "Welcome to Headwater" }).waitFor();
  await keys.look("at the door");
  await keys.write("Your name", "Olga");
  await keys.write("Email", "olga@owner.test");
  await keys.write("Password", "four words in a row");
  await keys.press("Enter");
  await page.getByRole("heading", { name: "Start", level: 1 }).waitFor();
  await keys.use("Sign out");
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await keys.write("Email", "olga@owner.test");
  await keys.write("Password", "four words in a row");
  await keys.press("Enter");
  await page.getByRole("heading", { name: "Start", level: 1 }).waitFor();
  // The menu, too, is a way.
  await keys.use("Skip to content");
  await keys.use("Sources", "a");
  await page.getByRole("heading", { name: "Sources", level: 1 }).waitFor();
});

test("a source is set up, and its snippet copied", { timeout: 60_000 }, async () => {
  await keys.go("Sources");
  await keys.use("New source");
  await keys.write("Name", "Shop front");
  await keys.use("Make source");
  await keys.sees(page.getByRole("heading", { name: "Shop front", level: 1 }));
  await keys.use("Copy code");
  await keys.sees(page.getByText("Copied."));
  const [made] = (await api.all("/api/v1/sources")).filter((/** @type {any} */ { name }) => name === "Shop front");
  assert.ok((await page.evaluate(() => navigator.clipboard.readText())).includes(made.write_key));
  await keys.use("Rotate key");
  await keys.sees(page.getByRole("dialog", { name: "Another write key?" }));
  await keys.press("Escape");
  await keys.use("Rotate key");
  await keys.use("Give another key");
  await keys.sees(page.getByText("The source has another key."));
});

test("a person is found, and their audience explained", { timeout: 60_000 }, async () => {
  await keys.go("People");
  await keys.reach(/Lovelace|Hopper|visitor/, "a");
  await keys.press("/");
  await page.keyboard.type("ada@tarn.test");
  await keys.press("Enter");
  await keys.sees(page.getByText("Ada Lovelace").first());
  await keys.use(/^(AL)?Ada Lovelace/, "a");
  await keys.sees(page.getByRole("heading", { name: "Ada Lovelace", level: 1 }));
  await keys.reach(/./, "tab");
  while ((await keys.focus())?.name !== "Audiences") await keys.press("ArrowRight");
  await keys.use(/^Why.*Bought twice/, "button");
  await keys.sees(page.getByRole("dialog"));
  await page.getByRole("dialog").getByText(/Order Completed/).first().waitFor();
  await keys.press("Escape");
  assert.match((await keys.focus())?.name ?? "", /^Why/, "the focus is back where it was");
});

test("an audience is built: bought twice in 30 days, not in the last 7", { timeout: 60_000 }, async () => {
  await keys.go("Audiences");
  await keys.use("New audience", "a");
  await page.getByRole("heading", { name: "New audience", level: 1 }).waitFor();
  await keys.write("Name", "Loyal, lately quiet");
  await keys.write("Event", "Order Completed");
  await keys.choose("What of the events", "so many");
  await keys.write("How many times", "2");
  await keys.write("In the last: how many", "30");
  await keys.use("Add a condition");
  assert.equal((await keys.focus())?.name, "What the condition is about", "a new condition has the focus");
  await keys.choose("What the condition is about", "did not do");
  await keys.write("Event", "Order Completed");
  await keys.write("In the last: how many", "7");
  await keys.use("Save audience");
  await keys.sees(page.getByRole("heading", { name: "Loyal, lately quiet", level: 1 }));
  const [made] = (await api.all("/api/v1/audiences")).filter((/** @type {any} */ { name }) => name === "Loyal, lately quiet");
  const { definition } = await api.read(`/api/v1/audiences/${made.id}`);
  assert.match(JSON.stringify(definition), /Order Completed.*30d.*not.*Order Completed.*(7d|1w)/);
});

test("an experience is made", { timeout: 60_000 }, async () => {
  await keys.go("Experiences");
  await keys.use("New experience", "a");
  await page.getByRole("heading", { name: "New experience", level: 1 }).waitFor();
  await keys.write("Name", "Come back");
  await keys.choose("Audience", "Bought");
  await keys.write("Value of title", "We kept your size");
  await keys.use("Add a variant");
  await keys.use("Save experience");
  await keys.sees(page.getByRole("heading", { name: "Come back", level: 1, exact: true }));
});

test("a refused event is mended and tried again, and then all are", { timeout: 60_000 }, async () => {
  await keys.go("Quarantine");
  await keys.use("track", "button");
  await keys.sees(page.getByRole("dialog", { name: "track" }));
  await keys.reach(/^The message as it was sent/);
  const message = JSON.parse((await keys.focus())?.value ?? "");
  await page.keyboard.press("Control+a");
  await page.keyboard.insertText(JSON.stringify({ ...message, event: "Named After All" }));
  await keys.use("Try the mended message");
  await keys.sees(page.getByText("track: stored."));
  await page.getByRole("dialog").waitFor({ state: "detached" });
  await keys.look("after the dialog");
  await keys.use("Try all again");
  await keys.sees(page.getByText(/tried again: 0 now stored/));
});

test("a request of erasure is answered", { timeout: 60_000 }, async () => {
  await keys.go("Privacy requests");
  await keys.use("New request", "button");
  await keys.choose("What is asked for", "Eras");
  await keys.write("Value", "emmy@tarn.test");
  await keys.use("Take it in");
  await keys.sees(page.getByText("Check identity"));
  await keys.use("Identity was checked");
  await keys.write("By whom", "the officer");
  await keys.use("Write it down");
  await keys.sees(page.getByText("Ready to start"));
  await keys.use("Erase this person");
  await keys.use("Erase for good");
  await keys.sees(page.getByRole("region", { name: "Receipt" }));
});

test("a member is invited, and the invitation taken back", { timeout: 60_000 }, async () => {
  await keys.go("Members");
  await keys.use("Invite");
  await keys.write("Email", "mia@team.test");
  await keys.choose("Role", "analyst");
  await keys.use("Make the link");
  await keys.sees(page.getByRole("dialog", { name: "Invitation for mia@team.test" }));
  await keys.use("Copy");
  assert.match(await page.evaluate(() => navigator.clipboard.readText()), /#\/join\?token=hwl_/);
  await keys.use("Done");
  await keys.use("Take back the invitation of mia@team.test");
  await page.getByText("mia@team.test").waitFor({ state: "detached" });
  await keys.look("after it is taken back");
});

test("a token is made and taken away", { timeout: 60_000 }, async () => {
  await keys.go("Tokens");
  await keys.use("Make a token");
  await keys.write("Name", "Nightly import");
  await keys.choose("Ends after", "a year");
  await keys.reach("read", "input");
  await keys.press("Space");
  await keys.use("Make the token");
  await keys.sees(page.getByRole("dialog", { name: "Token “Nightly import”" }));
  await keys.use("Done");
  await keys.use("Take away Nightly import");
  await keys.use("Take away", "button");
  await keys.sees(page.getByText("“Nightly import” is gone."));
});

test("a report is asked", { timeout: 60_000 }, async () => {
  await keys.go("Reports");
  await keys.use("Funnels", "a");
  await page.getByText("Choose two steps").waitFor();
  await keys.write("Step 1", "Product Viewed");
  await keys.write("Step 2", "Order Completed");
  await keys.press("Tab");
  await keys.sees(page.getByRole("region", { name: "Numbers" }));
  await keys.choose("Time", "last 90");
  await keys.sees(page.getByRole("region", { name: "Numbers" }));
  await keys.use("Add a step");
  await keys.use("Remove Step 3");
});

test("matches are reviewed", { timeout: 60_000 }, async () => {
  const open = async () => (await api.all("/api/v1/identity/suggestions")).length;
  const before = await open();
  await keys.go("Identity");
  await keys.reach(/ and user_id:/, "li");
  const first = (await keys.focus())?.name;
  await keys.press("j");
  const second = (await keys.focus())?.name;
  assert.notEqual(first, second);
  await keys.press("a");
  await until("one is reviewed", async () => (await open()) === before - 1);
  await keys.look("after it was accepted");
  await keys.press("r");
  await until("another is reviewed", async () => (await open()) === before - 2);
  await keys.look("after it was rejected");
});

test("no page threw or complained", () => assert.deepEqual(owner.problems, []));
