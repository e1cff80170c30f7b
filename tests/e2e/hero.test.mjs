import assert from "node:assert/strict";
import { heroChangesWithTheThirdView } from "../scenarios/hero.mjs";
import { accept, follow, open, sdkIsHere } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";
import { batches, deliveries } from "../harness/wire.mjs";

const check = onStack();

check("the hero changes in the reply to the third product view, not before", async (stack) => {
  const guest = await stack.visitor();
  const { engine } = await heroChangesWithTheThirdView(stack, guest);
  assert.equal(engine, "wasm", "where WebAssembly is allowed, it is used");
});

check("without consent to personalization the hero stays as it is", async ({ shop, proxy, visitor }) => {
  const before = batches(proxy).length;
  const page = await (await visitor()).tab();
  await open(page, shop.url);
  await accept(page, ["analytics"]);
  await follow(page, "/c/sneakers");
  for (const slug of ["fen-runner", "scree-low", "harbour-court"]) {
    await follow(page, `/p/${slug}`);
    await sdkIsHere(page);
  }
  await until("all three views are stored", () => {
    const views = deliveries(proxy, before).filter(({ message, outcome }) => outcome === "ok" && message.event === "Product Viewed");
    return new Set(views.map(({ message }) => message.messageId)).size === 3;
  });
  for (const { body, reply } of batches(proxy).slice(before)) {
    assert.equal(body.placements, undefined, "nobody asked for decisions");
    assert.equal(reply?.decisions, undefined, "nobody got decisions");
  }
  assert.equal(await page.locator('[data-placement="home-hero"]').getAttribute("data-variant"), "default");
});
