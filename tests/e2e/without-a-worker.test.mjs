import assert from "node:assert/strict";
import { ledgerReconciles } from "../harness/arrivals.mjs";
import { onStack } from "../harness/stack.mjs";
import { heroChangesWithTheThirdView } from "../scenarios/hero.mjs";

onStack({ worker: false })("a self-hoster needs no worker: the server's own edge serves the SDK and decides the same", async (stack) => {
  const guest = await stack.visitor();
  const { engine } = await heroChangesWithTheThirdView(stack, guest);
  assert.equal(engine, "wasm");
  await ledgerReconciles(stack.api);
  assert.equal(stack.inner.exchanges.length, 0, "no other edge had a part in it");
});
