/** Three looks at sneakers, and the hero of the shop is about sneakers. */
import assert from "node:assert/strict";
import { accept, follow, inspect, open, sdkIsHere } from "../harness/shopper.mjs";
import { until } from "../harness/until.mjs";
import { batches, deliveries } from "../harness/wire.mjs";

const LOOKED_AT = ["fen-runner", "scree-low", "harbour-court"];
const HERO = "home-hero";

/** @param {import("../harness/stack.mjs").Stack} stack @param {import("../harness/browser.mjs").Visitor} guest */
export async function heroChangesWithTheThirdView({ shop, proxy }, guest) {
  const before = batches(proxy).length;
  const page = await guest.tab();
  await open(page, shop.url);
  await accept(page, ["analytics", "personalization"]);
  const { engine } = await inspect(page);
  await follow(page, "/c/sneakers");
  const hero = page.locator(`[data-placement="${HERO}"]`);

  for (const [index, slug] of LOOKED_AT.entries()) {
    await follow(page, `/p/${slug}`);
    await sdkIsHere(page);
    const view = await until(`the reply to the view of ${slug}`, () =>
      deliveries(proxy, before).find(({ message, outcome }) => outcome === "ok" && message.event === "Product Viewed" && message.properties.url.endsWith(slug)),
    );
    const decision = view.batch.reply.decisions?.[HERO];
    assert.ok(decision, `the reply to view ${index + 1} carries a decision`);
    if (index < LOOKED_AT.length - 1) {
      assert.equal(decision.variant, null, `view ${index + 1} is too early`);
      assert.equal(await hero.getAttribute("data-variant"), "default");
    } else {
      assert.equal(decision.variant, "sneakers", "the reply to the third view");
      assert.match(decision.reasons.join(" "), /audience/, "the decision says why");
      await page.locator(`[data-placement="${HERO}"][data-variant="sneakers"]`).waitFor();
      assert.equal(await page.locator("[data-hero-title]").textContent(), decision.value.title);
      const replies = batches(proxy).slice(before);
      const earlier = replies.slice(
        0,
        replies.findIndex(({ exchange }) => exchange === view.batch.exchange),
      );
      assert.ok(
        earlier.every(({ reply }) => !reply?.decisions?.[HERO]?.variant),
        "no earlier reply decided for sneakers",
      );
    }
  }
  return { page, engine };
}
