import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { after, before, test } from "node:test";
import { launch, Visitor } from "../harness/browser.mjs";
import { Headwater } from "../harness/headwater.mjs";

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

/** Sends events as a server does; their outcomes. @param {any[]} batch */
async function send(batch) {
  const response = await fetch(`${headwater.url}/v1/batch`, { method: "POST", body: JSON.stringify({ writeKey: headwater.keys.server_write_key, batch }) });
  assert.equal(response.status, 200);
  const { outcomes } = await response.json();
  return outcomes.map((/** @type {any} */ line) => line.outcome);
}

const ada = { type: "identify", userId: "ada", traits: { email: "ada@example.com", name: "Ada" } };

/** Takes a request in and writes down that the identity was checked. @param {import("playwright-core").Page} screen @param {string} kind */
async function verified(screen, kind) {
  await screen.getByRole("link", { name: "Privacy requests", exact: true }).first().click();
  await screen.getByRole("button", { name: "New request" }).click();
  const asked = screen.getByRole("dialog", { name: "New request" });
  await asked.getByLabel("What is asked for").selectOption(kind);
  await asked.getByLabel("Value").fill("Ada@Example.com");
  await asked.getByRole("button", { name: "Take it in" }).click();
  await screen.getByText("Check identity").waitFor();
  await screen.getByText("ada@example.com").waitFor();
  await screen.getByRole("button", { name: "Identity was checked" }).click();
  const checked = screen.getByRole("dialog", { name: "Identity was checked" });
  await checked.getByLabel("How").selectOption("document");
  await checked.getByLabel("By whom").fill("Grace");
  await checked.getByRole("button", { name: "Write it down" }).click();
  await screen.getByText("Ready to start").waitFor();
}

test("an officer answers a request of access and one of erasure", { timeout: 60_000 }, async () => {
  const officer = await Visitor.arrive(browser);
  const screen = await officer.tab();
  assert.deepEqual(await send([{ ...ada, messageId: "m-1" }, { type: "track", event: "Order Completed", messageId: "m-2", userId: "ada" }]), ["ok", "ok"]);

  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Privacy requests", exact: true }).click();
  await screen.getByText("No requests yet").waitFor();
  await verified(screen, "access");
  await screen.getByRole("button", { name: "Answer it" }).click();
  const [download] = await Promise.all([
    screen.waitForEvent("download"),
    screen.getByRole("button", { name: "Download the archive" }).click(),
  ]);
  assert.equal(download.suggestedFilename(), "what-is-held-of-you.zip");
  const archive = await readFile(await download.path());
  assert.equal(archive.subarray(0, 2).toString(), "PK");
  assert.ok(archive.includes("events.ndjson"));

  await verified(screen, "erasure");
  await screen.getByRole("button", { name: "Erase this person" }).click();
  const sure = screen.getByRole("dialog", { name: "Erase this person?" });
  await sure.getByRole("button", { name: "Erase for good" }).click();
  const receipt = screen.getByRole("region", { name: "Receipt" });
  await receipt.waitFor();
  assert.doesNotMatch(await receipt.innerText(), /\bada\b/i, "a receipt names nobody");
  const events = screen.getByRole("row", { name: /^Events/ });
  assert.deepEqual(await events.getByRole("cell").allInnerTexts(), ["done", "2"]);

  assert.deepEqual(await send([{ ...ada, messageId: "m-3" }]), ["denied"]);
  await screen.getByRole("link", { name: "Privacy requests", exact: true }).first().click();
  await screen.getByRole("link", { name: "Suppressions" }).click();
  await screen.getByRole("button", { name: /^Lift email/ }).waitFor();
  const found = await fetch(`${headwater.url}/api/v1/profiles/user_id:ada`, { headers: { authorization: `Bearer ${headwater.keys.token}` } });
  assert.equal(found.status, 404);
  assert.deepEqual(officer.problems, [], "a page threw or complained");
  await officer.context.close();
});

test("what is kept for too long is previewed, and goes when that is said", { timeout: 60_000 }, async () => {
  const officer = await Visitor.arrive(browser);
  const screen = await officer.tab();
  const old = new Date(Date.now() - 40 * 86_400_000).toISOString();
  assert.deepEqual(await send([{ type: "track", event: "Looked", messageId: "r-1", userId: "bob", timestamp: old }, { type: "track", event: "Looked", messageId: "r-2", userId: "bob" }]), ["ok", "ok"]);
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Privacy requests", exact: true }).click();
  await screen.getByRole("link", { name: "Retention" }).click();
  await screen.getByRole("button", { name: "Add rule" }).click();
  await screen.getByLabel("Event name").fill("Looked");
  await screen.getByLabel("Days").fill("30");
  await screen.getByRole("button", { name: "Preview" }).click();
  await screen.getByText("1 event would go now").waitFor();
  await screen.getByRole("button", { name: "Save rules" }).click();
  await screen.getByText("Saved.").waitFor();
  await screen.getByRole("button", { name: "Delete now what is too old" }).click();
  await screen.getByText("1 event deleted, ended").waitFor();
  assert.deepEqual(officer.problems, [], "a page threw or complained");
  await officer.context.close();
});
