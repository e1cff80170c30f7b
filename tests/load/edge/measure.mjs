/**
 * The edge worker's processor time for a batch of 20 events, beside a JavaScript worker's that parses, checks and forwards
 * the same batch. Both run in workerd, in turn, against the same server, which answers at once.
 * Prints one JSON line a figure: `{"name","value","unit","at_most"?}`.
 */
import { once } from "node:events";
import { readFile } from "node:fs/promises";
import { Agent, createServer, request } from "node:http";
import { join } from "node:path";
import { Edge, workerd } from "../../harness/edge.mjs";
import { Part, ROOT } from "../../harness/part.mjs";

const ROUNDS = 5;
/** Batches of a round, after as many that only warm up. */
const BATCHES = 1_500;
const EVENTS = 20;
/** Requests at the same time. */
const CONNECTIONS = 4;
/** Clock ticks a second, in which the system counts processor time: USER_HZ of every Linux. */
const TICKS = 100;
const WRITE_KEY = "wk_bench";

const agent = new Agent({ keepAlive: true, maxSockets: CONNECTIONS });

/** What an aggregator says of a source. */
const source = {
  source_id: "src_bench",
  space_id: "spc_bench",
  write_key: WRITE_KEY,
  consent_basis: { kind: "every_event" },
  policy: {
    version: 1,
    purposes: ["necessary", "analytics", "personalization", "advertising", "sale_or_share"],
    default_regime: "opt_in",
    gpc_denies: ["advertising", "sale_or_share"],
    collect_purpose: "analytics",
    decide_purpose: "personalization",
  },
};

const aggregator = createServer(async (asked, answer) => {
  const parts = [];
  for await (const part of asked) parts.push(part);
  const reply = () => {
    if (asked.url?.startsWith("/internal/v1/sources/")) return source;
    const batch = JSON.parse(Buffer.concat(parts).toString());
    return { outcomes: batch.admitted.map((/** @type {{ index: number, event: { messageId: string } }} */ { index, event }) => ({ index, messageId: event.messageId, outcome: "ok" })) };
  };
  answer.setHeader("content-type", "application/json");
  answer.end(JSON.stringify(reply()));
}).listen(0, "127.0.0.1");
await once(aggregator, "listening");
const { port } = /** @type {import("node:net").AddressInfo} */ (aggregator.address());

const event = (/** @type {string} */ id) => ({
  messageId: id,
  anonymousId: "0b1f6c3e-55a1-4f0e-8f3a-2a9f9a3c1d7e",
  type: "track",
  event: "Product Viewed",
  originalTimestamp: "2026-01-31T10:00:00.000Z",
  properties: { product_id: "507f1f77bcf86cd799439011", sku: "G-32", category: "sneakers", name: "Court low, white", brand: "Fjordwalk", price: 89.95, quantity: 1, currency: "EUR", position: 3, url: "https://shop.example/product/court-low-white" },
  context: { page: { path: "/product/court-low-white", url: "https://shop.example/product/court-low-white", title: "Court low" }, locale: "en-GB", library: { name: "analytics.js", version: "1.84.3" }, consent: { categoryPreferences: { analytics: true, personalization: true } } },
});

let batches = 0;

/** Sends one batch; every message has to be taken. @param {string} address */
async function send(address) {
  const number = batches++;
  const batch = Array.from({ length: EVENTS }, (_, at) => event(`m-${number}-${at}`));
  const body = JSON.stringify({ writeKey: WRITE_KEY, sentAt: "2026-01-31T10:00:01.000Z", batch });
  const [host, at] = address.split(":");
  const asked = request({ host, port: at, path: "/v1/batch", method: "POST", agent, headers: { "content-type": "application/json" } });
  asked.end(body);
  const [answer] = await once(asked, "response");
  const parts = [];
  for await (const part of answer) parts.push(part);
  const text = Buffer.concat(parts).toString();
  const taken = answer.statusCode === 200 && JSON.parse(text).outcomes.filter((/** @type {{ outcome: string }} */ line) => line.outcome === "ok").length;
  if (taken !== EVENTS) throw new Error(`${answer.statusCode}: ${text.slice(0, 500)}`);
}

/** Sends so many batches, a few at a time. @param {string} address @param {number} count */
async function sendAll(address, count) {
  let left = count;
  const one = async () => {
    while (left-- > 0) await send(address);
  };
  await Promise.all(Array.from({ length: CONNECTIONS }, one));
}

/** Processor time that a process has used, in microseconds. @param {Part} part */
async function used(part) {
  const stat = await readFile(`/proc/${part.child.pid}/stat`, "utf8");
  // Behind the program's name, which may have spaces: utime and stime are fields 14 and 15.
  const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
  return ((Number(fields[11]) + Number(fields[12])) * 1e6) / TICKS;
}

const median = (/** @type {number[]} */ values) => values.toSorted((one, other) => one - other)[Math.floor((values.length - 1) / 2)] ?? 0;

const edge = await Edge.start({ aggregator: `127.0.0.1:${port}`, secret: "bench" });
const plain = new Part("plain", workerd(), ["serve", join(ROOT, "tests/load/edge/worker.capnp"), "--control-fd=3", "--socket-addr=http=127.0.0.1:0", `--external-addr=aggregator=127.0.0.1:${port}`]);
const plainPort = await plain.says(/"event":"listen".*"port":(\d+)/, "control");
const edgePart = edge.runs.at(-1);
if (!edgePart) throw new Error("the edge did not start");

/** @type {[string, Part, number[]][]} */
const workers = [
  [`127.0.0.1:${plainPort}`, plain, []],
  [edge.address, edgePart, []],
];
try {
  for (const [address] of workers) await sendAll(address, BATCHES);
  for (let round = 0; round < ROUNDS; round++) {
    for (const [address, part, costs] of workers) {
      const before = await used(part);
      await sendAll(address, BATCHES);
      costs.push((await used(part) - before) / BATCHES);
    }
  }
} finally {
  await edge.stop();
  await plain.stop();
  aggregator.closeAllConnections();
  aggregator.close();
  agent.destroy();
}
const [theirs = [], ours = []] = workers.map(([, , costs]) => costs);
const print = (/** @type {object} */ figure) => console.log(JSON.stringify(figure));
print({ name: "JavaScript worker: parse, check, forward 20 events", value: median(theirs), unit: "µs" });
print({ name: "edge worker: parse, check, gate, sign, forward 20 events", value: median(ours), unit: "µs" });
print({ name: "edge / JavaScript worker", value: median(ours.map((cost, at) => cost / (theirs[at] ?? 1))), unit: "ratio", at_most: 1.5 });
