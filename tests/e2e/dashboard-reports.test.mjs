import assert from "node:assert/strict";
import { onStack } from "../harness/stack.mjs";

const check = onStack({ worker: false });

const DAY = 86_400_000;
const VISITS = [
  ["ada", ["Product Viewed", "Product Added", "Order Completed"]],
  ["bob", ["Product Viewed", "Product Added"]],
  ["cleo", ["Product Viewed", "Searched"]],
  ["dan", ["Searched"]],
];

/** Visits of four people three days ago; the first is back a day later. @param {any} headwater */
async function visits(headwater) {
  const consent = { consent: { categoryPreferences: { analytics: true, personalization: true }, source: "banner" } };
  const began = Date.now() - 3 * DAY;
  const event = (/** @type {any} */ who, /** @type {any} */ name, /** @type {number} */ at) => ({ type: "track", event: name, anonymousId: who, messageId: `${who}-${at}`, timestamp: new Date(at).toISOString(), properties: { plan: who === "ada" ? "pro" : "free" }, context: consent });
  const batch = VISITS.flatMap(([who, names], person) => [...names].map((name, step) => event(who, name, began + person * 1000 + step * 60_000)));
  batch.push(event("ada", "Product Viewed", began + DAY));
  const sent = await fetch(`${headwater.url}/v1/batch`, { method: "POST", headers: { authorization: `Basic ${btoa(`${headwater.keys.write_key}:`)}`, "content-type": "application/json" }, body: JSON.stringify({ batch }) });
  assert.deepEqual([...new Set((await sent.json()).outcomes.map((/** @type {any} */ { outcome }) => outcome))], ["ok"]);
}

/** The rows of the table, as texts. @param {import("playwright-core").Page} screen @param {string} name */
async function rows(screen, name) {
  const table = screen.getByRole("region", { name, exact: true });
  await table.waitFor();
  const lines = await table.locator("tbody tr").allInnerTexts();
  return lines.map((line) => line.split("\t"));
}

check("an analyst asks for trends, funnels, retention and paths, and shares the address", async ({ headwater, visitor }) => {
  await visits(headwater);
  const analyst = await visitor();
  const screen = await analyst.tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Reports", exact: true }).click();
  await screen.getByRole("heading", { name: "Reports", exact: true }).waitFor();
  assert.deepEqual((await rows(screen, "Numbers"))[0], ["Altogether", "9"]);
  await screen.locator(".chart canvas").waitFor();

  await screen.getByLabel("Event", { exact: true }).fill("Product Viewed");
  await screen.getByLabel("Event", { exact: true }).press("Tab");
  await screen.getByLabel("Count").selectOption("people");
  await screen.getByRole("columnheader", { name: "Product Viewed" }).waitFor();
  assert.deepEqual((await rows(screen, "Numbers"))[0], ["Altogether", "3"]);
  await screen.getByLabel("Divided by").fill("properties.plan");
  await screen.getByLabel("Divided by").press("Tab");
  await screen.getByRole("columnheader", { name: "pro" }).waitFor();
  assert.deepEqual((await rows(screen, "Numbers"))[0], ["Altogether", "2", "1"]);

  await screen.getByRole("link", { name: "Funnels", exact: true }).click();
  await screen.getByText("Choose two steps").waitFor();
  await screen.getByLabel("Step 1").fill("Product Viewed");
  await screen.getByLabel("Step 1").press("Tab");
  await screen.getByLabel("Step 2").fill("Product Added");
  await screen.getByLabel("Step 2").press("Tab");
  await screen.getByRole("button", { name: "Add a step" }).click();
  await screen.getByLabel("Step 3", { exact: true }).fill("Order Completed");
  await screen.getByLabel("Step 3", { exact: true }).press("Tab");
  await screen.getByText("3. Order Completed").waitFor();
  assert.deepEqual(await rows(screen, "Numbers"), [
    ["Product Viewed", "3", "100%", "100%", "–"],
    ["Product Added", "2", "67%", "67%", "1 minute"],
    ["Order Completed", "1", "33%", "50%", "2 minutes"],
  ]);
  const address = screen.url();

  await screen.getByRole("link", { name: "Retention", exact: true }).click();
  await screen.getByLabel("They begin with").fill("Product Viewed");
  await screen.getByLabel("They begin with").press("Tab");
  await screen.getByLabel("Interval").selectOption("day");
  await screen.getByRole("columnheader", { name: "day 1", exact: true }).waitFor();
  const cohort = (await rows(screen, "Retention")).find((row) => row[1] === "3");
  assert.equal(cohort?.[2], "33%", "one of three was back the next day");

  await screen.getByRole("link", { name: "Paths", exact: true }).click();
  await screen.getByLabel("Event", { exact: true }).fill("Product Viewed");
  await screen.getByLabel("Event", { exact: true }).press("Tab");
  await screen.locator("svg.paths").waitFor();
  assert.deepEqual((await rows(screen, "Numbers"))[0], ["Product Viewed", "Product Added", "2"]);

  const other = await analyst.tab();
  await other.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await other.goto(address);
  await other.getByText("3. Order Completed").waitFor();
});

check("a report that cannot be made says what is wrong", async ({ headwater, visitor }) => {
  const screen = await (await visitor({ accepted: [/400/] })).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.goto(`${headwater.url}/#/reports/trends?interval=hour&days=365`);
  await screen.getByRole("alert").getByText(/take a longer interval/).waitFor();
  await screen.getByLabel("Interval").selectOption("week");
  await screen.getByRole("region", { name: "Numbers" }).or(screen.getByText("Nothing happened")).first().waitFor();
});
