/** A refused event: found, its cause named, mended and stored. */
import assert from "node:assert/strict";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";
import { seedSpace } from "../scenarios/seeded-space.mjs";

const check = onStack({ worker: false });

check("a refused message is mended by hand and stored", async ({ headwater, api, visitor }) => {
  await seedSpace(headwater);
  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Quarantine", exact: true }).click();
  await screen.getByLabel("Search messages and reasons").fill("analitics");
  await screen.getByRole("button", { name: "Search", exact: true }).click();
  const items = screen.getByRole("region", { name: "Refused events" }).locator("tbody tr");
  await until("only that one is left", async () => (await items.count()) === 1);
  await items.getByRole("button", { name: "Cart Viewed" }).click();
  const refused = screen.getByRole("dialog", { name: "Cart Viewed" });
  assert.equal(await refused.getByRole("link", { name: "Consent policy" }).getAttribute("href"), "#/consent");

  const message = screen.getByLabel("The message as it was sent");
  const written = await message.inputValue();
  await screen.getByRole("button", { name: "Try again", exact: true }).click();
  await screen.getByRole("alert").getByText(/Still refused: unknown consent purpose/).waitFor();
  await message.fill(`${written},`);
  await screen.getByRole("button", { name: "Try the mended message" }).click();
  await screen.getByRole("alert").getByText(/This is not JSON/).waitFor();
  await message.fill(written.replace("analitics", "analytics"));
  await screen.getByRole("button", { name: "Try the mended message" }).click();
  await screen.getByText("Nothing found").waitFor();
  await until("it is on the timeline", async () => (await api.timeline("user_id:ada")).some(({ event }) => event === "Cart Viewed"));
});
