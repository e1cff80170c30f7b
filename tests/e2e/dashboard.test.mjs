import assert from "node:assert/strict";
import { anonymousId, track } from "../harness/arrivals.mjs";
import { acceptAll, open, signIn } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

const check = onStack();

check("the dashboard opens with the token's link and shows the live event and the profile", async ({ shop, headwater, api, visitor }) => {
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

const DAY = 86_400_000;

/** Orders of one person, so many days ago each, with what the person says to consent. @param {string} user @param {number[]} ages @param {boolean} personalization */
function orders(user, ages, personalization) {
  const from = { anonymousId: `browser-of-${user}`, context: { consent: { categoryPreferences: { analytics: true, personalization }, source: "banner" } } };
  const bought = ages.map((age, index) => ({ ...from, type: "track", event: "Order Completed", messageId: `${user}-${index}`, timestamp: new Date(Date.now() - age * DAY).toISOString(), properties: { total: 50 } }));
  return [{ ...from, type: "identify", userId: user, messageId: `${user}-known`, traits: { email: `${user}@tarn.test` } }, ...bought];
}

check("a marketer builds an audience by hand, sees the count, saves, and sees who is in it and why", async ({ headwater, api, visitor }) => {
  const batch = [...orders("loyal", [20, 10], true), ...orders("eager", [20, 2], true), ...orders("single", [15], true), ...orders("private", [20, 10], false)];
  const sent = await fetch(`${headwater.url}/v1/batch`, { method: "POST", headers: { authorization: `Basic ${btoa(`${headwater.keys.write_key}:`)}`, "content-type": "application/json" }, body: JSON.stringify({ batch }) });
  assert.deepEqual([...new Set((await sent.json()).outcomes.map((/** @type {any} */ { outcome }) => outcome))], ["ok"]);

  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Audiences", exact: true }).click();
  await screen.getByRole("link", { name: "New audience" }).click();
  await screen.getByLabel("Name", { exact: true }).fill("Loyal, lately quiet");

  const rules = screen.getByRole("group", { name: "Condition", exact: true });
  const first = rules.nth(0);
  await first.getByLabel("Event", { exact: true }).fill("Order Completed");
  await first.getByLabel("What of the events").selectOption({ label: "so many times:" });
  await first.getByLabel("How many times").fill("2");
  const counts = async (/** @type {number} */ people) => (await screen.locator(".preview .big").innerText()) === String(people);
  // Everybody who bought twice, whatever they said to personalization.
  await until("three people bought twice", () => counts(3));

  await screen.getByRole("button", { name: "Add a condition" }).click();
  const second = rules.nth(1);
  await second.getByLabel("What the condition is about").selectOption({ label: "did not do" });
  await second.getByLabel("Event", { exact: true }).fill("Order Completed");
  await second.getByLabel("In the last: how many").fill("7");
  await until("two of them not lately", () => counts(2));

  await screen.getByRole("button", { name: "Add a condition" }).click();
  const third = rules.nth(2);
  // By keyboard: a new condition has the focus.
  await screen.keyboard.type("asked");
  await third.getByLabel("Purpose").selectOption("personalization");
  await until("one of them consents", () => counts(1));
  await screen.getByText("People who did Order Completed at least 2 times in the last 30 days and did not do Order Completed in the last 7 days and consent to personalization.").waitFor();
  await screen.locator(".preview").getByText("loyal@tarn.test").waitFor();

  // The same tree as a text: what is changed there is in the form.
  await screen.getByRole("button", { name: "Text", exact: true }).click();
  const text = screen.getByLabel("Definition as text");
  const written = await text.inputValue();
  assert.equal(written, 'event "Order Completed" count >= 2 within 30d\n  and not event "Order Completed" within 1w\n  and consent personalization');
  await text.fill(written.replace("consent personalization", "consents personalization"));
  await screen.getByText(/^Line 3, column 7/).waitFor();
  assert.equal(await screen.locator(".editor mark").innerText(), "consents", "marked where it stands");
  await text.fill(written.replace("30d", "60d"));
  await until("it is read again", () => counts(1));
  await screen.getByRole("button", { name: "Form", exact: true }).click();
  assert.equal(await first.getByLabel("In the last: how many").inputValue(), "60");
  await first.getByLabel("In the last: how many").fill("30");

  await screen.getByRole("button", { name: "Save audience" }).click();
  await screen.getByRole("heading", { name: "Loyal, lately quiet" }).waitFor();
  const members = screen.getByRole("region", { name: "Members" }).getByRole("listitem");
  await members.first().waitFor();
  assert.equal(await members.count(), 1);
  const audience = (await api.all("/api/v1/audiences")).find(({ name }) => name === "Loyal, lately quiet");
  assert.equal(audience.members, 1);
  assert.equal(audience.definition.all.length, 3);

  await members.first().getByRole("link", { name: /loyal@tarn.test/ }).click();
  await screen.getByRole("tab", { name: "Audiences" }).click();
  await screen.getByRole("button", { name: "Why? Loyal, lately quiet" }).click();
  const why = screen.getByRole("dialog");
  await why.getByRole("heading", { name: "loyal@tarn.test is in Loyal, lately quiet" }).waitFor();
  for (const line of ["Holds: Did Order Completed at least 2 times in the last 30 days", "2 such events.", "Holds: Did not do Order Completed in the last 7 days", "0 such events.", "Holds: Consent to personalization", "They agreed."]) {
    assert.ok((await why.innerText()).replace(/\s+/g, " ").replaceAll("✓ ", "").includes(line), `${line} in ${await why.innerText()}`);
  }
  await screen.keyboard.press("Escape");
  assert.equal(await screen.evaluate(() => document.activeElement?.textContent), "Why? Loyal, lately quiet", "the focus is where it was");

  // And why somebody else is not.
  await screen.goto(`${headwater.url}/#/people/${encodeURIComponent("user_id:eager")}?tab=audiences`);
  await screen.getByLabel("Not in").selectOption({ label: "Loyal, lately quiet" });
  await screen.getByRole("button", { name: "Why not?" }).click();
  await screen.getByRole("heading", { name: "eager@tarn.test is not in Loyal, lately quiet" }).waitFor();
  await screen.getByText("1 such event.").waitFor();
});

check("an audience is changed, kept while something needs it, and deleted", async ({ headwater, api, visitor }) => {
  const make = async (/** @type {string} */ name, /** @type {unknown} */ definition) => (await api.call("/api/v1/audiences", { method: "POST", body: JSON.stringify({ name, definition }) })).json();
  const inner = await make("Known by e-mail", { identifier: "email" });
  const outer = await make("Everybody else", { not: { audience: inner.id } });
  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.goto(`${headwater.url}/#/audiences/${inner.id}`);
  await screen.getByRole("link", { name: "Change", exact: true }).click();
  await screen.getByLabel("Kind of identifier").selectOption("phone");
  await screen.getByLabel("Name", { exact: true }).fill("Known by telephone");
  await screen.getByRole("button", { name: "Save changes" }).click();
  await screen.getByRole("heading", { name: "Known by telephone" }).waitFor();
  await screen.getByText("People who have the identifier phone.").waitFor();
  await screen.getByText(/^Version 2/).waitFor();

  await screen.getByRole("button", { name: "Delete", exact: true }).click();
  const sure = screen.getByRole("dialog");
  await sure.getByRole("button", { name: "Delete audience" }).click();
  await sure.getByText(/"Everybody else" looks at this audience/).waitFor();
  await sure.getByRole("button", { name: "Keep it" }).click();
  await api.call(`/api/v1/audiences/${outer.id}`, { method: "DELETE" });
  await screen.getByRole("button", { name: "Delete", exact: true }).click();
  await sure.getByRole("button", { name: "Delete audience" }).click();
  await screen.getByRole("heading", { name: "Audiences", exact: true }).waitFor();
  assert.equal(await api.read(`/api/v1/audiences/${inner.id}`), undefined);
});

check("a computed trait is made, changed and deleted", async ({ headwater, api, visitor }) => {
  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Computed traits", exact: true }).click();
  await screen.getByRole("link", { name: "New computed trait" }).click();
  await screen.getByLabel("Key").fill("spent_this_year");
  await screen.getByLabel("What is computed").selectOption("sum");
  await screen.getByLabel("Property that is looked at").fill("total");
  await screen.getByLabel("Event", { exact: true }).fill("Order Completed");
  await screen.getByLabel("When").selectOption("calendar");
  await screen.getByLabel("Period").selectOption("year");
  await screen.getByLabel("Time zone").fill("Europe/Berlin");
  await screen.getByText("For each person the sum of total in Order Completed this year (Europe/Berlin).").waitFor();
  await screen.getByRole("button", { name: "Save computed trait" }).click();
  const row = screen.getByRole("listitem").filter({ hasText: "spent_this_year" });
  await row.getByRole("link", { name: /^Change/ }).click();
  await screen.getByLabel("When").selectOption("within");
  await screen.getByRole("button", { name: "Save changes" }).click();
  await row.getByText("the sum of total in Order Completed in the last 30 days").waitFor();
  const [made] = (await api.all("/api/v1/computed_traits")).filter(({ key }) => key === "spent_this_year");
  assert.deepEqual([made.aggregate, made.of, made.within, made.version], ["sum", "properties.total", "30d", 2]);
  await row.getByRole("button", { name: /^Delete/ }).click();
  await screen.getByRole("dialog").getByRole("button", { name: "Delete computed trait" }).click();
  await row.waitFor({ state: "detached" });
});
