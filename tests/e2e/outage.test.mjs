import assert from "node:assert/strict";
import { allArriveOnce, anonymousId, arrived, ledgerReconciles, track } from "../harness/arrivals.mjs";
import { acceptAll, inspect, open } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { never, until } from "../harness/until.mjs";
import { batches, stored } from "../harness/wire.mjs";

const OUTAGE = 20_000;
const check = onStack();

check("the edge answers 503 for 20 seconds: all events arrive, once", async ({ shop, api, proxy, visitor }) => {
  const page = await (await visitor()).tab();
  await open(page, shop.url);
  await acceptAll(page);
  const id = await anonymousId(page);
  await until("what the page itself says is stored", async () => (await inspect(page)).queued === 0);

  proxy.fault = { status: 503 };
  const begin = batches(proxy).length;
  await track(page, "Outage", 3);
  await until("the first refusal", () => batches(proxy).length > begin);
  await track(page, "Outage", 2, 4);
  await never("stored although refused", OUTAGE, () => stored(proxy, "Outage").size);
  const tries = batches(proxy).length - begin;
  assert.ok(tries >= 2 && tries <= 12, `it keeps trying, with patience: ${tries} tries in 20 s`);
  assert.equal((await inspect(page)).queued, 5);
  proxy.fault = undefined;
  await allArriveOnce(api, id, "Outage", 5, 45_000);
  await ledgerReconciles(api);
}, { timeout: 120_000 });

check("the server is killed in the middle and comes back: the page notices nothing, all events arrive, once", async ({ shop, api, proxy, headwater, visitor }) => {
  const page = await (await visitor()).tab();
  await open(page, shop.url);
  await acceptAll(page);
  const id = await anonymousId(page);
  // Events keep coming before, during and after; the kill hits whatever is under way.
  await page.evaluate(() => {
    let n = 0;
    const timer = setInterval(() => {
      n += 1;
      window.headwater.track("Killed", { n });
      if (n === 60) clearInterval(timer);
    }, 25);
  });
  await until("some events are acknowledged", () => stored(proxy, "Killed").size >= 5);
  const begin = batches(proxy).length;
  await headwater.crash();
  const acknowledged = await until("the edge takes all the others", () => stored(proxy, "Killed").size === 60 && stored(proxy, "Killed"), { within: 20_000 });
  assert.ok(batches(proxy).slice(begin).every(({ exchange }) => exchange.status === 200), "and refuses none");
  await headwater.serve();
  await allArriveOnce(api, id, "Killed", 60, 45_000);
  const survived = await arrived(api, id, "Killed");
  assert.deepEqual(
    [...acknowledged].filter((n) => !survived.includes(n)),
    [],
    "what was acknowledged was durable",
  );
  await ledgerReconciles(api);
}, { timeout: 120_000 });
