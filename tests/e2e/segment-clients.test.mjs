/** The published clients of Segment and RudderStack, unchanged: what each of them says is in the timeline, once. */
import assert from "node:assert/strict";
import { after, before } from "node:test";
import { calls, everyCallOnce, somebody } from "../clients/calls.mjs";
import { rudderNode, segmentNode, segmentNodeLegacy } from "../clients/node.mjs";
import { python } from "../clients/python.mjs";
import { Site } from "../clients/site.mjs";
import { kept } from "../harness/device.mjs";
import { onStack } from "../harness/stack.mjs";
import { never, until } from "../harness/until.mjs";

/** @typedef {import("../harness/stack.mjs").Stack} Stack @typedef {import("../clients/calls.mjs").Call} Call */
/** @typedef {"segment" | "rudder"} BrowserClient */

const check = onStack();

/** @type {Site} */
let site;
before(async () => {
  site = await Site.start();
});
after(() => site?.stop());

/** The two ways to the server; the edge is behind a proxy that can break. */
const WAYS = /** @type {const} */ ([
  ["through the edge", (/** @type {Stack} */ { proxy }) => proxy.url],
  ["directly", (/** @type {Stack} */ { headwater }) => headwater.url],
]);

const SERVER_CLIENTS = /** @type {const} */ ([
  ["@segment/analytics-node", segmentNode],
  ["analytics-node (legacy)", segmentNodeLegacy],
  ["@rudderstack/rudder-sdk-node", rudderNode],
  ["segment-analytics-python", python("segment")],
  ["segment-analytics-python, compressed", python("segment-gzip")],
  ["rudder-sdk-python", python("rudder")],
]);

for (const [client, say] of SERVER_CLIENTS) {
  for (const [way, url] of WAYS) {
    check(`${client}, ${way}`, async (stack) => {
      const userId = somebody();
      const said = calls(userId);
      await say({ url: url(stack), writeKey: stack.headwater.keys.server_write_key }, said);
      await everyCallOnce(stack, userId, said);
    });
  }

  check(`${client} sends again after 503, and nothing is doubled`, async (stack) => {
    const userId = somebody();
    const said = calls(userId);
    const begin = stack.proxy.exchanges.length;
    // The worst refusal: the server has taken the batch, and the client cannot know.
    stack.proxy.fault = { status: 503, retryAfter: 1, delivered: true, times: 2 };
    await say({ url: stack.proxy.url, writeKey: stack.headwater.keys.server_write_key }, said);
    const tries = stack.proxy.exchanges.slice(begin);
    assert.deepEqual(tries.map(({ status }) => status).sort(), [...tries.slice(2).map(() => 200), 503, 503], "two refusals, then it was taken");
    assert.ok(tries.some(({ status, reply }) => status === 200 && reply.includes('"duplicate"')), "what was taken before is known");
    await everyCallOnce(stack, userId, said);
  });
}

check("a client does not notice that the server is down: the edge holds what it says, and everything is there, once", async (stack) => {
  const userId = somebody();
  const said = calls(userId);
  await stack.headwater.crash();
  await segmentNode({ url: stack.proxy.url, writeKey: stack.headwater.keys.server_write_key }, said);
  await stack.headwater.serve();
  await everyCallOnce(stack, userId, said);
});

/**
 * Has a page of another origin say the calls, and gives what it said.
 *
 * @param {Stack} stack
 * @param {BrowserClient} client
 * @param {{ url: string, writeKey: string, consent?: Record<string, boolean>, batching?: boolean, beacon?: boolean }} options
 * @param {string} userId
 */
async function sayInPage(stack, client, options, userId) {
  const visitor = await stack.visitor();
  const page = await visitor.tab();
  await page.goto(site.url);
  // A browser has an anonymous id of its own, which the first calls carry.
  const all = calls(userId).map(({ anonymousId: _, ...call }) => call);
  const said = client === "segment" ? all : all.filter(({ type }) => type !== "screen").map(withoutNulls);
  await page.evaluate(([name, options, said]) => window.clients[name](options, said), /** @type {const} */ ([client, options, said]));
  return { said, visitor, page };
}

