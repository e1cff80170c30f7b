import assert from "node:assert/strict";
import { anonymousId, arrived, ledgerReconciles, track } from "../harness/arrivals.mjs";
import { kept, keptByHeadwater, storedBytes } from "../harness/device.mjs";
import { acceptAll, buy, inspect, open } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

const EVENTS = 4_000;
const check = onStack();

check("a blocked collector: nothing throws, storage and requests stay bounded, and the ledger tells what was dropped", async ({ shop, api, proxy, visitor }) => {
  const guest = await visitor();
  const page = await guest.tab();
  await guest.context.route(`${proxy.url}/v1/**`, (route) => route.abort("blockedbyclient"));
  await open(page, shop.url);
  await acceptAll(page);
  const id = await anonymousId(page);
  for (let first = 1; first <= EVENTS; first += 500) await track(page, "Blocked", 500, first);
  const { queued } = await inspect(page);
  assert.ok(queued > 0 && queued <= 1_000, `the queue is bounded: ${queued}`);
  const bytes = await storedBytes(page);
  assert.ok(bytes > 0 && bytes < 1_200_000, `storage is bounded: ${bytes} bytes`);
  const tries = guest.requestsTo(proxy.url).filter(({ method }) => method === "POST").length;
  assert.ok(tries >= 1 && tries <= 12, `a blocked collector is not hammered: ${tries} tries`);

  await guest.context.unroute(`${proxy.url}/v1/**`);
  await open(page, `${shop.url}/c/bags`);
  await until("the rest is sent once the way is free", async () => (await inspect(page)).queued === 0, { within: 30_000 });
  const numbers = await arrived(api, id, "Blocked");
  assert.equal(new Set(numbers).size, numbers.length, "none twice");
  assert.ok(numbers.length > 0 && numbers.length <= 1_000);
  assert.equal(numbers.at(-1), EVENTS, "the newest are kept, the oldest dropped");
  const ledger = await ledgerReconciles(api);
  assert.ok(ledger.outcomes.dropped >= EVENTS - 1_000, `the rest is accounted for: ${JSON.stringify(ledger)}`);
  assert.deepEqual((await keptByHeadwater(page)).filter((name) => name.startsWith("local:hw:q:")), [], "nothing sent is still stored");
});

check("a blocked SDK: the shop sells all the same", async ({ shop, proxy, visitor }) => {
  const guest = await visitor();
  const page = await guest.tab();
  await guest.context.route(`${proxy.url}/**`, (route) => route.abort("blockedbyclient"));
  await page.goto(`${shop.url}/p/fen-runner`);
  await acceptAll(page);
  await buy(page, { email: "blocked@tarn.test", name: "Block Er" });
  assert.deepEqual(await kept(page), ["cookie:cc_cookie", "session:shop_orders"]);
});
