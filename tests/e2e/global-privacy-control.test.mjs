import assert from "node:assert/strict";
import { allArriveOnce, anonymousId, track } from "../harness/arrivals.mjs";
import { acceptAll, inspect, open } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { deliveries } from "../harness/wire.mjs";

const check = onStack();

check("Global Privacy Control denies advertising and sale though the banner accepts all", async ({ shop, api, proxy, visitor }) => {
  const guest = await visitor({ before: () => Object.defineProperty(Navigator.prototype, "globalPrivacyControl", { get: () => true }) });
  const page = await guest.tab();
  await open(page, shop.url);
  await acceptAll(page);
  const id = await anonymousId(page);
  const { consent } = await inspect(page);
  assert.equal(consent.analytics, "granted");
  assert.equal(consent.advertising, "denied");
  assert.equal(consent.sale_or_share, "denied");
  await track(page, "Private", 3);
  await allArriveOnce(api, id, "Private", 3);

  for (const { message } of deliveries(proxy).filter(({ message }) => message.anonymousId === id)) {
    const { categoryPreferences, release } = message.context.consent;
    for (const choices of [categoryPreferences, ...(release ? [release.categoryPreferences] : [])]) {
      assert.notEqual(choices.advertising, true);
      assert.notEqual(choices.sale_or_share, true);
    }
  }
  const events = (await api.timeline(`anonymous_id:${id}`)).filter(({ event }) => event === "Private");
  for (const { receipt } of events) {
    const { analytics, advertising, sale_or_share: sale } = receipt.categoryPreferences;
    assert.deepEqual({ analytics, advertising, sale }, { analytics: true, advertising: false, sale: false });
    assert.equal(receipt.gpc, true);
  }
  const profile = await api.profile(`anonymous_id:${id}`);
  assert.equal(profile.consent.advertising, false);
  assert.equal(profile.consent.sale_or_share, false);
  assert.equal(profile.consent.analytics, true);
});

check("without it, the same banner grants advertising", async ({ shop, visitor }) => {
  const page = await (await visitor()).tab();
  await open(page, shop.url);
  await acceptAll(page);
  await anonymousId(page);
  assert.equal((await inspect(page)).consent.advertising, "granted");
});
