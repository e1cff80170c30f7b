import { allArriveOnce, anonymousId, ledgerReconciles } from "../harness/arrivals.mjs";
import { acceptAll, open } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";

const check = onStack();

for (const count of [20, 60, 150]) {
  check(`${count} events and the page is left in the same moment: all arrive, once`, async ({ shop, api, visitor }) => {
    const page = await (await visitor()).tab();
    await open(page, shop.url);
    await acceptAll(page);
    const id = await anonymousId(page);
    await page.evaluate((count) => {
      for (let n = 1; n <= count; n += 1) window.headwater.track("Burst", { n, text: "as a shop would send it, with a few properties", price: 119.5, currency: "EUR" });
      location.assign("/c/bags");
    }, count);
    await page.waitForURL((url) => url.pathname === "/c/bags");
    await allArriveOnce(api, id, "Burst", count);
    await ledgerReconciles(api);
  });
}
