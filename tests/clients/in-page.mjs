/** Clients for browsers, bundled from their packages as a site would. The page has them as `window.clients`. */
import { OFREPWebProvider } from "@openfeature/ofrep-web-provider";
import { OpenFeature } from "@openfeature/web-sdk";
import { RudderAnalytics } from "@rudderstack/analytics-js/bundled";
import { createWrapper } from "@segment/analytics-consent-tools";
import { AnalyticsBrowser } from "@segment/analytics-next";

/** @typedef {import("./calls.mjs").Call} Call @typedef {import("./calls.mjs").Target} Target */
/** @typedef {Target & { consent?: Record<string, boolean>, batching?: boolean, beacon?: boolean }} Options */

/** `@segment/analytics-next`, which learns from the settings where its events go; with consent, in Segment's own wrapper for it. @param {Options} options @param {Call[]} said */
async function segment({ url, writeKey, consent, batching }, said) {
  const strategy = { deliveryStrategy: { strategy: "batching", config: { size: said.length, timeout: 500 } } };
  const analytics = new AnalyticsBrowser();
  if (consent) createWrapper({ getCategories: () => consent })(/** @type {any} */ (analytics));
  analytics.load({ writeKey, cdnURL: url }, batching ? { integrations: { "Segment.io": /** @type {any} */ (strategy) } } : {});
  for (const call of said) {
    const delivered = segmentCall(analytics, call);
    // With consent refused it never starts, and keeps calls in memory for as long as the page is there.
    if (consent?.analytics !== false) await delivered;
  }
}

/** @param {AnalyticsBrowser} analytics @param {Call} call @returns {Promise<unknown>} */
function segmentCall(analytics, { type, event, name, category, userId, previousId, groupId, properties, traits }) {
  switch (type) {
    case "identify":
      return analytics.identify(userId, traits);
    case "track":
      return analytics.track(String(event), properties);
    case "page":
      return analytics.page(category, name, properties);
    case "screen":
      return analytics.screen(category ?? null, name, properties);
    case "group":
      return analytics.group(groupId, traits);
    case "alias":
      return analytics.alias(String(userId), previousId);
  }
}

/** `@rudderstack/analytics-js`, which asks for its source first. @param {Options} options @param {Call[]} said */
async function rudder({ url, writeKey, consent, batching, beacon }, said) {
  const analytics = new RudderAnalytics();
  const queueOptions = batching ? { batch: { enabled: true, maxItems: said.length, flushInterval: 500 } } : {};
  analytics.load(writeKey, url, { configUrl: url, queueOptions, useBeacon: beacon, beaconQueueOptions: { maxItems: said.length, flushQueueInterval: 500 } });
  await new Promise((resolve) => analytics.ready(() => resolve(undefined)));
  const options = /** @type {any} */ (consent ? { context: { consent: { categoryPreferences: consent } } } : {});
  for (const call of said) {
    if (call.type === "identify") analytics.identify(String(call.userId), call.traits, options);
    if (call.type === "track") analytics.track(String(call.event), call.properties, options);
    if (call.type === "page") analytics.page(String(call.category), String(call.name), call.properties, options);
    if (call.type === "group") analytics.group(String(call.groupId), call.traits, options);
    if (call.type === "alias") analytics.alias(String(call.userId), call.previousId, options);
  }
}

/** OpenFeature with its provider for OFREP: asks twice, and gives what it then says of some flags. @param {Target} target @param {import("@openfeature/web-sdk").EvaluationContext} context */
async function flags({ url, writeKey }, context) {
  const provider = new OFREPWebProvider({ baseUrl: url, headers: [["Authorization", `Bearer ${writeKey}`]], pollInterval: 0, cacheMode: "disabled" });
  let error = "";
  try {
    await OpenFeature.setProviderAndWait(provider, context);
    await OpenFeature.setContext({ ...context });
  } catch (failure) {
    error = String(failure);
  }
  const client = OpenFeature.getClient();
  const keys = ["banner", "home-hero", "later", "nowhere"];
  const details = Object.fromEntries(keys.map((key) => [key, client.getObjectDetails(key, {})]));
  return { details, error };
}

window.clients = { segment, rudder, flags };
