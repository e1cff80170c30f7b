import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { request as ask } from "node:http";
import { gzipSync } from "node:zlib";
import { Edge } from "../harness/edge.mjs";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

const check = onStack({ browser: false });

const GRANTED = { categoryPreferences: { analytics: true }, source: "banner" };

/** A message of a browser that agreed. @param {Record<string, unknown>} [more] */
function message(more = {}) {
  return { type: "track", event: "Tested", messageId: randomUUID(), anonymousId: randomUUID(), context: { consent: GRANTED }, properties: {}, ...more };
}

/** @param {string} url @param {unknown} body @param {Record<string, string>} [headers] */
async function post(url, body, headers = {}) {
  const raw = typeof body === "string" || body instanceof Uint8Array ? body : JSON.stringify(body);
  const answer = await fetch(url, { method: "POST", body: /** @type {BodyInit} */ (raw), headers: { "content-type": "text/plain", ...headers } });
  const text = await answer.text();
  return { status: answer.status, headers: answer.headers, body: text ? JSON.parse(text) : undefined };
}

/** @param {{ body: any }} answer @returns {string[]} */
function outcomes({ body }) {
  return body.outcomes.map((/** @type {any} */ line) => line.outcome);
}

check("an unknown write key is told what to do, and a known one is not harmed by it", async ({ edge, headwater }) => {
  const unknown = await post(`${edge.url}/v1/batch`, { writeKey: "wk_nobody", batch: [message()] });
  assert.equal(unknown.status, 401);
  assert.equal(unknown.body.error.code, "unknown_write_key");
  assert.match(unknown.body.error.message, /copy it from/);
  const none = await post(`${edge.url}/v1/batch`, { batch: [message()] });
  assert.equal(none.status, 401);
  assert.equal(none.body.error.code, "no_write_key");
  const known = await post(`${edge.url}/v1/batch`, { writeKey: headwater.keys.write_key, batch: [message()] });
  assert.deepEqual([known.status, outcomes(known)], [200, ["ok"]]);
});

check("one bad event is set aside with its reason, its neighbours are stored", async ({ edge, headwater, api }) => {
  const whose = randomUUID();
  const [first, oversized, malformed, typo, last] = [
    message({ anonymousId: whose }),
    message({ properties: { text: "x".repeat(33 * 1024) } }),
    message({ type: "shout" }),
    message({ context: { consent: { categoryPreferences: { analytics: true, analitycs: true } } } }),
    message({ anonymousId: whose }),
  ];
  const answer = await post(`${edge.url}/v1/batch`, { writeKey: headwater.keys.write_key, batch: [first, oversized, malformed, typo, last] });
  assert.equal(answer.status, 200);
  assert.deepEqual(outcomes(answer), ["ok", "quarantined", "quarantined", "quarantined", "ok"]);
  const [, tooLarge, unknownType, unknownPurpose] = answer.body.outcomes;
  assert.match(tooLarge.reason, /32/, tooLarge.reason);
  assert.match(unknownType.reason, /shout/, unknownType.reason);
  assert.match(unknownPurpose.reason, /analitycs/, unknownPurpose.reason);
  const kept = await until("quarantine shows all three", async () => {
    const rows = await api.all("/api/v1/quarantine");
    return rows.length >= 3 && rows;
  });
  for (const line of [tooLarge, unknownType, unknownPurpose]) {
    assert.ok(kept.some((row) => row.message_id === line.messageId && row.reason === line.reason), `${line.reason} is in quarantine`);
  }
  const timeline = await until("the neighbours are stored", async () => {
    const events = await api.timeline(`anonymous_id:${whose}`);
    return events.length >= 2 && events;
  });
  assert.deepEqual(timeline.map(({ messageId }) => messageId).sort(), [first?.messageId, last?.messageId].sort());
});

check("without consent nothing is stored, and the outcome says what to send", async ({ edge, headwater, api }) => {
  const silent = message({ context: {} });
  const refused = message({ context: { consent: { categoryPreferences: { analytics: false } } } });
  const answer = await post(`${edge.url}/v1/batch`, { writeKey: headwater.keys.write_key, batch: [silent, refused] });
  assert.deepEqual(outcomes(answer), ["denied", "denied"]);
  assert.match(answer.body.outcomes[0].reason, /context\.consent/);
  assert.equal(await api.profile(`anonymous_id:${silent.anonymousId}`), undefined);
  assert.equal(await api.profile(`anonymous_id:${refused.anonymousId}`), undefined);
});

