/** What every client is asked to say about one person, and whether the server has it. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { until } from "../harness/until.mjs";

/**
 * One call, in the words of Segment's HTTP API.
 *
 * @typedef {{
 *   type: "identify" | "track" | "page" | "screen" | "group" | "alias", userId?: string, anonymousId?: string, previousId?: string,
 *   groupId?: string, event?: string, name?: string, category?: string, properties?: any, traits?: any
 * }} Call
 * @typedef {{ url: string, writeKey: string }} Target
 */

/** Nobody else's user id. */
export const somebody = () => `u-${randomUUID()}`;

/** The e-mail address of a person. @param {string} userId */
export const emailOf = (userId) => `${userId}@example.org`;

/** The six calls about one person on one device; the screen is seen before they sign in. @param {string} userId @returns {Call[]} */
export function calls(userId) {
  const anonymousId = `device-of-${userId}`;
  return [
    { type: "screen", anonymousId, name: "Welcome", properties: { step: 1, dark: true } },
    { type: "identify", userId, traits: { email: emailOf(userId), plan: "pro", logins: 7, score: 0.5, address: { city: "Łódź" } } },
    { type: "track", userId, event: "Order Completed", properties: { order_id: "o-1", revenue: 12.5, quantity: 2, note: "gift 🎁", coupon: null, products: [{ sku: "s1", price: 6.25 }] } },
    { type: "page", userId, category: "Docs", name: "Home", properties: { depth: 3 } },
    { type: "group", userId, groupId: "g-1", traits: { name: "Acme", employees: 3 } },
    { type: "alias", userId, previousId: anonymousId },
  ];
}

/** Traits of an event: RudderStack's clients have them in the context. @param {any} event */
const traitsOf = (event) => ({ ...event.context?.traits, ...event.traits });

/** What a call is called, in an event of the timeline or before it was sent. @param {any} call @returns {string} */
const title = ({ type, event, name }) => [type, event ?? name].filter(Boolean).join(" ");

/**
 * Waits until the calls are in the person's timeline, then checks that each is there once and whole, and nothing else is.
 *
 * @param {import("../harness/stack.mjs").Stack} stack
 * @param {string} userId
 * @param {Call[]} said
 * @returns {Promise<any[]>} the timeline
 */
export async function everyCallOnce({ api, headwater }, userId, said) {
  const read = () => api.timeline(`user_id:${userId}`);
  await until("every call is in the timeline", async () => (await read()).length >= said.length, { within: 30_000, seen: read });
  // The log keeps its order: whatever the client has sent twice is in the timeline before this.
  const marker = randomUUID();
  const answer = await fetch(`${headwater.url}/v1/track`, { method: "POST", body: JSON.stringify({ writeKey: headwater.keys.server_write_key, messageId: marker, userId, event: "Marker" }) });
  assert.equal(answer.status, 200);
  const timeline = await until("the marker is in the timeline", async () => {
    const events = await read();
    return events.some(({ messageId }) => messageId === marker) && events.filter(({ messageId }) => messageId !== marker);
  });
  assert.deepEqual(timeline.map(title).sort(), said.map(title).sort(), "every call once");
  for (const call of said) {
    const event = timeline.find((candidate) => title(candidate) === title(call));
    for (const [key, value] of Object.entries(call.properties ?? {})) assert.deepEqual(event.properties[key], value, `${title(call)}: ${key}`);
    for (const [key, value] of Object.entries(call.traits ?? {})) assert.deepEqual(traitsOf(event)[key], value, `${title(call)}: ${key}`);
    for (const key of /** @type {const} */ (["groupId", "category"])) if (call[key]) assert.equal(event[key] ?? event.extra?.[key], call[key], `${title(call)}: ${key}`);
  }
  const profile = await api.profile(`user_id:${userId}`);
  const traits = said.find(({ type }) => type === "identify")?.traits;
  for (const [key, value] of Object.entries(traits)) assert.deepEqual(profile.traits[key], value, `the profile's ${key}`);
  return timeline;
}
