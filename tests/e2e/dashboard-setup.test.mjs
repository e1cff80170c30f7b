import assert from "node:assert/strict";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

const check = onStack({ worker: false });

/** Sends one event of a website and gives its outcome. @param {any} headwater @param {string} id @param {Record<string, boolean>} choice */
async function send(headwater, id, choice) {
  const event = { type: "track", event: "Product Viewed", anonymousId: `browser-${id}`, messageId: id, context: { consent: { categoryPreferences: choice, source: "banner" } } };
  const sent = await fetch(`${headwater.url}/v1/batch`, { method: "POST", headers: { authorization: `Basic ${btoa(`${headwater.keys.write_key}:`)}`, "content-type": "application/json" }, body: JSON.stringify({ batch: [event] }) });
  return (await sent.json()).outcomes[0].outcome;
}

check("a privacy officer changes the consent policy, sees what would change, publishes, and takes an old version back", async ({ headwater, api, visitor }) => {
  assert.equal(await send(headwater, "before", { analytics: true, advertising: false }), "ok");
  const screen = await (await visitor({ accepted: [/400/] })).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.getByRole("link", { name: "Consent policy", exact: true }).click();
  await screen.getByText("version 1", { exact: true }).waitFor();
  assert.equal(await screen.getByRole("button", { name: "See what would change" }).count(), 0, "nothing to try while nothing is changed");

  await screen.getByLabel("Country or region").fill("us-ca");
  await screen.getByRole("button", { name: "Add place" }).click();
  const california = screen.getByRole("listitem").filter({ has: screen.getByText("United States, CA", { exact: true }) });
  await california.getByLabel("Presumed").selectOption("opt_out");
  await california.getByLabel("Advertising", { exact: true }).first().selectOption("opt_in");
  await screen.getByLabel("Send and keep an event needs Advertising").check();
  await screen.getByText("2 changes not published").waitFor();

  // A mistake is told in the server's words, and nothing can be published.
  await screen.getByLabel("Country or region").fill("UK");
  await screen.getByRole("button", { name: "Add place" }).click();
  await screen.getByRole("button", { name: "See what would change" }).click();
  await screen.getByRole("alert").getByText(/write "GB"/).waitFor();
  assert.equal(await screen.getByRole("button", { name: /^Publish/ }).count(), 0);
  await screen.getByRole("button", { name: "Remove United Kingdom" }).click();
  assert.equal(await screen.getByRole("alert").count(), 0, "what was wrong is gone with its cause");

  await screen.getByRole("button", { name: "See what would change" }).click();
  const trial = screen.getByRole("region", { name: "What would change" });
  await trial.getByText("1 event would not have been stored").waitFor();
  await trial.getByText("Send and keep an event: needs Analytics, Advertising instead of Analytics.").waitFor();
  assert.equal((await api.read("/api/v1/consent/policy")).version, 1, "trying changes nothing");

  // What was tried is what is published: a change in between has to be tried again.
  await screen.getByLabel("Keep facts about the person needs Personalization").check();
  assert.equal(await trial.count(), 0);
  await screen.getByLabel("Keep facts about the person needs Personalization").uncheck();
  await screen.getByRole("button", { name: "See what would change" }).click();
  await trial.getByRole("button", { name: "Publish version 2" }).click();
  await screen.getByRole("dialog").getByRole("button", { name: "Publish", exact: true }).click();
  await screen.getByText("version 2", { exact: true }).waitFor();
  const { policy } = await api.read("/api/v1/consent/policy");
  assert.deepEqual(policy.jurisdictions, { "US-CA": { regime: "opt_out", purposes: { advertising: "opt_in" } } });
  assert.deepEqual(policy.uses.send, ["analytics", "advertising"]);
  await until("the next event is judged by it", async () => (await send(headwater, `after-${Date.now()}`, { analytics: true, advertising: false })) === "denied");

  await screen.getByRole("tab", { name: "Versions" }).click();
  await screen.getByText("United States, CA: a rule of its own, allowed until refused · Advertising asks first.").waitFor();
  await screen.getByRole("button", { name: "Take into the form version 1" }).click();
  await screen.getByText("2 changes not published").waitFor();
  await screen.getByRole("button", { name: "See what would change" }).click();
  await trial.getByText("United States, CA: no rule of its own any more.").waitFor();
  await trial.getByRole("button", { name: "Publish version 3" }).click();
  await screen.getByRole("dialog").getByRole("button", { name: "Publish", exact: true }).click();
  await screen.getByText("version 3", { exact: true }).waitFor();
  assert.equal((await api.read("/api/v1/consent/policy")).policy.jurisdictions, undefined);
});
