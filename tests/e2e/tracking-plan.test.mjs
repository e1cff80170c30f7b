import assert from "node:assert/strict";
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

/** Sends events as a server does; their outcomes. @param {{ id: string, properties: any }[]} orders */
async function send(orders) {
  const batch = orders.map(({ id, properties }) => ({ type: "track", event: "Order Completed", messageId: id, userId: "ada", properties }));
  const response = await fetch(`${headwater.url}/v1/batch`, { method: "POST", body: JSON.stringify({ writeKey: headwater.keys.server_write_key, batch }) });
  assert.equal(response.status, 200);
  const { outcomes } = await response.json();
  return outcomes.map((/** @type {any} */ line) => line.outcome);
}

test("a plan is inferred, made stricter, tried and published on its screen", { timeout: 60_000 }, async () => {
  const marketer = await Visitor.arrive(browser);
  const screen = await marketer.tab();
  assert.deepEqual(await send([{ id: "m-1", properties: { total: 12.5 } }, { id: "m-2", properties: { total: 3 } }]), ["ok", "ok"]);

  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Tracking plan", exact: true }).click();
  await screen.getByText("Nothing is planned yet").waitFor();
  await screen.getByRole("button", { name: "Infer from events" }).click();
  await screen.getByText("A draft from 2 events.").waitFor();

  await screen.getByRole("button", { name: /Order Completed/ }).click();
  const dialog = screen.getByRole("dialog", { name: "Order Completed" });
  await dialog.getByLabel("When it looks otherwise").selectOption("quarantine");
  const schema = dialog.getByLabel("JSON Schema of its properties or traits");
  await schema.fill('{"properties": {"total": {"type": "nummer"}}}');
  await dialog.getByRole("button", { name: "Save in draft" }).click();
  await dialog.getByText("events[0].schema/properties/total/type").waitFor();
  await schema.fill('{"required": ["total"], "properties": {"total": {"type": "number", "minimum": 5}}}');
  await dialog.getByRole("button", { name: "Save in draft" }).click();
  await screen.getByText("Saved in the draft.").waitFor();
  assert.equal(await dialog.count(), 0);

  await screen.getByRole("button", { name: "Try the draft" }).click();
  await screen.getByRole("heading", { name: "What this plan would have done" }).waitFor();
  const row = screen.getByRole("row", { name: /Order Completed/ });
  assert.deepEqual((await row.getByRole("cell").allInnerTexts()).slice(0, 4), ["1", "0", "0", "1"]);

  await screen.getByRole("button", { name: "Publish draft" }).click();
  await screen.getByText("Version 1 is in force.").waitFor();
  assert.deepEqual(await send([{ id: "m-3", properties: { total: 4 } }, { id: "m-4", properties: { total: 6 } }]), ["quarantined", "ok"]);

  await screen.reload();
  await screen.getByText("1 broken").waitFor();
  await screen.getByRole("link", { name: "Quarantine", exact: true }).click();
  await screen.getByRole("searchbox").fill("properties.total");
  await screen.getByRole("button", { name: "Search" }).click();
  await screen.getByRole("button", { name: /Order Completed/ }).waitFor();
  assert.deepEqual(marketer.problems, [], "a page threw or complained");
  await marketer.context.close();
});
