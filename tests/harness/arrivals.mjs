/** Whether numbered events of a test are on the server: each once, in order, and every number accounted for. */
import assert from "node:assert/strict";
import { inspect } from "./shopper.mjs";
import { until } from "./until.mjs";

/** @typedef {import("./stack.mjs").Stack} Stack @typedef {import("playwright-core").Page} Page */

/** The browser's id, once it has one. @param {Page} page @returns {Promise<string>} */
export function anonymousId(page) {
  return until("the browser has an anonymous id", async () => (await inspect(page)).anonymousId);
}

/** Has the page track `count` events called `name`, numbered from `first`, in one go. @param {Page} page @param {string} name @param {number} count @param {number} [first] */
export function track(page, name, count, first = 1) {
  return page.evaluate(
    ([name, count, first]) => {
      for (let n = first; n < first + count; n += 1) window.headwater.track(name, { n });
    },
    /** @type {const} */ ([name, count, first]),
  );
}

/** The numbers of the events called `name` in a profile's timeline. @param {Stack["api"]} api @param {string} id @param {string} name @returns {Promise<number[]>} */
export async function arrived(api, id, name) {
  const timeline = await api.timeline(`anonymous_id:${id}`);
  return timeline.filter(({ event }) => event === name).map(({ properties }) => properties.n);
}

/** Waits until the numbers 1 to `count` are there, then checks that each is there once and in its place. @param {Stack["api"]} api @param {string} id @param {string} name @param {number} count @param {number} [within] */
export async function allArriveOnce(api, id, name, count, within = 20_000) {
  let numbers = /** @type {number[]} */ ([]);
  await until(
    `${count} events called ${name} are in the timeline`,
    async () => {
      numbers = await arrived(api, id, name);
      return new Set(numbers).size >= count;
    },
    { within, seen: () => numbers },
  );
  assert.deepEqual(
    numbers,
    Array.from({ length: count }, (_, index) => index + 1),
    "every event once, in order",
  );
}

/** Waits until the ledger explains every number that any tab gave out. @param {Stack["api"]} api */
export function ledgerReconciles(api) {
  /** @type {any} */
  let ledger;
  return until(
    "the ledger reconciles",
    async () => {
      ledger = await api.ledger();
      return ledger.numbered > 0 && ledger.unexplained === 0 && ledger;
    },
    { seen: () => ledger },
  );
}
