import assert from "node:assert/strict";
import { kept, keptByHeadwater } from "../harness/device.mjs";
import { buy, inspect, open, refuseAll, sdkIsHere } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { never } from "../harness/until.mjs";

onStack()("whoever refuses leaves nothing behind, and the shop works to the thank-you page", async ({ shop, proxy, visitor }) => {
  const guest = await visitor();
  const page = await guest.tab();
  await open(page, `${shop.url}/p/fen-runner`);
  assert.ok((await inspect(page)).held > 0, "there was something to discard");
  await refuseAll(page);
  await page.waitForFunction(() => window.headwater.inspect().consent.analytics === "denied");
  assert.equal((await inspect(page)).held, 0, "what was held is discarded");
  assert.deepEqual(await kept(page), ["cookie:cc_cookie"], "only the banner's own memory of the choice");

  await buy(page, { email: "no@tarn.test", name: "No Thanks" });
  await sdkIsHere(page);
  assert.equal((await inspect(page)).consent.analytics, "denied", "the choice holds on later pages");
  assert.deepEqual(await keptByHeadwater(page), []);
  const sent = () => proxy.exchanges.find(({ method, path }) => method !== "GET" || !path.startsWith("/sdk/"));
  await never("a request left after the refusal", 1_500, sent);
  await page.close();
  await never("a request left with the page", 300, sent);
  assert.deepEqual(
    guest.requestsTo(proxy.url).filter(({ url }) => !url.startsWith(`${proxy.url}/sdk/`)),
    [],
  );
});
