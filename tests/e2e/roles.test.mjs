/** From a first start: each role joins by its own link and does its main job, with nothing but what the role may. */
import assert from "node:assert/strict";
import { anonymousId } from "../harness/arrivals.mjs";
import { accept, open } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

const check = onStack();
const DAY = 86_400_000;
const PASSWORD = "four words in a row";
const CONSENT = { consent: { categoryPreferences: { analytics: true, personalization: true }, source: "banner" } };

/** Invites somebody and lets them join in a browser of their own. @param {import("../harness/stack.mjs").Stack} stack @param {string} role */
async function joined({ api, headwater, visitor }, role) {
  const invited = await api.call("/api/v1/invitations", { method: "POST", body: JSON.stringify({ email: `${role}@team.test`, role }) });
  assert.equal(invited.status, 201);
  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}${(await invited.json()).path}`);
  await screen.getByRole("heading", { name: "Join the workspace" }).waitFor();
  await screen.getByLabel("Your name").fill(role);
  await screen.getByLabel("Password").fill(PASSWORD);
  await screen.getByRole("button", { name: "Join" }).click();
  await screen.getByRole("navigation", { name: "Screens" }).waitFor();
  return screen;
}

/** Sends events as a website or a server does. @param {import("../harness/stack.mjs").Stack} stack @param {any[]} batch @param {"write_key" | "server_write_key"} [key] */
async function send({ headwater }, batch, key = "write_key") {
  const sent = await fetch(`${headwater.url}/v1/batch`, { method: "POST", body: JSON.stringify({ writeKey: headwater.keys[key], batch }) });
  return (await sent.json()).outcomes.map((/** @type {any} */ { outcome }) => outcome);
}

/** An order of some days ago. @param {any} who @param {number} age */
const order = (who, age) => ({ type: "track", event: "Order Completed", ...who, messageId: `${Object.values(who)[0]}-order-${age}`, timestamp: new Date(Date.now() - age * DAY).toISOString(), properties: { total: 50 }, context: CONSENT });

check("a marketer builds an audience, targets the hero with it, and sees it on the shop", async (stack) => {
  const guest = await stack.visitor();
  const page = await guest.tab();
  await open(page, stack.shop.url);
  await accept(page, ["analytics", "personalization"]);
  const id = await anonymousId(page);
  assert.deepEqual(await send(stack, [order({ anonymousId: id }, 20), order({ anonymousId: id }, 10)]), ["ok", "ok"]);

  const screen = await joined(stack, "marketer");
  await screen.getByRole("link", { name: "Audiences", exact: true }).click();
  await screen.getByRole("link", { name: "New audience" }).click();
  await screen.getByLabel("Name", { exact: true }).fill("Loyal, lately quiet");
  const rules = screen.getByRole("group", { name: "Condition", exact: true });
  await rules.nth(0).getByLabel("Event", { exact: true }).fill("Order Completed");
  await rules.nth(0).getByLabel("What of the events").selectOption({ label: "so many times:" });
  await rules.nth(0).getByLabel("How many times").fill("2");
  await screen.getByRole("button", { name: "Add a condition" }).click();
  await rules.nth(1).getByLabel("What the condition is about").selectOption({ label: "did not do" });
  await rules.nth(1).getByLabel("Event", { exact: true }).fill("Order Completed");
  await rules.nth(1).getByLabel("In the last: how many").fill("7");
  await screen.getByRole("button", { name: "Add a condition" }).click();
  // By keyboard: a new condition has the focus.
  await screen.keyboard.type("asked");
  await rules.nth(2).getByLabel("Purpose").selectOption("personalization");
  await until("the live count has the guest", async () => (await screen.locator(".preview .big").innerText()) === "1");
  await screen.getByRole("button", { name: "Save audience" }).click();
  await screen.getByRole("heading", { name: "Loyal, lately quiet" }).waitFor();

  await screen.getByRole("link", { name: "Experiences", exact: true }).click();
  await screen.getByRole("link", { name: "New experience" }).click();
  await screen.getByLabel("Name", { exact: true }).fill("Come back");
  await screen.getByLabel("Audience").selectOption({ label: "Loyal, lately quiet" });
  await screen.getByLabel("Value of title").fill("We kept your size");
  await screen.getByLabel("Priority").fill("90");
  await screen.getByRole("button", { name: "Save experience" }).click();
  await screen.getByRole("heading", { name: "Come back", exact: true }).waitFor();

  await until("the hero is theirs", async () => {
    await page.reload();
    return (await page.locator("[data-hero-title]").textContent()) === "We kept your size";
  });
});

check("an agent finds a person by email and explains what they see", async (stack) => {
  const who = { userId: "grace" };
  assert.deepEqual(await send(stack, [{ type: "identify", ...who, messageId: "grace-known", traits: { email: "grace@tarn.test", name: "Grace Hopper" }, context: CONSENT }, order(who, 3)], "server_write_key"), ["ok", "ok"]);
  const screen = await joined(stack, "agent");
  await screen.getByRole("link", { name: "Support", exact: true }).click();
  await screen.getByLabel("Find a person").fill("grace@tarn.test");
  await screen.getByRole("button", { name: "Find", exact: true }).click();
  const person = screen.getByRole("article", { name: "Grace Hopper" });
  await person.getByText("home-hero").waitFor();
  await person.getByText("Order Completed").first().waitFor();
  const menu = await screen.getByRole("navigation", { name: "Screens" }).getByRole("link").allInnerTexts();
  for (const name of ["Sources", "Privacy requests", "Members", "Tokens"]) assert.ok(!menu.includes(name), `${name} is not in ${menu}`);
});

check("a privacy officer answers a request of access", async (stack) => {
  assert.deepEqual(await send(stack, [{ type: "identify", userId: "emmy", messageId: "emmy-known", traits: { email: "emmy@tarn.test" } }], "server_write_key"), ["ok"]);
  const screen = await joined(stack, "privacy_officer");
  await screen.getByRole("link", { name: "Privacy requests", exact: true }).click();
  await screen.getByRole("button", { name: "New request" }).click();
  const asked = screen.getByRole("dialog", { name: "New request" });
  await asked.getByLabel("What is asked for").selectOption("access");
  await asked.getByLabel("Value").fill("emmy@tarn.test");
  await asked.getByRole("button", { name: "Take it in" }).click();
  await screen.getByRole("button", { name: "Identity was checked" }).click();
  const checked = screen.getByRole("dialog", { name: "Identity was checked" });
  await checked.getByLabel("How").selectOption("document");
  await checked.getByLabel("By whom").fill("the officer");
  await checked.getByRole("button", { name: "Write it down" }).click();
  await screen.getByRole("button", { name: "Answer it" }).click();
  const [archive] = await Promise.all([screen.waitForEvent("download"), screen.getByRole("button", { name: "Download the archive" }).click()]);
  assert.equal(archive.suggestedFilename(), "what-is-held-of-you.zip");
});

check("an engineer copies the snippet, finds a refused event and has it tried again", async (stack) => {
  const nameless = { type: "track", messageId: "nameless", userId: "ada" };
  assert.deepEqual(await send(stack, [nameless], "server_write_key"), ["quarantined"]);
  const screen = await joined(stack, "engineer");
  const menu = screen.getByRole("navigation", { name: "Screens" });
  await menu.getByRole("link", { name: "Sources", exact: true }).click();
  await screen.getByRole("link", { name: "Website", exact: true }).click();
  await screen.getByText(stack.headwater.keys.write_key).first().waitFor();
  await menu.getByRole("link", { name: "Quarantine", exact: true }).click();
  await screen.getByRole("button", { name: "track", exact: true }).first().click();
  const refused = screen.getByRole("dialog", { name: "track" });
  await refused.getByText(/needs an "event"/).first().waitFor();
  const message = refused.getByLabel("The message as it was sent");
  await message.fill(JSON.stringify({ ...JSON.parse(await message.inputValue()), event: "Named After All" }));
  await refused.getByRole("button", { name: "Try the mended message" }).click();
  await until("it is stored", async () => (await stack.api.timeline("user_id:ada")).some(({ event }) => event === "Named After All"));
});
