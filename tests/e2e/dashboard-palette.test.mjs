/** What every screen has: the palette, the help for keys, and tables that are filtered, ordered and taken along. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";
import { seedSpace } from "../scenarios/seeded-space.mjs";

const check = onStack({ worker: false });

check("by keys alone: to a screen, to an audience, to a person, and the help", async ({ headwater, visitor }) => {
  const { audience } = await seedSpace(headwater);
  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("heading", { level: 1 }).waitFor();

  await screen.keyboard.press("Control+k");
  await screen.keyboard.type("loss");
  await screen.keyboard.press("Enter");
  await screen.getByRole("heading", { name: "Loss ledger" }).waitFor();

  await screen.keyboard.press("Control+k");
  await screen.keyboard.type("twice");
  await screen.getByRole("option", { name: /Bought twice/ }).waitFor();
  await screen.keyboard.press("Enter");
  await screen.getByRole("heading", { name: "Bought twice" }).waitFor();
  assert.match(screen.url(), new RegExp(audience.id));

  await screen.keyboard.press("Control+k");
  await screen.keyboard.type("ada@tarn.test");
  await screen.getByRole("option", { name: /find this person/ }).waitFor();
  await screen.keyboard.press("Enter");
  await screen.getByRole("link", { name: /Ada Lovelace/ }).waitFor();

  await screen.evaluate(() => /** @type {HTMLElement} */ (document.activeElement)?.blur());
  await screen.keyboard.press("?");
  await screen.getByRole("dialog", { name: "Keys" }).waitFor();
  await screen.keyboard.press("Escape");
  assert.equal(await screen.getByRole("dialog").count(), 0);
});

check("a table is ordered, its columns are chosen, the address keeps both, and a file of it runs no formula", async ({ headwater, visitor }) => {
  const nasty = "=HYPERLINK(1)";
  const batch = [{ type: "track", messageId: nasty, userId: "eve" }, { type: "track", messageId: "zzz", userId: "eve" }];
  await fetch(`${headwater.url}/v1/batch`, { method: "POST", body: JSON.stringify({ writeKey: headwater.keys.server_write_key, batch }) });
  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Quarantine", exact: true }).click();
  const table = screen.getByRole("region", { name: "Refused events" });
  const column = () => table.locator("tbody tr td:nth-child(3)").allInnerTexts();
  await table.getByRole("button", { name: "Message id" }).click();
  await until("in the order of the ids", async () => JSON.stringify(await column()) === JSON.stringify((await column()).toSorted((one, other) => one.localeCompare(other))));
  await table.getByRole("button", { name: "Message id" }).click();
  assert.equal((await column())[0], "zzz");
  assert.equal(await table.getByRole("columnheader", { name: "Message id" }).getAttribute("aria-sort"), "descending");

  await screen.getByText("Columns", { exact: true }).click();
  await screen.getByLabel("Received").uncheck();
  await screen.reload();
  await table.getByRole("button", { name: "Message id" }).waitFor();
  assert.equal((await column())[0], "zzz", "the order is kept");
  assert.equal(await table.getByRole("columnheader", { name: "Received" }).count(), 0, "the columns are kept");

  const file = async (/** @type {string} */ kind) => {
    await screen.getByText("Export", { exact: true }).click();
    const [download] = await Promise.all([screen.waitForEvent("download"), screen.getByRole("button", { name: kind }).click()]);
    await screen.getByText("Export", { exact: true }).click();
    return readFile(await download.path(), "utf8");
  };
  const csv = await file("As CSV");
  assert.ok(csv.includes(`'${nasty}`), csv);
  assert.ok(!csv.includes(`,${nasty}`), csv);
  assert.ok(JSON.parse(await file("As JSON")).some((/** @type {any} */ row) => row.message_id === nasty), "a program gets it as it is");
});
