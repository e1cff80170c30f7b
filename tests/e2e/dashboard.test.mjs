import assert from "node:assert/strict";
import { anonymousId, track } from "../harness/arrivals.mjs";
import { acceptAll, open, signIn } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

onStack()("the dashboard opens with the token's link and shows the live event and the profile", async ({ shop, headwater, api, visitor }) => {
  const marketer = await visitor();
  const screen = await marketer.tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Live events", exact: true }).click();
  await screen.getByText("Connected").waitFor();
  assert.ok(!screen.url().includes(headwater.keys.token), "the token does not stay in the address");

  const guest = await visitor();
  const page = await guest.tab();
  await open(page, shop.url);
  await acceptAll(page);
  await signIn(page, { email: "mary@tarn.test", name: "Mary Somerville" });
  await track(page, "Seen By Somebody", 1);
  const id = await anonymousId(page);
  const line = screen.getByRole("listitem").filter({ hasText: "Seen By Somebody" });
  await line.waitFor();
  assert.equal(await line.count(), 1, "once");
  assert.match(await line.innerText(), /stored|ok/i);

  await until("the sign-in took effect", () => api.profile("email:mary@tarn.test"));
  await screen.getByRole("link", { name: "People", exact: true }).click();
  await screen.getByRole("link", { name: /Mary Somerville/ }).click();
  await screen.getByRole("heading", { name: "Mary Somerville" }).waitFor();
  for (const text of ["mary@tarn.test", id]) await screen.getByText(text, { exact: true }).first().waitFor();
  await screen.getByRole("button", { name: /Seen By Somebody/ }).waitFor();

  await screen.getByRole("link", { name: "Loss ledger", exact: true }).click();
  await screen.getByRole("heading", { name: "Loss ledger" }).waitFor();
});
