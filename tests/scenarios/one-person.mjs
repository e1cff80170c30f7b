/** One person, two browsers, one profile. */
import assert from "node:assert/strict";
import { anonymousId } from "../harness/arrivals.mjs";
import { acceptAll, follow, open, sdkIsHere, signIn } from "../harness/shopper.mjs";
import { until } from "../harness/until.mjs";
import { nameOf } from "../harness/wire.mjs";

const SIGNING_IN = ["page Account", "identify", "Signed In"];
const FIRST = ["page Home", "page Category", "Product List Viewed", "page Product", "Product Viewed", ...SIGNING_IN];
const SECOND = ["page Product", "Product Viewed", ...SIGNING_IN];

/**
 * @param {import("../harness/stack.mjs").Stack} stack
 * @param {import("../harness/browser.mjs").Visitor} first
 * @param {import("../harness/browser.mjs").Visitor} second
 * @param {{ email: string, name: string }} who
 */
export async function twoBrowsersBecomeOneProfile({ shop, api }, first, second, who) {
  const one = await first.tab();
  await open(one, shop.url);
  await acceptAll(one);
  await follow(one, "/c/jackets");
  await sdkIsHere(one);
  await follow(one, "/p/squall-shell");
  await sdkIsHere(one);
  await signIn(one, who);
  const firstId = await anonymousId(one);
  await until("the first browser's sign-in is in the profile", async () => (await api.timeline(`email:${who.email}`)).length >= FIRST.length);

  const two = await second.tab();
  await open(two, `${shop.url}/p/lock-rolltop`);
  await acceptAll(two);
  const secondId = await anonymousId(two);
  assert.notEqual(firstId, secondId, "two browsers, two ids");
  await signIn(two, who);

  const profile = await until("one profile has both browsers' ids", async () => {
    const found = await api.profile(`email:${who.email}`);
    return idsOf(found).length === 2 && found;
  });
  assert.deepEqual(idsOf(profile), [firstId, secondId].sort());
  assert.equal((await api.profile(`anonymous_id:${firstId}`)).id, profile.id);
  assert.equal((await api.profile(`anonymous_id:${secondId}`)).id, profile.id);
  assert.equal(profile.traits.email, who.email);

  const expected = [...FIRST, ...SECOND];
  const timeline = await until("the timeline is complete", async () => {
    const events = await api.timeline(`email:${who.email}`);
    return events.length >= expected.length && events;
  });
  assert.deepEqual(timeline.map(nameOf), expected, "every event of both browsers once, in order");
  assert.equal(new Set(timeline.map((event) => event.messageId)).size, expected.length);
  assert.deepEqual(
    timeline.map((event) => event.anonymousId),
    [...FIRST.map(() => firstId), ...SECOND.map(() => secondId)],
  );

  // What was captured before the choice came too, with the record of its release beside the untouched first one.
  const held = [0, FIRST.length, FIRST.length + 1];
  for (const [index, { receipt }] of timeline.entries()) {
    if (held.includes(index)) {
      assert.equal(receipt.categoryPreferences.analytics, undefined, "nothing was chosen at capture");
      assert.equal(receipt.release.categoryPreferences.analytics, true);
    } else {
      assert.equal(receipt.categoryPreferences.analytics, true);
      assert.equal(receipt.release, undefined);
    }
  }
  return { one, two };
}

/** @param {any} profile @returns {string[]} */
function idsOf(profile) {
  return (profile?.identifiers ?? [])
    .filter((/** @type {any} */ { kind }) => kind === "anonymous_id")
    .map((/** @type {any} */ { value }) => value)
    .sort();
}
