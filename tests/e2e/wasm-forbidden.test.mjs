import assert from "node:assert/strict";
import { heroChangesWithTheThirdView } from "../scenarios/hero.mjs";
import { twoBrowsersBecomeOneProfile } from "../scenarios/one-person.mjs";
import { ledgerReconciles } from "../harness/arrivals.mjs";
import { buy, inspect } from "../harness/shopper.mjs";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";

/** The one try that shows whether the policy allows WebAssembly is reported by the browser. */
const PROBE = /WebAssembly|wasm-eval|wasm-unsafe-eval/;

onStack({ csp: "no-wasm" })("a shop whose policy forbids WebAssembly: the same flow through the JavaScript encoding", async (stack) => {
  const [guest, first, second] = [await stack.visitor({ accepted: [PROBE] }), await stack.visitor({ accepted: [PROBE] }), await stack.visitor({ accepted: [PROBE] })];
  const { page, engine } = await heroChangesWithTheThirdView(stack, guest);
  assert.equal(engine, "js");
  const who = { email: "grace@tarn.test", name: "Grace Hopper" };
  const { two } = await twoBrowsersBecomeOneProfile(stack, first, second, who);
  assert.equal((await inspect(two)).engine, "js");

  await buy(page, { email: "edith@tarn.test", name: "Edith Clarke" });
  const profile = await until("the order is in the buyer's profile", async () => {
    const timeline = await stack.api.timeline("email:edith@tarn.test");
    return timeline.find(({ event }) => event === "Order Completed");
  });
  assert.equal(profile.properties.currency, "EUR");
  await ledgerReconciles(stack.api);
  for (const visitor of [guest, first, second]) {
    assert.deepEqual(
      visitor.requests.filter(({ url }) => url.includes(".wasm")),
      [],
      "no WebAssembly was even asked for",
    );
  }
});
