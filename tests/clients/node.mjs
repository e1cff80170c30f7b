/** Clients for Node, as their packages are published. Each says the calls and returns when the server has taken them. */
import { createRequire } from "node:module";
import { Analytics } from "@segment/analytics-node";

/** @typedef {import("./calls.mjs").Call} Call @typedef {import("./calls.mjs").Target} Target */

/** For packages without types. @type {(name: string) => any} */
const load = createRequire(import.meta.url);

/** `@segment/analytics-node`. @param {Target} target @param {Call[]} said */
export async function segmentNode({ url, writeKey }, said) {
  const analytics = new Analytics({ writeKey, host: url });
  for (const { type, ...call } of said) /** @type {any} */ (analytics)[type](call);
  await analytics.closeAndFlush({ timeout: 60_000 });
}

/** `analytics-node`, which came before it. @param {Target} target @param {Call[]} said */
export function segmentNodeLegacy({ url, writeKey }, said) {
  const Legacy = load("analytics-node");
  return answered(new Legacy(writeKey, { host: url }), said);
}

/** `@rudderstack/rudder-sdk-node`, which compresses unless it is told not to. @param {Target} target @param {Call[]} said */
export function rudderNode({ url, writeKey }, said) {
  const Rudder = load("@rudderstack/rudder-sdk-node");
  return answered(new Rudder(writeKey, { dataPlaneUrl: url, logLevel: "error" }), said);
}

/** Says the calls to a client that calls back for each of them. @param {any} client @param {Call[]} said */
async function answered(client, said) {
  const answers = said.map(({ type, ...call }) => new Promise((resolve, reject) => client[type](call, (/** @type {unknown} */ error) => (error ? reject(error) : resolve(undefined)))));
  client.flush();
  await Promise.all(answers);
}