check("the same message again is a duplicate, not a second event", async ({ edge, headwater, api }) => {
  const one = message();
  const body = { writeKey: headwater.keys.write_key, batch: [one] };
  assert.deepEqual(outcomes(await post(`${edge.url}/v1/batch`, body)), ["ok"]);
  assert.deepEqual(outcomes(await post(`${edge.url}/v1/batch`, body)), ["duplicate"]);
  const timeline = await until("it is in the timeline", async () => {
    const events = await api.timeline(`anonymous_id:${one.anonymousId}`);
    return events.length > 0 && events;
  });
  assert.equal(timeline.length, 1);
});

check("bodies as clients send them: gzip, Basic auth, single events", async ({ edge, headwater }) => {
  const { write_key: key } = headwater.keys;
  const zipped = await post(`${edge.url}/v1/batch`, gzipSync(JSON.stringify({ writeKey: key, batch: [message()] })), { "content-encoding": "gzip", "content-type": "application/json" });
  assert.deepEqual(outcomes(zipped), ["ok"]);
  const basic = await post(`${edge.url}/v1/batch`, { batch: [message()] }, { authorization: `Basic ${Buffer.from(`${key}:`).toString("base64")}` });
  assert.deepEqual(outcomes(basic), ["ok"]);
  for (const path of ["track", "t"]) {
    const single = await post(`${edge.url}/v1/${path}`, { ...message({ type: undefined }), writeKey: key });
    assert.deepEqual(outcomes(single), ["ok"], `/v1/${path}`);
  }
  const broken = await post(`${edge.url}/v1/batch`, "{");
  assert.equal(broken.status, 400);
  assert.match(broken.body.error.message, /JSON/);
});

check("a batch over 4 MB is refused as a whole, compressed or not", async ({ edge, headwater }) => {
  const batch = Array.from({ length: 180 }, () => message({ properties: { text: "x".repeat(25 * 1024) } }));
  const body = JSON.stringify({ writeKey: headwater.keys.write_key, batch });
  assert.ok(body.length > 4 * 1024 * 1024);
  for (const answer of [await post(`${edge.url}/v1/batch`, body), await post(`${edge.url}/v1/batch`, gzipSync(body), { "content-encoding": "gzip" })]) {
    assert.equal(answer.status, 413);
    assert.match(answer.body.error.message, /fewer events/);
  }
  const half = await post(`${edge.url}/v1/batch`, { writeKey: headwater.keys.write_key, batch: batch.slice(0, 90) });
  assert.equal(half.status, 200);
  assert.ok(outcomes(half).every((outcome) => outcome === "ok"));
});

check("an edge with the wrong secret: clients are told to come back, and nothing is stored", async ({ inner, headwater, api }) => {
  const stranger = await Edge.start({ aggregator: inner.address, secret: "f".repeat(64) });
  try {
    const one = message();
    const answer = await post(`${stranger.url}/v1/batch`, { writeKey: headwater.keys.write_key, batch: [one] });
    assert.equal(answer.status, 503);
    assert.match(String(answer.headers.get("retry-after")), /^\d+$/);
    const refusal = inner.exchanges.at(-1);
    assert.equal(refusal?.status, 401);
    assert.match(String(refusal?.reply), /secret/);
    assert.equal(await api.profile(`anonymous_id:${one.anonymousId}`), undefined);
    await until("the edge's log names the cure", () => stranger.log.includes("HEADWATER_EDGE_SECRET"));
  } finally {
    await stranger.stop();
  }
});

