import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

const check = onStack({ browser: false });

const FIREFOX = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";
const GOOGLEBOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";

/** A source of its own, which no edge has heard of yet. @param {import("../harness/server-api.mjs").ServerApi} api @param {unknown} collection */
async function website(api, collection) {
  const answer = await api.call("/api/v1/sources", { method: "POST", body: JSON.stringify({ name: "Site", kind: "website", collection }) });
  assert.equal(answer.status, 201);
  return /** @type {{ write_key: string }} */ (await answer.json()).write_key;
}

/** @param {string} edge @param {string} writeKey @param {string} anonymousId @param {Record<string, string>} headers */
function view(edge, writeKey, anonymousId, headers) {
  const context = { consent: { categoryPreferences: { analytics: true } } };
  const batch = [{ type: "track", event: "Viewed", messageId: randomUUID(), anonymousId, context }];
  return fetch(`${edge}/v1/batch`, { method: "POST", headers, body: JSON.stringify({ writeKey, batch }) });
}

check("on workerd a caller beyond its rate waits as it is told, and others do not", async ({ edge, api }) => {
  const key = await website(api, { rate_limits: { address: { events_per_second: 1, burst: 1 } } });
  const whose = randomUUID();
  const [one, other] = [{ "cf-connecting-ip": "203.0.113.7", "user-agent": FIREFOX }, { "cf-connecting-ip": "203.0.113.8", "user-agent": FIREFOX }];
  assert.equal((await view(edge.url, key, whose, one)).status, 200);
  // One connection after the other, so that at least one of these is within the second.
  const answers = await Promise.all([1, 2, 3].map(() => view(edge.url, key, whose, one)));
  const refused = answers.find(({ status }) => status === 429);
  assert.ok(refused, `one of ${answers.map(({ status }) => status)} is refused`);
  assert.ok(Number(refused.headers.get("retry-after")) >= 1);
  assert.equal(/** @type {any} */ (await refused.json()).error.code, "rate_limited");
  assert.equal((await view(edge.url, key, whose, other)).status, 200);
});

check("on workerd addresses are shortened and bots are named before anything leaves the edge", async ({ edge, api }) => {
  const key = await website(api, {});
  const [person, bot] = [randomUUID(), randomUUID()];
  assert.equal((await view(edge.url, key, person, { "cf-connecting-ip": "203.0.113.7", "user-agent": FIREFOX })).status, 200);
  assert.equal((await view(edge.url, key, bot, { "cf-connecting-ip": "2001:db8:1:2::3", "user-agent": GOOGLEBOT })).status, 200);
  const event = (/** @type {string} */ whose) => until("it is in the timeline", async () => (await api.timeline(`anonymous_id:${whose}`))[0]);
  const [of, by] = [await event(person), await event(bot)];
  assert.deepEqual([of.context.ip, of.bot], ["203.0.113.0", undefined]);
  assert.deepEqual([by.context.ip, by.bot], ["2001:db8:1::", "Googlebot"]);

  const closed = await website(api, { bots: "drop", ip: "drop" });
  const answer = await view(edge.url, closed, randomUUID(), { "user-agent": GOOGLEBOT });
  const [line] = /** @type {any} */ (await answer.json()).outcomes;
  assert.equal(line.outcome, "denied");
  assert.match(line.reason, /Googlebot/);
});
