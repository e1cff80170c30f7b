import assert from "node:assert/strict";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

const check = onStack({ worker: false });

/** Sends events of a server; their outcomes. @param {any} headwater @param {any[]} batch */
async function send(headwater, batch) {
  const response = await fetch(`${headwater.url}/v1/batch`, { method: "POST", body: JSON.stringify({ writeKey: headwater.keys.server_write_key, batch }) });
  return (await response.json()).outcomes.map((/** @type {any} */ { outcome }) => outcome);
}

/** @param {string} id @param {any} properties */
const order = (id, properties) => ({ type: "track", event: "Order Completed", messageId: id, userId: "ada", properties });

/** Publishes a plan by which an order has a total that is a number. @param {any} api */
async function plan(api) {
  const schema = { type: "object", properties: { total: { type: "number" } }, required: ["total"] };
  const body = JSON.stringify({ unplanned: "allow", events: [{ type: "track", event: "Order Completed", on_violation: "quarantine", schema }] });
  assert.ok((await api.call("/api/v1/tracking-plan/draft", { method: "PUT", body })).ok);
  assert.ok((await api.call("/api/v1/tracking-plan/publish", { method: "POST", body: "{}" })).ok);
}

check("an engineer finds refused events, mends the plan, replays them and sees them stored", async ({ headwater, api, visitor }) => {
  await plan(api);
  await until("the plan holds", async () => (await send(headwater, [order(`probe-${Date.now()}`, {})]))[0] === "quarantined");
  assert.deepEqual(await send(headwater, [order("o-1", { total: "12.50" }), order("o-2", { total: "3" }), { type: "track", messageId: "nameless", userId: "ada" }]), ["quarantined", "quarantined", "quarantined"]);

  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Quarantine", exact: true }).click();
  const rows = screen.getByRole("region", { name: "Refused events" }).locator("tbody tr");
  await rows.first().waitFor();
  // One reason alone, by its own words, and a reload shows the same.
  await screen.getByRole("button", { name: /"total": expected|total: expected|properties\.total/ }).first().click();
  await screen.getByText(/^Only: /).waitFor();
  await until("only those are shown", async () => !(await rows.allInnerTexts()).some((text) => text.startsWith("track")));
  await screen.reload();
  await screen.getByText(/^Only: /).waitFor();
  await screen.getByRole("button", { name: "Show every reason" }).click();

  await screen.getByRole("searchbox").fill("12.50");
  await screen.getByRole("button", { name: "Search" }).click();
  await until("one is found", async () => (await rows.count()) === 1);
  await rows.getByRole("button", { name: "Order Completed" }).click();
  const refused = screen.getByRole("dialog", { name: "Order Completed" });
  await refused.getByText(/breaks the tracking plan/).waitFor();
  await refused.getByRole("link", { name: "Its place in the plan" }).click();

  const planned = screen.getByRole("dialog", { name: "Order Completed" });
  await planned.getByLabel("JSON Schema of its properties or traits").fill('{"type": "object", "properties": {"total": {"type": ["number", "string"]}}}');
  await planned.getByRole("button", { name: "Save in draft" }).click();
  await screen.getByText("Saved in the draft.").waitFor();
  await screen.getByRole("button", { name: "Publish draft" }).click();
  await screen.getByText("Version 2 is in force.").waitFor();

  await screen.getByRole("link", { name: "Quarantine", exact: true }).click();
  await screen.getByRole("searchbox").fill("Order Completed");
  await screen.getByRole("button", { name: "Search" }).click();
  await screen.getByRole("button", { name: "Try these again" }).click();
  await screen.getByText(/events tried again: \d+ now stored, 0 still refused\./).waitFor();
  await screen.getByText("Nothing found").waitFor();

  // What is wrong in the message itself is mended there.
  await screen.getByRole("searchbox").fill("");
  await screen.getByRole("button", { name: "Search" }).click();
  await rows.getByRole("button", { name: "track" }).click();
  const nameless = screen.getByRole("dialog", { name: "track" });
  const message = nameless.getByLabel("The message as it was sent");
  const text = await message.inputValue();
  await nameless.getByRole("button", { name: "Try again" }).click();
  await nameless.getByRole("alert").getByText(/^Still refused: .*needs an "event"/).waitFor();
  await message.fill("{");
  await nameless.getByRole("button", { name: "Try the mended message" }).click();
  await nameless.getByRole("alert").getByText(/not JSON yet/).waitFor();
  await message.fill(JSON.stringify({ ...JSON.parse(text), event: "Named After All" }));
  await nameless.getByRole("button", { name: "Try the mended message" }).click();
  await screen.getByText("Nothing in quarantine").waitFor();

  const stored = await until("all of them are in the timeline", async () => {
    const events = await api.timeline("user_id:ada");
    return events.some(({ event }) => event === "Named After All") && events;
  });
  assert.equal(stored.find((/** @type {any} */ event) => (event.message_id ?? event.messageId) === "o-1")?.properties.total, "12.50");
});

check("an engineer watches events arrive, pauses, filters, and reads why one was refused", async ({ headwater, visitor }) => {
  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Live events", exact: true }).click();
  await screen.getByText("Connected").waitFor();
  const rows = screen.getByRole("main").getByRole("listitem");
  await send(headwater, [{ type: "track", event: "Seen First", messageId: "l-1", userId: "bob", properties: { price: 12, sizes: [1, 2] } }]);
  await rows.filter({ hasText: "Seen First" }).waitFor();

  await screen.getByRole("button", { name: "Pause" }).click();
  await send(headwater, [{ type: "page", name: "Shoes", messageId: "l-2", userId: "bob" }, { type: "track", messageId: "l-3", userId: "bob" }]);
  await screen.getByRole("button", { name: "Resume (2 waiting)" }).waitFor();
  assert.equal(await rows.count(), 1, "the rows stay still");
  await screen.getByRole("button", { name: "Resume (2 waiting)" }).click();
  await until("all are shown", async () => (await rows.count()) === 3);

  await screen.getByLabel("Type").selectOption("page");
  await until("pages alone", async () => (await rows.count()) === 1);
  await screen.getByLabel("Type").selectOption("");
  await screen.getByLabel("Outcome").selectOption("quarantined");
  assert.match(screen.url(), /outcome=quarantined/);
  await rows.getByRole("button").click();
  const refused = screen.getByRole("dialog", { name: "track" });
  await refused.getByText(/needs an "event"/).waitFor();
  await refused.getByRole("tab", { name: "As it was sent" }).click();
  assert.equal(JSON.parse(await refused.getByLabel("The event as JSON").innerText()).messageId, "l-3");
  await refused.getByRole("link", { name: "Find it in quarantine" }).click();
  await screen.getByRole("region", { name: "Refused events" }).getByText("l-3", { exact: true }).waitFor();
  assert.equal(await screen.getByRole("region", { name: "Refused events" }).locator("tbody tr").count(), 1);

  await screen.goBack();
  await screen.getByLabel("Outcome").selectOption("ok");
  await rows.filter({ hasText: "Seen First" }).getByRole("button").click();
  const stored = screen.getByRole("dialog", { name: "Seen First" });
  await stored.getByText("[1,2]").waitFor();
  await stored.getByRole("button", { name: "Copy JSON" }).click();
  await stored.getByRole("status").filter({ hasText: /Copied|does not allow copying/ }).waitFor();
});
