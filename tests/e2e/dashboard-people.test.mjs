/** People, one of them, support, and who is who. */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";
import { seedMatches, seedSpace } from "../scenarios/seeded-space.mjs";

const check = onStack({ worker: false });
/** @type {Promise<any> | undefined} */
let seeded;

/** @param {any} stack @param {string} path @returns {Promise<import("playwright-core").Page>} */
async function enter({ headwater, visitor }, path) {
  seeded ??= seedSpace(headwater);
  await seeded;
  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.locator("nav").waitFor({ state: "attached" });
  await screen.goto(`${headwater.url}/#/${path}`);
  return screen;
}

check("people are filtered, ordered and written to a file, and the address keeps what was chosen", async (stack) => {
  const screen = await enter(stack, "people");
  await screen.getByRole("link", { name: /Grace Hopper/ }).waitFor();
  await screen.getByRole("button", { name: "Person" }).click();
  assert.equal(await screen.getByRole("columnheader", { name: "Person" }).getAttribute("aria-sort"), "ascending");
  await screen.getByLabel("Filter: People").fill("bought");
  await screen.getByText(/^6 of \d+ rows match/).waitFor();
  const names = await screen.locator("tbody th .row-link > span:last-child").evaluateAll((cells) => cells.map((cell) => cell.firstChild?.textContent));
  assert.deepEqual(names, [...names].sort());
  assert.match(screen.url(), /filter=bought/);
  await screen.getByText("Export", { exact: true }).click();
  const [file] = await Promise.all([screen.waitForEvent("download"), screen.getByRole("button", { name: "As CSV" }).click()]);
  const lines = (await readFile(await file.path(), "utf8")).trim().split("\r\n");
  assert.equal(lines[0], "Person,Identifiers,Audiences");
  assert.equal(lines.length, 7);
  await screen.reload();
  await screen.getByText(/^6 of \d+ rows match/).waitFor();
  // From row to row by keyboard.
  await screen.locator("tbody a").first().focus();
  await screen.keyboard.press("j");
  assert.equal(await screen.evaluate(() => document.activeElement?.closest("tr")?.rowIndex), 2);
});

check("somebody's tabs say what they did, what is known, what they consent to, and who said so", async (stack) => {
  const screen = await enter(stack, "people/user_id:ada");
  await screen.getByRole("heading", { name: "Ada Lovelace" }).waitFor();
  await screen.getByText("4 events in 6 minutes · browser-of-ada-desk").waitFor();
  await screen.getByLabel("Type of event").selectOption("identify");
  assert.equal(await screen.locator(".moment").count(), 2);
  await screen.getByRole("tab", { name: "Traits" }).click();
  await screen.getByRole("row", { name: /city London identify/ }).getByRole("button").click();
  await screen.getByRole("dialog", { name: "identify" }).waitFor();
  await screen.keyboard.press("Escape");
  await screen.getByRole("tab", { name: "Consent" }).click();
  await screen.getByText(/the person agreed to personalization \(source: banner\)/).waitFor();
  await screen.reload();
  await screen.getByRole("tab", { name: "Consent", selected: true }).waitFor();
});

check("an identifier is parted after a look at what would happen, and that is undone", async (stack) => {
  const screen = await enter(stack, "people/user_id:ada?tab=identity");
  await screen.getByRole("button", { name: /anonymous_id:browser-of-ada-phone: \d+ events?$/ }).press("Enter");
  await screen.getByRole("status").getByText(/One identify event carried both/).waitFor();
  await screen.getByLabel("From", { exact: true }).selectOption("anonymous_id:browser-of-ada-desk");
  await screen.getByLabel("To", { exact: true }).selectOption("email:ada@tarn.test");
  await screen.getByRole("button", { name: "Explain" }).click();
  await until("the chain is there", async () => (await screen.getByRole("status").getByText("joined with").count()) >= 3);

  await screen.getByRole("checkbox", { name: "anonymous_id:browser-of-ada-phone" }).check();
  await screen.getByRole("button", { name: "Show what would happen" }).click();
  await screen.getByRole("heading", { name: "Afterwards" }).waitFor();
  await screen.getByRole("button", { name: "Part them" }).click();
  const phone = () => stack.api.profile("anonymous_id:browser-of-ada-phone");
  const ada = await stack.api.profile("user_id:ada");
  await until("they are two", async () => (await phone()).id !== ada.id);
  await screen.getByRole("button", { name: "Undo" }).click();
  await until("they are one again", async () => (await phone()).id === ada.id);
});

