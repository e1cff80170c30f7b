/** What the worker keeps of people: decisions without asking, in an outage, on every device, and nothing after a withdrawal. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { Edge } from "../harness/edge.mjs";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

/** @typedef {import("../harness/stack.mjs").Stack} Stack @typedef {{ url: string }} Way */

const check = onStack({ browser: false });

const CHOICES = { analytics: true, personalization: true };

/** @param {string} url @param {unknown} body @returns {Promise<any>} */
async function post(url, body) {
  const answer = await fetch(url, { method: "POST", body: JSON.stringify(body) });
  assert.equal(answer.status, 200, await answer.clone().text());
  return answer.json();
}

/** Product views of a browser, and the hero in the reply to them. @param {Stack} stack @param {string} anonymousId @param {{ of?: number, userId?: string, wanting?: boolean, edge?: Way }} [options] */
async function views({ headwater, edge }, anonymousId, { of = 3, userId, wanting = true, edge: way = edge } = {}) {
  const view = () => ({ type: "track", event: "Product Viewed", messageId: randomUUID(), anonymousId, userId, properties: { category: "sneakers" }, context: { consent: { categoryPreferences: CHOICES } } });
  const body = { writeKey: headwater.keys.write_key, anonymousId, consent: { categoryPreferences: CHOICES }, batch: Array.from({ length: of }, view) };
  const reply = await post(`${way.url}/v1/batch`, { ...body, ...(wanting ? { placements: ["home-hero"] } : {}) });
  assert.ok(reply.outcomes.every((/** @type {any} */ line) => line.outcome === "ok"), JSON.stringify(reply));
  return reply.decisions?.["home-hero"];
}

/** @param {Stack} stack @param {string} anonymousId @param {Way} [way] */
async function hero({ headwater, edge }, anonymousId, way = edge) {
  const asked = { writeKey: headwater.keys.write_key, anonymousId, placements: ["home-hero"], consent: { categoryPreferences: CHOICES } };
  return (await post(`${way.url}/v1/decide`, asked)).decisions["home-hero"];
}

/** @param {Stack} stack */
const questions = ({ inner }) => inner.exchanges.filter(({ path }) => path === "/internal/v1/snapshot");

check("the reply to an event brings what the next question needs: nobody is asked", async (stack) => {
  await until("a question comes within the second for which an answer is believed", async () => {
    const somebody = randomUUID();
    assert.equal((await views(stack, somebody)).variant, "sneakers");
    const replied = Date.now();
    const before = questions(stack).length;
    const decision = await hero(stack, somebody);
    // The reply left the server before it came here.
    if (Date.now() - replied > 600) return false;
    assert.deepEqual([decision.variant, questions(stack).length - before], ["sneakers", 0]);
    return true;
  });
});

check("after a second the server is asked, with the version that is known, and says that it is the same", async (stack) => {
  const somebody = randomUUID();
  await views(stack, somebody);
  // The reply may have left before the events had taken effect: then the first answer says so, and only the next "the same".
  const question = await until("the edge asks, and hears that nothing changed", async () => {
    await hero(stack, somebody);
    return questions(stack).find(({ body, reply }) => body.includes(somebody) && String(reply) === "null");
  });
  assert.match(String(question.body), /"known":\d+/);
  assert.equal((await hero(stack, somebody)).variant, "sneakers");
});

check("what somebody does without asking for decisions shows in the next question", async (stack) => {
  const somebody = randomUUID();
  assert.equal((await hero(stack, somebody)).variant, null);
  assert.equal((await views(stack, somebody, { of: 1 })).variant, null);
  await views(stack, somebody, { of: 2, wanting: false });
  assert.equal((await hero(stack, somebody)).variant, "sneakers");
});

check("what one device of a person does changes the other's decision, and its withdrawal ends it", async (stack) => {
  const [one, two, userId] = [randomUUID(), randomUUID(), randomUUID()];
  assert.equal((await views(stack, one, { of: 1, userId })).variant, null);
  assert.equal((await views(stack, two, { of: 1, userId })).variant, null);
  assert.equal((await views(stack, one, { of: 1, userId })).variant, "sneakers");
  await until("the other device sees it", async () => (await hero(stack, two)).variant === "sneakers");

  const consent = { categoryPreferences: { ...CHOICES, personalization: false } };
  await post(`${stack.edge.url}/v1/consent`, { writeKey: stack.headwater.keys.write_key, anonymousId: one, consent });
  const ended = await until("the other device sees that too", async () => {
    const decision = await hero(stack, two);
    return decision.variant === null && decision;
  });
  assert.match(ended.reasons.join(), /withdrawn consent to personalization/);
  await stack.headwater.crash();
  try {
    assert.equal((await hero(stack, two)).variant, null, "and an outage does not bring it back");
  } finally {
    await stack.headwater.serve();
  }
});

check("with the server away pages are personalised as they last were, and are told how old that is", async (stack) => {
  const edge = await Edge.start({ aggregator: stack.inner.address, secret: stack.headwater.keys.edge_secret });
  const [somebody, stranger] = [randomUUID(), randomUUID()];
  try {
    assert.equal((await views(stack, somebody, { edge })).variant, "sneakers");
    await stack.headwater.crash();
    const old = /decided on what was known \d+ (s|min) ago/;
    const remembered = await until("the edge has noticed", async () => {
      const decision = await hero(stack, somebody, edge);
      return old.test(decision.reasons.join()) && decision;
    });
    assert.equal(remembered.variant, "sneakers");
    const buffered = await views(stack, somebody, { of: 1, edge });
    assert.equal(buffered.variant, "sneakers", "the reply out of the buffer decides too");
    assert.match(buffered.reasons.join(), old);
    assert.match((await hero(stack, stranger, edge)).reasons.join(), /could not be read in time/);

    await edge.crash();
    await edge.serve();
    const written = await hero(stack, somebody, edge);
    assert.equal(written.variant, "sneakers", "a new process has what the one before wrote down");
    assert.match(written.reasons.join(), old);
  } finally {
    await stack.headwater.serve();
    await edge.stop();
  }
});
