import assert from "node:assert/strict";
import { allArriveOnce, anonymousId, arrived, ledgerReconciles, track } from "../harness/arrivals.mjs";
import { acceptAll, inspect, open } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

const check = onStack();

check("five events made offline arrive when the network is back", async ({ shop, api, visitor }) => {
  const guest = await visitor();
  const page = await guest.tab();
  await open(page, shop.url);
  await acceptAll(page);
  const id = await anonymousId(page);
  await track(page, "Before", 1);
  await allArriveOnce(api, id, "Before", 1);

  await guest.context.setOffline(true);
  await track(page, "Offline", 5);
  await until("all five wait", async () => (await inspect(page)).queued === 5);
  assert.deepEqual(await arrived(api, id, "Offline"), [], "nothing can have arrived");
  await guest.context.setOffline(false);
  await allArriveOnce(api, id, "Offline", 5);
  await ledgerReconciles(api);
});

check("made offline, page closed, reopened: all arrive", async ({ shop, api, proxy, visitor }) => {
  const guest = await visitor();
  const page = await guest.tab();
  await open(page, shop.url);
  await acceptAll(page);
  const id = await anonymousId(page);
  await guest.context.setOffline(true);
  // The browser's switch lets the beacon of a tab that closes through now and then.
  proxy.fault = "cut";
  await track(page, "Closed", 10);
  await page.close();
  assert.deepEqual(await arrived(api, id, "Closed"), []);
  proxy.fault = undefined;
  await guest.context.setOffline(false);

  const again = await guest.tab();
  await open(again, `${shop.url}/c/bags`);
  await allArriveOnce(api, id, "Closed", 10);
  assert.equal(await anonymousId(again), id, "the same browser is the same visitor");
  await ledgerReconciles(api);
});
