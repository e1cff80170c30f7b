import assert from "node:assert/strict";
import { kept } from "../harness/device.mjs";
import { follow, inspect, open, sdkIsHere } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { never, until } from "../harness/until.mjs";

onStack()("before any choice nothing is stored and nothing is sent", async ({ shop, proxy, visitor }) => {
  const guest = await visitor();
  const page = await guest.tab();
  const strangers = () => guest.requestsTo(proxy.url).filter(({ method, url }) => method !== "GET" || !url.startsWith(`${proxy.url}/sdk/`));

  await open(page, shop.url);
  await follow(page, "/c/sneakers");
  await sdkIsHere(page);
  await follow(page, "/p/fen-runner");
  await sdkIsHere(page);
  await page.locator("h1").click();
  await until("page view and product view are captured", async () => (await inspect(page)).held >= 2);
  assert.deepEqual(await kept(page), [], "browsing wrote to the device");

  await page.getByRole("button", { name: "Add to bag" }).click();
  await until("the click is captured", async () => (await inspect(page)).held >= 3);
  const state = await inspect(page);
  assert.equal(state.anonymousId || "", "", "an id was made");
  assert.equal(state.consent.analytics, "pending");

  // Long enough for any batch, timer or first retry; then the page is left, which is when SDKs send their rest.
  await never("a request left before the choice", 2_000, () => strangers()[0]);
  assert.deepEqual(await kept(page), ["session:shop_bag"], "only the shop's own bag is kept");
  const other = await guest.tab();
  await open(other, shop.url);
  await page.close();
  await never("a request left with the page", 500, () => strangers()[0]);
  assert.deepEqual(await kept(other), []);

  assert.deepEqual(
    proxy.exchanges.filter(({ method, path }) => method !== "GET" || !path.startsWith("/sdk/")).map(({ method, path }) => `${method} ${path}`),
    [],
    "something else reached the edge",
  );
  for (const { path, headers, replyHeaders } of proxy.exchanges) {
    assert.equal(headers.cookie, undefined, `${path} carried a cookie`);
    assert.equal(replyHeaders["set-cookie"], undefined, `${path} set a cookie`);
  }
});
