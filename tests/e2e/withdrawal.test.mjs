import assert from "node:assert/strict";
import { allArriveOnce, anonymousId, ledgerReconciles, track } from "../harness/arrivals.mjs";
import { kept, keptByHeadwater } from "../harness/device.mjs";
import { acceptAll, inspect, open, sdkIsHere, withdraw } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { never, until } from "../harness/until.mjs";

onStack()("withdrawing purges the device, stops every tab and tells the edge", async ({ shop, api, proxy, visitor }) => {
  const guest = await visitor();
  const page = await guest.tab();
  await open(page, shop.url);
  await acceptAll(page);
  const id = await anonymousId(page);
  const other = await guest.tab();
  await open(other, `${shop.url}/c/bags`);
  assert.equal(await anonymousId(other), id);
  await track(page, "Allowed", 2);
  await track(other, "Allowed", 1, 3);
  await until("all of it is stored", async () => (await api.timeline(`anonymous_id:${id}`)).filter(({ event }) => event === "Allowed").length === 3);
  await ledgerReconciles(api);
  assert.ok((await keptByHeadwater(page)).length > 0, "there was something to purge");

  await withdraw(page);
  await page.waitForFunction(() => window.headwater.inspect().consent.analytics === "denied");
  await until("the other tab heard of it", async () => (await inspect(other)).consent.analytics === "denied");
  const told = await until("the edge was told", () => proxy.posts.find(({ path }) => path === "/v1/consent"));
  const { anonymousId: whose, consent } = JSON.parse(told.body.toString());
  assert.equal(whose, id);
  assert.deepEqual([consent.categoryPreferences.analytics, consent.source], [false, "banner"]);
  const sentSoFar = proxy.posts.length;
  assert.deepEqual(await keptByHeadwater(page), [], "nothing of ours is left");
  assert.deepEqual(await keptByHeadwater(other), [], "nor in the other tab");

  await track(page, "Forbidden", 5);
  await track(other, "Forbidden", 5);
  await other.goto(`${shop.url}/p/fen-runner`);
  await sdkIsHere(other);
  await page.reload();
  await sdkIsHere(page);
  await never("a request left after the withdrawal", 2_000, () => proxy.posts.length > sentSoFar);
  assert.deepEqual(await kept(page), ["cookie:cc_cookie"]);
  assert.deepEqual(await kept(other), ["cookie:cc_cookie"]);
  assert.equal((await inspect(page)).anonymousId || "", "", "the id is gone");
  assert.equal((await api.timeline(`anonymous_id:${id}`)).filter(({ event }) => event === "Forbidden").length, 0);
  await allArriveOnce(api, id, "Allowed", 3);
});