check("a signed request that is sent again, or changed, is refused", async ({ edge, inner, headwater }) => {
  const one = message();
  await post(`${edge.url}/v1/batch`, { writeKey: headwater.keys.write_key, batch: [one] });
  const original = inner.exchanges.findLast(({ path, body }) => path === "/internal/v1/ingest" && body.includes(one.messageId));
  assert.ok(original, "the edge's request was seen");
  assert.equal(original.status, 200);

  const replayed = await send(headwater.url, original, original.body);
  assert.equal(replayed.status, 401);
  assert.match(replayed.text, /taken before/);

  // An untaken signature over another body.
  inner.fault = { status: 500 };
  const two = message();
  await post(`${edge.url}/v1/batch`, { writeKey: headwater.keys.write_key, batch: [two] });
  inner.fault = undefined;
  const unseen = inner.exchanges.findLast(({ path, body }) => path === "/internal/v1/ingest" && body.includes(two.messageId));
  assert.ok(unseen);
  const changed = await send(headwater.url, unseen, Buffer.from(unseen.body.toString().replaceAll("Tested", "Forged")));
  assert.equal(changed.status, 401);
  assert.match(changed.text, /signature/);
  const untouched = await send(headwater.url, unseen, unseen.body);
  assert.equal(untouched.status, 200, "the unchanged request is still good, once");
});

check("the server is away: clients of an edge without a buffer are told to come back, and then it works again", async ({ headwater }) => {
  const edge = await Edge.start({ aggregator: headwater.address, secret: headwater.keys.edge_secret, buffer: false });
  try {
    const body = { writeKey: headwater.keys.write_key, batch: [message()] };
    await headwater.shutDown();
    const answer = await post(`${edge.url}/v1/batch`, body);
    assert.equal(answer.status, 503);
    assert.match(String(answer.headers.get("retry-after")), /^\d+$/);
    assert.match(answer.body.error.message, /again/);
    await headwater.serve();
    const again = await until("it is taken after the restart", async () => {
      const retried = await post(`${edge.url}/v1/batch`, body);
      return retried.status === 200 && retried;
    });
    assert.deepEqual(outcomes(again), ["ok"]);
  } finally {
    await edge.stop();
  }
});

/** Sends a request of the edge once more, header for header. @param {string} url @param {import("../harness/fault-proxy.mjs").Exchange} exchange @param {Buffer} body */
function send(url, { method, path, headers }, body) {
  return new Promise((/** @type {(answer: { status: number | undefined, text: string }) => void} */ resolve, reject) => {
    const signature = Object.fromEntries(Object.entries(headers).filter(([name]) => name.startsWith("x-headwater-")));
    const request = ask(`${url}${path}`, { method, headers: { ...signature, "content-length": String(body.length) } }, (answer) => {
      let text = "";
      answer.setEncoding("utf8").on("data", (chunk) => (text += chunk));
      answer.on("end", () => resolve({ status: answer.statusCode, text }));
    });
    request.on("error", reject);
    request.end(body);
  });
}

check("who refuses is counted through the worker where the policy says so, by listed names and without anything of them", async ({ edge, headwater, api, inner }) => {
  const { policy } = await (await api.call("/api/v1/consent/policy")).json();
  policy.unknown = { regime: "opt_in", counting: "refusal" };
  policy.counting = { minimum_group: 10, events: ["Bought"], pages: ["/"] };
  const published = await api.call("/api/v1/consent/policy", { method: "POST", body: JSON.stringify(policy) });
  assert.ok(published.ok, await published.text());
  const stay = { writeKey: headwater.keys.write_key, refused: true, events: ["Bought", "Unheard of"], pages: ["/"] };
  const browser = { "user-agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0" };
  const answer = await until("the worker has the new policy", async () => {
    const { status, headers, body } = await post(`${edge.url}/v1/count`, stay, browser);
    assert.equal(status, 200, JSON.stringify(body));
    return body.counted ? { headers, body } : undefined;
  });
  assert.deepEqual(answer.body, { success: true, counted: 2 });
  assert.equal(answer.headers.get("set-cookie"), null);
  const passedOn = inner.exchanges.filter(({ path }) => path === "/internal/v1/counts");
  assert.deepEqual(passedOn.map(({ status }) => status), [200]);
  const more = await post(`${edge.url}/v1/count`, { ...stay, anonymousId: "a1" }, browser);
  assert.equal(more.status, 400, "a count that names somebody is refused");
});
