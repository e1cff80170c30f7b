/** Server, edge and the network between them, for tests that need neither shop nor browser. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { Edge } from "./edge.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { Headwater } from "./headwater.mjs";
import { Sender } from "./sender.mjs";
import { ServerApi } from "./server-api.mjs";
import { TcpProxy } from "./tcp-proxy.mjs";
import { until } from "./until.mjs";

/**
 * @typedef {{ through?: "network" | "inner", buffer?: import("./edge.mjs").Options["buffer"], databaseUrl?: () => string }} Options `through`
 *   is the proxy on the edge's way to the server
 * @typedef {{
 *   headwater: Headwater, api: ServerApi, edge: Edge, network: TcpProxy, inner: FaultProxy,
 *   sender: (to: { url: string }) => Sender
 * }} Collecting `network` breaks connections, `inner` answers instead of the server
 */

/**
 * A test with parts of its own; their logs are printed when it fails.
 *
 * @param {string} name
 * @param {Options} options
 * @param {(parts: Collecting) => Promise<void>} run
 */
export function collecting(name, options, run) {
  test(name, { timeout: 180_000 + 6 * outage() }, async () => {
    /** In the order of starting. @type {{ log?: string, stop: () => Promise<void> }[]} */
    const parts = [];
    /** @template {{ log?: string, stop: () => Promise<void> }} T @param {Promise<T>} starting */
    async function started(starting) {
      const part = await starting;
      parts.push(part);
      return part;
    }
    /** @type {Sender[]} */
    const senders = [];
    try {
      const headwater = await started(Headwater.start({ databaseUrl: options.databaseUrl?.() }));
      const network = await started(TcpProxy.start(headwater.address));
      const inner = await started(FaultProxy.start(headwater.address));
      const aggregator = { direct: headwater, network, inner }[options.through ?? "direct"].address;
      const edge = await started(Edge.start({ aggregator, secret: headwater.keys.edge_secret, buffer: options.buffer }));
      const api = new ServerApi(() => headwater.url, headwater.keys.token);
      const trait = await api.call("/api/v1/computed_traits", { method: "POST", body: JSON.stringify({ key: "sent", event: "Sent", aggregate: "count" }) });
      assert.ok(trait.ok, await trait.text());
      /** @param {{ url: string }} to */
      const sender = (to) => {
        const one = new Sender(() => to.url, headwater.keys.write_key);
        senders.push(one);
        return one;
      };
      await run({ headwater, api, edge, network, inner, sender });
    } catch (error) {
      for (const { log } of parts) if (log) console.error(`---\n${log}`);
      throw error;
    } finally {
      await Promise.allSettled(senders.map((sender) => sender.abandon()));
      for (const part of parts.reverse()) await part.stop();
    }
  });
}

/** How long outages last beyond what the test itself waits for, in milliseconds: HEADWATER_OUTAGE_SECONDS, by default none. */
export function outage() {
  return Number(process.env.HEADWATER_OUTAGE_SECONDS ?? 0) * 1_000;
}

/** Waits out the rest of an outage. */
export function lasts() {
  return new Promise((resolve) => setTimeout(resolve, outage()));
}

/** Everything that was acknowledged is there once, in the timeline and in what the pipeline counted. @param {ServerApi} api @param {Sender} sender */
export async function everythingArrivedOnce(api, sender) {
  const timeline = await sender.allArrivedOnce(api, 60_000 + 3 * outage());
  await until(
    "the pipeline counted each event once",
    async () => (await api.profile(`anonymous_id:${sender.anonymousId}`)).computed_traits.sent === timeline.length,
    { seen: () => timeline.length },
  );
}
