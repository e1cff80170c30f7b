/** The page of the server API for people. */
import assert from "node:assert/strict";
import { onStack } from "../harness/stack.mjs";

const check = onStack();

check("the page of the server API lists every operation, is searched, and its example of curl is a call that works", async ({ headwater, visitor }) => {
  const described = await (await fetch(`${headwater.url}/api/openapi.json`)).json();
  const operations = Object.values(described.paths).flatMap((methods) => Object.values(methods));
  const screen = await (await visitor()).tab();
  /** @type {string[]} */
  const elsewhere = [];
  screen.on("request", (request) => request.url().startsWith(headwater.url) || elsewhere.push(request.url()));
  await screen.goto(`${headwater.url}/api/docs`);
  await screen.getByRole("heading", { name: "Headwater server API" }).waitFor();
  assert.equal(await screen.locator("article").count(), operations.length);

  await screen.getByLabel("Search operations").fill("post /audiences/preview");
  const found = screen.locator("article:visible");
  assert.equal(await found.count(), 1);
  assert.match(await found.innerText(), /\/api\/v1\/audiences\/preview/);
  await screen.getByLabel("Search operations").fill("no such words");
  await screen.getByText("No operation has these words.").waitFor();
  await screen.getByLabel("Search operations").fill("");

  const article = screen.locator("#post_audiences");
  await article.locator("summary", { hasText: "definition" }).first().press("Enter");
  await article.locator(".shape .shape").first().waitFor();
  const command = await article.locator("pre").innerText();
  const body = command.match(/-d '([\s\S]*)'$/)?.[1] ?? "";
  const url = command.match(/'(http[^']+)'/)?.[1] ?? "";
  const made = await fetch(url, { method: "POST", headers: { authorization: `Bearer ${headwater.keys.token}` }, body });
  assert.equal(made.status, 201, await made.text());
  assert.deepEqual(elsewhere, [], "nothing is asked of another origin");
});

check("the page of the server API fits a small screen", async ({ headwater, visitor }) => {
  const screen = await (await visitor()).tab();
  await screen.setViewportSize({ width: 390, height: 844 });
  await screen.goto(`${headwater.url}/api/docs#post_sources`);
  await screen.locator("#post_sources").waitFor();
  assert.ok((await screen.evaluate(() => document.documentElement.scrollWidth)) <= 390);
});
