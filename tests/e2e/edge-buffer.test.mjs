import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { collecting, everythingArrivedOnce, lasts, outage } from "../harness/collecting.mjs";
import { until } from "../harness/until.mjs";

/** @typedef {import("../harness/sender.mjs").Answer} Answer */

/** Quick, for an edge that asks nobody: the machine may be busy. */
const QUICK = 2_000;

/** @param {string} url @param {unknown} body */
async function post(url, body) {
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  return { status: answer.status, headers: answer.headers, body: await answer.json() };
}

/** @param {Answer[]} answers */
function statuses(answers) {
  return [...new Set(answers.map(({ status }) => status))];
}

collecting("the server is killed and comes back: the edge takes everything meanwhile, all of it arrives once", {}, async ({ headwater, api, edge, sender }) => {
  const client = sender(edge).start();
  await client.acknowledges(3);
  await headwater.crash();
  const died = client.answers.length;
  await client.acknowledges(20);
  await lasts();

  // What is refused is refused as ever, and goes to quarantine with the rest.
  const { write_key: writeKey } = headwater.keys;
  const bad = randomUUID();
  const refused = await post(`${edge.url}/v1/batch`, { writeKey, batch: [{ type: "shout", messageId: bad, anonymousId: bad }] });
  assert.deepEqual(refused.body.outcomes.map((/** @type {any} */ line) => line.outcome), ["quarantined"]);
  // Pages that ask are answered, and quickly.
  const asked = Date.now();
  const settings = await fetch(`${edge.url}/v1/settings/${writeKey}`);
  assert.equal(settings.status, 200);
  const decided = await post(`${edge.url}/v1/decide`, { writeKey, anonymousId: randomUUID(), placements: ["hero"], consent: { categoryPreferences: { personalization: true } } });
  assert.equal(decided.status, 200);
  assert.match(decided.body.decisions.hero.reasons?.join() ?? JSON.stringify(decided.body.decisions.hero), /could not be read in time/);
  assert.ok(Date.now() - asked < QUICK, "no answer waits for the server");
  // Of a source that nobody has heard of, nothing can be said.
  const unknown = await post(`${edge.url}/v1/batch`, { writeKey: "wk_nobody", batch: [] });
  assert.equal(unknown.status, 503);

  const back = new Date();
  await headwater.serve();
  await client.acknowledges(3);
  await client.stop();
  const during = client.answers.slice(died);
  assert.deepEqual(statuses(during), [200], "the client noticed nothing");
  assert.ok(during.every(({ took }) => took < QUICK), `and waited for nothing: ${Math.max(...during.map(({ took }) => took))} ms`);
  await everythingArrivedOnce(api, client);
  await until("what was refused is in quarantine", async () => (await api.all("/api/v1/quarantine")).some(({ message_id }) => message_id === bad));
  const timeline = await api.timeline(`anonymous_id:${client.anonymousId}`);
  const late = timeline.filter(({ receivedAt }) => new Date(receivedAt) < back);
  assert.ok(late.length >= 20 * 5, "what came during the outage keeps the time at which it came");
});

for (const way of /** @type {const} */ (["reset", "black hole"])) {
  collecting(`the network between edge and server is cut (${way}): nothing acknowledged is lost or doubled`, { through: "network" }, async ({ api, edge, network, sender }) => {
    const client = sender(edge).start();
    await client.acknowledges(3);
    network.way = way;
    const cut = client.answers.length;
    await client.acknowledges(20);
    await lasts();
    network.way = "open";
    await client.acknowledges(3);
    await client.stop();
    const during = client.answers.slice(cut);
    assert.deepEqual(statuses(during), [200]);
    const slow = during.filter(({ took }) => took > QUICK).length;
    assert.ok(slow <= 1 + (during.at(-1)?.at ?? 0 - (during[0]?.at ?? 0)) / 2_000, `only who tries for all waits: ${slow} of ${during.length}`);
    await everythingArrivedOnce(api, client);
  });
}

collecting("the edge itself is killed while its buffer is full: what it acknowledged arrives, once", {}, async ({ headwater, api, edge, sender }) => {
  const clients = Array.from({ length: 4 }, () => sender(edge).start());
  await Promise.all(clients.map((client) => client.acknowledges(2)));
  await headwater.crash();
  for (let kill = 0; kill < 3; kill += 1) {
    await Promise.all(clients.map((client) => client.acknowledges(5)));
    await edge.crash();
    await edge.serve();
  }
  // The new process has never heard of the source from the server.
  await Promise.all(clients.map((client) => client.acknowledges(5)));
  await Promise.all(clients.map((client) => client.abandon()));
  await edge.crash();
  await headwater.serve();
  // Nobody asks the edge for anything: it delivers by itself.
  await edge.serve();
  for (const client of clients) await everythingArrivedOnce(api, client);
});

collecting("a full buffer says so, and what it holds arrives with the rest", { buffer: { batches: 3 } }, async ({ headwater, api, edge, sender }) => {
  const client = sender(edge);
  assert.equal((await client.once()).status, 200);
  await headwater.crash();
  for (let batch = 0; batch < 3; batch += 1) assert.equal((await client.once()).status, 200);
  assert.equal((await client.once()).status, 503);
  const refused = await post(`${edge.url}/v1/batch`, { writeKey: headwater.keys.write_key, batch: [{ type: "track", event: "Sent", messageId: randomUUID(), anonymousId: client.anonymousId, context: { consent: { categoryPreferences: { analytics: true } } } }] });
  assert.equal(refused.body.error.code, "edge_buffer_full");
  assert.match(String(refused.headers.get("retry-after")), /^\d+$/);
  await headwater.serve();
  client.start();
  await client.acknowledges(2);
  await client.stop();
  await everythingArrivedOnce(api, client);
});

collecting("a batch that the server will never take does not hold up the others", { through: "inner" }, async ({ api, edge, inner, sender }) => {
  const client = sender(edge);
  assert.equal((await client.once()).status, 200);
  inner.fault = { status: 503 };
  assert.equal((await client.once()).status, 200);
  inner.fault = { status: 400 };
  await until("the server refuses the buffered batch", () => inner.exchanges.some(({ path, status }) => path === "/internal/v1/ingest" && status === 400), { within: 40_000 });
  inner.fault = { status: 503 };
  for (let batch = 0; batch < 2; batch += 1) assert.equal((await client.once()).status, 200);
  inner.fault = undefined;
  /** @type {number[]} */
  let numbers = [];
  await until(
    "the batches behind it arrive",
    async () => {
      numbers = (await api.timeline(`anonymous_id:${client.anonymousId}`)).map(({ properties }) => properties.n);
      return numbers.includes(20);
    },
    { within: 40_000, seen: () => numbers },
  );
  assert.deepEqual(numbers, [1, 2, 3, 4, 5, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20], "the refused one waits aside");
});

collecting("an edge without a buffer says 503 in an outage, and the client keeps its events", { buffer: false }, async ({ headwater, api, edge, sender }) => {
  const client = sender(edge);
  assert.equal((await client.once()).status, 200);
  await headwater.crash();
  assert.equal((await client.once()).status, 503);
  await headwater.serve();
  client.start();
  await client.acknowledges(2);
  await client.stop();
  await everythingArrivedOnce(api, client);
});

if (outage() > 0) console.log(`outages last ${outage() / 1_000} s longer`);
