/** OpenFeature's own providers, unchanged, read experiences as flags: from the worker and from the server's own edge. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { after, before } from "node:test";
import { flagsInNode } from "../clients/openfeature.mjs";
import { Site } from "../clients/site.mjs";
import { FaultProxy } from "../harness/fault-proxy.mjs";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

/** @typedef {import("../harness/stack.mjs").Stack} Stack */

const check = onStack();

/** @type {Site} */
let site;
before(async () => {
  site = await Site.start();
});
/** Proxies that tests have started. @type {FaultProxy[]} */
const proxies = [];
after(async () => {
  await site?.stop();
  await Promise.all(proxies.map((proxy) => proxy.stop()));
});

const CONSENT = { categoryPreferences: { analytics: true, personalization: true } };
const BANNER = { title: "Winter is here" };

/** Each way with a proxy that sees what crosses it. */
const WAYS = /** @type {const} */ ([
  ["the worker", async (/** @type {Stack} */ { proxy }) => proxy],
  [
    "the server's own edge",
    async (/** @type {Stack} */ { headwater }) => {
      const proxy = await FaultProxy.start(headwater.address);
      proxies.push(proxy);
      return proxy;
    },
  ],
]);

/** Makes experiences that everybody sees, and one that is switched off. @param {Stack} stack */
async function banners({ api }) {
  const known = await api.all("/api/v1/experiences");
  if (known.some(({ placement }) => placement === "banner")) return;
  for (const experience of [
    { name: "Season", placement: "banner", variants: [{ key: "winter", value: BANNER }] },
    { name: "Shipping", placement: "free-shipping", variants: [{ key: "on", value: true }] },
    { name: "Not yet", placement: "later", enabled: false, variants: [{ key: "on", value: true }] },
  ]) {
    const made = await api.call("/api/v1/experiences", { method: "POST", body: JSON.stringify(experience) });
    assert.equal(made.status, 201, await made.text());
  }
}

/** A browser's id whose person looked at sneakers three times. @param {Stack} stack @param {string} url */
async function sneakerFan({ headwater }, url) {
  const anonymousId = randomUUID();
  const view = () => ({ type: "track", event: "Product Viewed", messageId: randomUUID(), anonymousId, properties: { category: "sneakers" }, context: { consent: CONSENT } });
  const body = JSON.stringify({ writeKey: headwater.keys.write_key, anonymousId, placements: ["home-hero"], consent: CONSENT, batch: [view(), view(), view()] });
  const reply = await (await fetch(`${url}/v1/batch`, { method: "POST", body })).json();
  assert.equal(reply.decisions["home-hero"].variant, "sneakers", JSON.stringify(reply));
  return anonymousId;
}

for (const [title, way] of WAYS) {
  check(`@openfeature/ofrep-provider in Node, on ${title}`, async (stack) => {
    await banners(stack);
    const { url } = await way(stack);
    const flags = await flagsInNode({ url, writeKey: stack.headwater.keys.write_key });
    const targetingKey = await sneakerFan(stack, url);
    const context = { targetingKey, consent: CONSENT };

    const hero = await until("the edge has the experiences", async () => {
      const details = await flags.getObjectDetails("banner", { title: "Default" }, context);
      return details.variant && details;
    });
    assert.deepEqual([hero.value, hero.variant, hero.reason, hero.errorCode], [BANNER, "winter", "STATIC", undefined]);
    assert.match(String(hero.flagMetadata.why), /for everybody/);
    assert.equal(await flags.getBooleanValue("free-shipping", false, context), true);
    const mine = await flags.getObjectDetails("home-hero", {}, context);
    assert.deepEqual([mine.variant, mine.reason], ["sneakers", "TARGETING_MATCH"]);
    assert.match(String(mine.flagMetadata.why), /Sneaker fans/);

    const fallback = { title: "Default" };
    for (const [key, asked, code] of /** @type {const} */ ([
      ["nowhere", context, "FLAG_NOT_FOUND"],
      ["banner", { ...context, targetingKey: "ada@example.com" }, "INVALID_CONTEXT"],
      ["banner", { ...context, consent: { categoryPreferences: { personalisation: true } } }, "INVALID_CONTEXT"],
      ["banner", { consent: CONSENT }, "TARGETING_KEY_MISSING"],
      // This provider knows no answer without a value yet; the program's default is what it gives all the same.
      ["home-hero", { targetingKey: randomUUID(), consent: CONSENT }, "GENERAL"],
      ["later", context, "GENERAL"],
      ["banner", { targetingKey }, "GENERAL"],
    ])) {
      const details = await flags.getObjectDetails(key, fallback, asked);
      assert.deepEqual([details.value, details.errorCode], [fallback, code], `${key} ${JSON.stringify(asked)}: ${details.errorMessage}`);
    }
    const stranger = await flagsInNode({ url, writeKey: "wk_nobody" });
    assert.deepEqual(await stranger.getObjectValue("banner", fallback, context), fallback);
  });

  check(`@openfeature/ofrep-web-provider in Chromium, on ${title}`, async (stack) => {
    await banners(stack);
    const proxy = await way(stack);
    const begin = proxy.exchanges.length;
    const targetingKey = await sneakerFan(stack, proxy.url);
    const page = await (await stack.visitor()).tab();
    await page.goto(site.url);
    const ask = (/** @type {object} */ context, writeKey = stack.headwater.keys.write_key) =>
      page.evaluate(([target, context]) => window.clients.flags(target, context), /** @type {const} */ ([{ url: proxy.url, writeKey }, context]));

    const agreed = await until("the edge has the experiences", async () => {
      const { details } = await ask({ targetingKey, consent: CONSENT });
      return details.banner.variant && details;
    });
    assert.deepEqual([agreed.banner.value, agreed.banner.reason], [BANNER, "STATIC"]);
    assert.deepEqual([agreed["home-hero"].variant, agreed["home-hero"].reason], ["sneakers", "TARGETING_MATCH"]);
    assert.deepEqual([agreed.later.value, agreed.later.reason, agreed.later.errorCode], [{}, "DISABLED", undefined]);
    assert.equal(agreed.nowhere.errorCode, "FLAG_NOT_FOUND");
    const asked = proxy.exchanges.slice(begin).filter(({ method, path }) => method === "POST" && path === "/ofrep/v1/evaluate/flags");
    const [first, again] = asked.slice(-2);
    assert.deepEqual([first?.status, again?.status], [200, 304], "the second time nothing had changed");
    assert.equal(again?.headers["if-none-match"], first?.replyHeaders.etag);

    const silent = await ask({ targetingKey });
    assert.deepEqual([silent.details.banner.value, silent.details.banner.reason, silent.details.banner.errorCode], [{}, "DEFAULT", undefined]);
    assert.match(String(silent.details.banner.flagMetadata.why), /no choice about personalization yet/);
    for (const refused of [await ask({ consent: CONSENT }), await ask({ targetingKey: "42" }), await ask({ targetingKey }, "wk_nobody")]) {
      assert.ok(refused.error, "it says that it is not ready");
      assert.deepEqual(refused.details.banner.value, {});
    }
  });
}
