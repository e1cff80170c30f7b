/**
 * The whole of Headwater on free ports: server, workerd, shop and Chromium, with a proxy on each of the two ways that a
 * test may want to break. One stack serves all tests of a file; when one of them fails, the parts' logs are printed.
 */
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Visitor } from "./browser.mjs";
import { Edge } from "./edge.mjs";
import { FaultProxy } from "./fault-proxy.mjs";
import { Headwater } from "./headwater.mjs";
import { ServerApi } from "./server-api.mjs";
import { Shop } from "./shop.mjs";
import { Site } from "./site.mjs";

const START_LIMIT = 90_000;

/**
 * @typedef {{ csp?: "strict" | "no-wasm" | "none", browser?: boolean, worker?: boolean, pages?: boolean }} Options without a `worker`, the edge is
 *   the one inside the server; with `pages` the worker passes on those of `site`
 * @typedef {{ before?: () => void, accepted?: RegExp[] }} VisitorOptions
 * @typedef {{
 *   headwater: Headwater, edge: { address: string, url: string }, shop: Shop, api: ServerApi, proxy: FaultProxy, inner: FaultProxy, site: Site,
 *   visitor: (options?: VisitorOptions) => Promise<Visitor>
 * }} Stack `proxy` is between browsers and the edge, `inner` between the edge and the server
 */

/**
 * Starts a stack for the file and gives the function that adds a test to it. After each test, no page may have thrown.
 *
 * @param {Options} [options]
 * @returns {(name: string, run: (stack: Stack) => Promise<void>, options?: { timeout?: number }) => void}
 */
export function onStack({ csp = "strict", browser: withBrowser = true, worker = true, pages = false } = {}) {
  /** In the order of starting. @type {{ name: string, part: { log?: string, stop: () => Promise<void> } }[]} */
  const parts = [];
  /** @type {Omit<Stack, "visitor"> | undefined} */
  let stack;
  /** @type {Promise<import("playwright-core").Browser> | undefined} */
  let launching;
  /** @type {import("playwright-core").Browser | undefined} */
  let browser;

  /** @template {{ log?: string, stop: () => Promise<void> }} T @param {string} name @param {Promise<T>} starting */
  async function started(name, starting) {
    const part = await starting;
    parts.push({ name, part });
    return part;
  }

  before(
    async () => {
      launching = withBrowser ? launch() : undefined;
      // Looked at below; a failure of another part must not leave it unhandled.
      launching?.catch(() => {});
      const headwater = await started("headwater", Headwater.start());
      const { keys } = headwater;
      const inner = await started("inner proxy", FaultProxy.start(headwater.address));
      const site = await started("site", Site.start());
      const passed = pages ? { site: site.address, writeKey: keys.write_key } : undefined;
      const edge = worker ? await started("edge", Edge.start({ aggregator: inner.address, secret: keys.edge_secret, pages: passed })) : headwater;
      const proxy = await started("proxy", FaultProxy.start(edge.address));
      await Shop.seed({ api: headwater.url, token: keys.token });
      const shop = await started("shop", Shop.start({ edge: proxy.url, writeKey: keys.write_key, csp }));
      browser = await launching;
      stack = { headwater, edge, shop, proxy, inner, site, api: new ServerApi(() => headwater.url, keys.token) };
    },
    { timeout: START_LIMIT },
  );

  after(async () => {
    // Also where another part did not start: a browser that is left keeps the run from ending.
    await launching?.then((open) => open.close(), () => {});
    for (const { part } of parts.reverse()) await part.stop();
  });

  function printLogs() {
    for (const { name, part } of parts) {
      if (part.log) console.error(`--- ${name}\n${part.log}`);
    }
    for (const { method, path, status } of stack?.proxy.exchanges.slice(-40) ?? []) console.error(`${method} ${path} ${status}`);
  }

  return (name, run, { timeout = 60_000 } = {}) =>
    test(name, { timeout }, async () => {
      assert.ok(stack, "the stack did not start");
      /** @type {Visitor[]} */
      const visitors = [];
      try {
        await run({
          ...stack,
          visitor: async (options) => {
            assert.ok(browser, "this stack has no browser");
            const visitor = await Visitor.arrive(browser, options);
            visitors.push(visitor);
            return visitor;
          },
        });
        assert.deepEqual(
          visitors.flatMap(({ problems }) => problems),
          [],
          "a page threw or complained",
        );
      } catch (error) {
        printLogs();
        throw error;
      } finally {
        await Promise.all(visitors.map(({ context }) => context.close()));
        stack.proxy.fault = undefined;
        stack.inner.fault = undefined;
      }
    });
}