/** As RudderStack's client for browsers says it, which leaves nulls out (and knows no screens). @param {Call} call @returns {Call} */
function withoutNulls({ properties, ...call }) {
  return { ...call, properties: Object.fromEntries(Object.entries(properties ?? {}).filter(([, value]) => value !== null)) };
}

const AGREED = { analytics: true };
const BROWSER_CLIENTS = /** @type {const} */ ([
  ["@segment/analytics-next", "segment", {}],
  ["@segment/analytics-next, in batches", "segment", { batching: true }],
  ["@rudderstack/analytics-js", "rudder", {}],
  ["@rudderstack/analytics-js, in batches", "rudder", { batching: true }],
  ["@rudderstack/analytics-js, by beacon", "rudder", { beacon: true }],
]);

for (const [title, client, options] of BROWSER_CLIENTS) {
  for (const [way, url] of WAYS) {
    check(`${title}, ${way}`, async (stack) => {
      const userId = somebody();
      const target = { url: url(stack), writeKey: stack.headwater.keys.write_key, consent: AGREED };
      const { said, visitor } = await sayInPage(stack, client, { ...target, ...options }, userId);
      await everyCallOnce(stack, userId, said);
      const elsewhere = visitor.requests.filter((request) => ![site.url, target.url].some((origin) => request.url.startsWith(origin)));
      assert.deepEqual(elsewhere, [], "it talks to nobody else");
    });
  }
}

check("@segment/analytics-next with the key of a source whose owner declares the basis", async (stack) => {
  const userId = somebody();
  const { said } = await sayInPage(stack, "segment", { url: stack.proxy.url, writeKey: stack.headwater.keys.server_write_key }, userId);
  await everyCallOnce(stack, userId, said);
});

check("@segment/analytics-next in Segment's consent wrapper, refused: it asks for the settings, sends nothing and keeps nothing", async (stack) => {
  const userId = somebody();
  const { visitor, page } = await sayInPage(stack, "segment", { url: stack.proxy.url, writeKey: stack.headwater.keys.write_key, consent: { analytics: false, advertising: true } }, userId);
  const beyondThePage = () => visitor.requestsTo(stack.proxy.url);
  await until("the settings are asked for", () => beyondThePage().length === 1);
  assert.match(beyondThePage()[0]?.url ?? "", /\/settings$/);
  await never("a call is sent", 1_500, () => beyondThePage().length > 1);
  assert.deepEqual(await kept(page), []);
});

check("@segment/analytics-next without consent: nothing is stored, and the outcome says what to send", async (stack) => {
  const userId = somebody();
  const begin = stack.proxy.posts.length;
  const { said } = await sayInPage(stack, "segment", { url: stack.proxy.url, writeKey: stack.headwater.keys.write_key }, userId);
  const answers = await until("every call is answered", () => {
    const posts = stack.proxy.posts.slice(begin).filter(({ status }) => status === 200);
    return posts.length === said.length && posts.map(({ reply }) => JSON.parse(reply.toString()).outcomes);
  });
  for (const [line] of answers) {
    assert.equal(line.outcome, "denied");
    assert.match(line.reason, /context\.consent\.categoryPreferences/);
  }
  assert.equal(await stack.api.profile(`user_id:${userId}`), undefined);
});

check("@segment/analytics-next sends again after 503, and nothing is doubled", async (stack) => {
  const userId = somebody();
  const begin = stack.proxy.posts.length;
  stack.proxy.fault = { status: 503, retryAfter: 1, delivered: true, times: 2 };
  const { said } = await sayInPage(stack, "segment", { url: stack.proxy.url, writeKey: stack.headwater.keys.write_key, consent: AGREED }, userId);
  await until("both refused calls were sent again", () => stack.proxy.posts.slice(begin).filter(({ reply, status }) => status === 200 && reply.includes('"duplicate"')).length === 2, { within: 30_000 });
  await everyCallOnce(stack, userId, said);
});
