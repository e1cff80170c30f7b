import assert from "node:assert/strict";
import { allArriveOnce, anonymousId, ledgerReconciles, track } from "../harness/arrivals.mjs";
import { acceptAll, open, sdkIsHere } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";
import { deliveries } from "../harness/wire.mjs";

const check = onStack();

/** What reached the edge of one browser. @param {import("../harness/fault-proxy.mjs").FaultProxy} proxy @param {string} id */
function of(proxy, id) {
  return deliveries(proxy).filter(({ message, batch }) => message.anonymousId === id && batch.exchange.status !== 503);
}

/** Every message crossed the wire once, and no two have the same number. @param {import("../harness/fault-proxy.mjs").FaultProxy} proxy @param {string} id */
function assertOnce(proxy, id) {
  const sent = of(proxy, id).map(({ message }) => message);
  assert.equal(new Set(sent.map(({ messageId }) => messageId)).size, sent.length, "no message was sent twice");
  const numbers = sent.map(({ context }) => `${context.ledger.tab}:${context.ledger.seq}`);
  assert.equal(new Set(numbers).size, numbers.length, "no number was given twice");
}

check("three tabs at once are one visitor, without loss and without duplicates", async ({ shop, api, proxy, visitor }) => {
  const guest = await visitor();
  const first = await guest.tab();
  await open(first, shop.url);
  await acceptAll(first);
  const id = await anonymousId(first);
  const tabs = [first, await guest.tab(), await guest.tab()];
  await Promise.all(tabs.slice(1).map((tab) => open(tab, `${shop.url}/c/bags`)));
  // All three send at the same time.
  await Promise.all(tabs.map((tab, index) => track(tab, `Tab ${index}`, 40)));
  for (const [index, tab] of tabs.entries()) {
    assert.equal(await anonymousId(tab), id);
    await allArriveOnce(api, id, `Tab ${index}`, 40);
  }
  assertOnce(proxy, id);
  await ledgerReconciles(api);
});

check("tabs opened together for the first time after a choice share one id", async ({ shop, api, visitor }) => {
  const guest = await visitor();
  const first = await guest.tab();
  await first.goto(shop.url);
  await acceptAll(first);
  await anonymousId(first);
  await first.close();
  const tabs = await Promise.all([guest.tab(), guest.tab(), guest.tab()]);
  await Promise.all(tabs.map((tab) => open(tab, shop.url)));
  const ids = await Promise.all(tabs.map(anonymousId));
  assert.equal(new Set(ids).size, 1, `one browser, one id: ${ids}`);
  await ledgerReconciles(api);
});

check("a duplicated tab counts for itself", async ({ shop, api, proxy, visitor }) => {
  const guest = await visitor();
  const original = await guest.tab();
  await open(original, shop.url);
  await acceptAll(original);
  const id = await anonymousId(original);
  await track(original, "Original", 5);
  // A window that a page opens begins with a copy of the page's session storage, as a duplicated tab does.
  const [copy] = await Promise.all([guest.context.waitForEvent("page"), original.evaluate(() => void window.open("/c/bags"))]);
  await sdkIsHere(copy);
  await Promise.all([track(copy, "Copy", 20), track(original, "Original", 20, 6)]);
  await allArriveOnce(api, id, "Original", 25);
  await allArriveOnce(api, id, "Copy", 20);
  assertOnce(proxy, id);
  await ledgerReconciles(api);
});

check("what a closed tab left is sent by one of the tabs that open next", async ({ shop, api, proxy, visitor }) => {
  const guest = await visitor();
  const page = await guest.tab();
  await open(page, shop.url);
  await acceptAll(page);
  const id = await anonymousId(page);
  await until("the page's own events are stored", () => of(proxy, id).some(({ outcome }) => outcome === "ok"));
  // Not by the browser's own switch to offline: it lets the beacon of a tab that closes through now and then, and what a
  // beacon brought is sent again, since nobody heard an answer.
  proxy.fault = { status: 503 };
  await track(page, "Orphan", 30);
  await page.close();
  await until("the tab's last words were refused", () => proxy.posts.some(({ status, headers }) => status === 503 && headers["sec-fetch-mode"] === "no-cors"));
  proxy.fault = undefined;
  const tabs = await Promise.all([guest.tab(), guest.tab(), guest.tab()]);
  await Promise.all(tabs.map((tab) => open(tab, shop.url)));
  await allArriveOnce(api, id, "Orphan", 30);
  assertOnce(proxy, id);
  await ledgerReconciles(api);
});