check("support finds somebody by what they say and tells why they see what they see", async (stack) => {
  const screen = await enter(stack, "support");
  await screen.getByLabel("Find a person").fill("grace@tarn.test");
  await screen.getByRole("button", { name: "Find", exact: true }).click();
  const person = screen.getByRole("article", { name: "Grace Hopper" });
  await person.getByText("home-hero").waitFor();
  for (const part of ["Order Completed", "advertising", "New York"]) await person.getByText(part).first().waitFor();
  await person.getByRole("link", { name: "All of this person" }).click();
  await screen.getByRole("heading", { name: "Grace Hopper", level: 1 }).waitFor();
});

check("identity rules are tried and published, and an older version comes back", async (stack) => {
  const screen = await enter(stack, "identity?tab=rules");
  await screen.getByRole("heading", { name: "Version 1" }).waitFor();
  await screen.getByLabel("Country of telephone numbers without one").fill("Germany");
  await screen.getByRole("button", { name: "Show what would change" }).click();
  await screen.getByRole("alert").getByText(/write a country's two letters/).waitFor();
  assert.equal(await screen.getByLabel("Country of telephone numbers without one").getAttribute("aria-invalid"), "true");
  await screen.getByLabel("Country of telephone numbers without one").fill("");
  await screen.getByLabel("Hold merges beyond so many identifiers").fill("2");
  await screen.getByRole("button", { name: "Show what would change" }).click();
  await screen.getByText(/people would change: 0 merged, \d+ split/).waitFor();
  await screen.getByLabel("Hold merges beyond so many identifiers").fill("900");
  assert.equal(await screen.getByRole("button", { name: "Publish…" }).isVisible(), false, "what was shown was of other rules");
  await screen.getByRole("button", { name: "Show what would change" }).click();
  await screen.getByText("Nobody would change.").waitFor();
  await screen.getByRole("button", { name: "Publish…" }).click();
  await screen.getByRole("button", { name: "Publish", exact: true }).click();
  await until("it is in force", async () => (await stack.api.read("/api/v1/identity/rules")).rules.blast_radius === 900);
  await screen.getByRole("heading", { name: "Version 2" }).waitFor();
});

check("changing one rule of identity changes nothing else of them", async (stack) => {
  const screen = await enter(stack, "identity?tab=rules");
  const current = await stack.api.read("/api/v1/identity/rules");
  const kinds = current.rules.kinds.map((/** @type {any} */ one) => (one.kind === "email" ? { ...one, most: 4, period: { days: 30, most: 2 } } : one));
  const wanted = { ...current.rules, kinds, country: "FR", conflict: "detach", shared_devices: "by_time", blocked: { defaults: false, values: ["test@tarn.test"], patterns: ["noreply@*"] } };
  const published = await stack.api.call("/api/v1/identity/rules", { method: "PUT", body: JSON.stringify(wanted) });
  assert.equal(published.status, 201, await published.clone().text());
  const newest = async () => (await stack.api.read("/api/v1/identity/rules/versions?limit=1")).data[0];
  const before = await newest();
  await screen.reload();
  await screen.getByLabel("Hold merges beyond so many identifiers").fill("800");
  await screen.getByRole("button", { name: "Show what would change" }).click();
  await screen.getByRole("button", { name: "Publish…" }).click();
  await screen.getByRole("button", { name: "Publish", exact: true }).click();
  await until("it is published", async () => (await newest()).version > before.version);
  const { rules: after } = await newest();
  assert.deepEqual(after, { ...before.rules, blast_radius: 800, version: after.version });
});

check("suggestions are answered by keyboard, and an answer is undone among the decisions", async (stack) => {
  const screen = await enter(stack, "people");
  await seedMatches(stack.headwater, stack.api);
  await screen.goto(`${stack.headwater.url}/#/identity`);
  const first = screen.getByRole("list", { name: "Suggestions" }).getByRole("listitem").first();
  await first.getByText("Why: field by field").click();
  await first.getByRole("img", { name: /^Weight [\d.]+ bits: / }).waitFor();
  const pair = await first.getAttribute("aria-label");
  await first.focus();
  const status = (/** @type {string} */ word) => stack.api.read(`/api/v1/identity/suggestions?status=${word}`);
  await screen.keyboard.press("a");
  await until("it is accepted", async () => (await status("accepted")).data.length === 1);
  // The focus is on the next one.
  await until("the next one has the focus", () => screen.evaluate((former) => document.activeElement?.classList.contains("review") && document.activeElement.getAttribute("aria-label") !== former, pair));
  await screen.keyboard.press("r");
  await until("it is rejected", async () => (await status("rejected")).data.length === 1);
  await screen.getByRole("tab", { name: "Decisions" }).click();
  await screen.getByRole("button", { name: /^Undo user_id|^Undo anonymous/ }).first().click();
  await until("it is open again", async () => (await status("rejected")).data.length + (await status("accepted")).data.length === 1);
});

check("matching merges by itself once people's answers bear it, and what it merged is taken back", async (stack) => {
  const screen = await enter(stack, "people");
  await seedMatches(stack.headwater, stack.api);
  // Those that weigh least are answered, so that what is open is stronger.
  const open = await stack.api.all("/api/v1/identity/suggestions");
  await screen.goto(`${stack.headwater.url}/#/identity?tab=automatic`);
  await screen.getByText(/^Not yet: \d+ suggestions? ha(s|ve) been accepted or rejected/).waitFor();
  await screen.getByLabel("so many have to be right").fill("90");
  await screen.getByRole("button", { name: "Turn it on" }).click();
  await screen.getByRole("alert").getByText(/automatic merging stays off/).waitFor();

  for (const { id } of open.slice(-60)) {
    const answer = await stack.api.call(`/api/v1/identity/suggestions/${id}/accept`, { method: "POST", body: "{}" });
    assert.equal(answer.status, 200);
  }
  await screen.reload();
  await screen.getByLabel("so many have to be right").fill("90");
  await screen.getByRole("button", { name: "Turn it on" }).click();
  await screen.getByText("at least 90 % are right").waitFor();
  await screen.getByText(/^6\d of 6\d$/).waitFor();
  await screen.getByText(/^Of \d+ open suggestions, .+ strong enough\.$/).waitFor();
  await stack.api.call("/api/v1/identity/matching", { method: "POST", body: JSON.stringify({ threshold: 0.9 }) });
  const setting = () => stack.api.read("/api/v1/identity/matching/automatic");
  await until("it merged by itself", async () => (await setting()).merged > 0);
  await screen.reload();
  await screen.getByText(/The matching of .+ merged \d+ pairs?\.$/).waitFor();
  await screen.getByRole("link", { name: /merges?$/ }).click();
  await screen.getByLabel("Decided by").waitFor();
  await screen.getByRole("rowheader", { name: "merged by matching" }).first().waitFor();
  await screen.getByRole("tab", { name: "Merging by itself" }).click();
  await screen.getByRole("button", { name: "Turn it off…" }).click();
  await screen.getByLabel(/^Also undo/).check();
  await screen.getByRole("button", { name: "Turn it off", exact: true }).click();
  await screen.getByText("Nothing is merged by itself.").waitFor();
  assert.deepEqual([(await setting()).on, (await setting()).merged], [false, 0]);
});
