// The package as an import: on a server it touches nothing, and what it exports is what its types say.
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { it } from "node:test";

it("can be imported and called where there is no browser", async () => {
  const before = Object.keys(globalThis);
  const { default: headwater } = await import("../dist/index.js");
  assert.deepEqual(Object.keys(globalThis), before);
  headwater.load("wk_1", { host: "https://edge.example" });
  headwater.track("Order Completed", { revenue: 1 });
  headwater.identify("u1");
  headwater.page();
  headwater.reset();
  headwater.watch(["home-hero"]);
  headwater.ready(() => assert.fail("there is no engine on a server"));
  assert.equal(headwater.user().anonymousId(), null);
  assert.equal(headwater.consent().analytics, "pending");
  const { hero } = await headwater.decide({ placements: ["hero"] });
  assert.deepEqual([hero.experience, hero.reasons], [null, ["personalization is not granted"]]);
});

it("has every call that its types name, and no other", async () => {
  const { headwater } = await import("../dist/index.js");
  const types = readFileSync(new URL("../index.d.ts", import.meta.url), "utf8");
  const body = /export interface Headwater \{([\s\S]*?)\n\}/.exec(types)[1];
  const named = new Set([...body.matchAll(/^ {2}(?:readonly )?(\w+)[(<:]/gm)].map(([, name]) => name));
  assert.deepEqual(Object.keys(headwater).sort(), [...named].sort());
});

it("keeps its weight below the ceiling", () => {
  const { total, ceiling } = JSON.parse(readFileSync(new URL("../dist/sizes.json", import.meta.url), "utf8"));
  assert.ok(total.brotli <= ceiling, `${total.brotli} of ${ceiling}`);
});
