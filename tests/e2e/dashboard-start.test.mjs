/** From nothing to the first event, and what a source's screen does. */
import assert from "node:assert/strict";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

const check = onStack({ worker: false });

check("from an empty space to the first event and what comes after it", async ({ headwater, visitor }) => {
  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("heading", { name: "Send your first event" }).waitFor();
  assert.ok((await screen.getByLabel("Code: HTML").innerText()).includes(headwater.keys.write_key), "the snippet has the real key");
  await screen.getByText("Waiting for an event…").waitFor();
  await screen.getByRole("button", { name: "Send a test event for me" }).click();
  await screen.getByText(/^Test Event arrived at/).waitFor();
  const step = screen.getByRole("region", { name: "First steps" }).getByRole("listitem").filter({ hasText: "Send the first event" });
  await step.getByText("Done:").waitFor({ state: "attached" });
  await screen.getByRole("button", { name: "Put away" }).click();
  await screen.getByText(/^First steps: \d of 4 done/).waitFor();
  await screen.reload();
  await screen.getByText(/^First steps: \d of 4 done/).waitFor();
  await screen.getByRole("button", { name: "Show them" }).click();
  await screen.getByRole("heading", { name: "First steps" }).waitFor();
});

check("a source is made, limited, given another key and switched off", async ({ headwater, api, visitor }) => {
  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Sources", exact: true }).click();
  await screen.getByRole("button", { name: "New source" }).click();
  await screen.getByRole("dialog", { name: "New source" }).getByLabel("Name", { exact: true }).fill("Till");
  await screen.getByRole("dialog", { name: "New source" }).getByLabel("Kind", { exact: true }).selectOption("server");
  await screen.getByRole("dialog", { name: "New source" }).getByLabel("On what its data rests").selectOption("contract");
  await screen.getByRole("button", { name: "Make source" }).click();
  await screen.getByRole("heading", { name: "Till" }).waitFor();
  const till = async () => (await api.all("/api/v1/sources")).find(({ name }) => name === "Till");
  const { write_key: key } = await till();
  await screen.getByText(key, { exact: true }).waitFor();

  await screen.getByRole("tab", { name: "What it collects" }).click();
  await screen.getByLabel("Bots").selectOption("drop");
  await screen.getByLabel("Allowed origins, one a line").fill("https://shop.example\nhttps://*.example.org");
  await screen.getByLabel("Write key: events a second").fill("50");
  await screen.getByLabel("Write key: at once").fill("100");
  await screen.getByRole("button", { name: "Save", exact: true }).click();
  await until("it is saved", async () => (await till()).collection.bots === "drop");
  assert.deepEqual((await till()).allowed_origins, ["https://shop.example", "https://*.example.org"]);
  assert.deepEqual((await till()).collection.rate_limits.write_key, { events_per_second: 50, burst: 100 });

  await screen.getByRole("tab", { name: "Install" }).click();
  await screen.getByRole("button", { name: "Rotate key" }).click();
  await screen.getByRole("button", { name: "Give another key" }).click();
  await until("it has another key", async () => (await till()).write_key !== key);
  await screen.getByText((await till()).write_key, { exact: true }).waitFor();
  await screen.getByRole("button", { name: "Switch off" }).click();
  await screen.getByRole("button", { name: "Switch it off" }).click();
  await screen.getByRole("button", { name: "Switch on" }).waitFor();
  assert.equal((await till()).enabled, false);
});

check("Ctrl K finds a screen and a person, and ? tells the keys", async ({ headwater, visitor }) => {
  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Quarantine", exact: true }).waitFor();
  await screen.keyboard.press("Control+k");
  await screen.getByRole("combobox", { name: /^Go to/ }).fill("quarant");
  await screen.keyboard.press("Enter");
  await screen.getByRole("heading", { name: "Quarantine", exact: true }).waitFor();
  await screen.locator("body").press("?");
  await screen.getByRole("dialog", { name: "Keys" }).waitFor();
  await screen.keyboard.press("Escape");
  await screen.keyboard.press("Control+k");
  await screen.getByRole("combobox", { name: /^Go to/ }).fill("ada@tarn.test");
  await screen.keyboard.press("Enter");
  await screen.getByText("Nobody found").waitFor();
});
