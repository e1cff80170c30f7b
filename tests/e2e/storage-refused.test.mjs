import assert from "node:assert/strict";
import { allArriveOnce, anonymousId, track } from "../harness/arrivals.mjs";
import { open } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { deliveries } from "../harness/wire.mjs";

/** As in a sandboxed frame: every door to the device throws. */
function refuseStorage() {
  const refuse = () => {
    throw Object.assign(new Error("The operation is insecure."), { name: "SecurityError" });
  };
  for (const name of ["localStorage", "sessionStorage", "indexedDB", "caches"]) Object.defineProperty(window, name, { get: refuse });
  Object.defineProperty(Document.prototype, "cookie", { get: refuse, set: refuse });
}

onStack()("where storage is refused, events still arrive and nothing throws", async ({ shop, api, proxy, visitor }) => {
  // The banner cannot read its cookie and says so; the choice comes through the API here.
  const guest = await visitor({ before: refuseStorage, accepted: [/\/vendor\/cookieconsent/] });
  const page = await guest.tab();
  await open(page, shop.url);
  await page.evaluate(() => window.headwater.consent({ analytics: true, personalization: true }));
  const id = await anonymousId(page);
  await track(page, "Memory", 12);
  await allArriveOnce(api, id, "Memory", 12);
  const sent = deliveries(proxy).find(({ message }) => message.event === "Memory");
  assert.equal(sent?.message.context.storage, "memory", "the event says that its id does not last");
  assert.equal(await anonymousId(page), id, "the id holds for the page");
});
