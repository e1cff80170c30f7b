import assert from "node:assert/strict";
import { test } from "node:test";
import { changes, tidy, withoutPurpose } from "../public/consent/policy.js";

/** @returns {import("../public/consent/policy.js").Policy} */
function policy() {
  const uses = Object.fromEntries(["store", "send", "link", "traits", "audiences", "decisions"].map((use) => [use, ["analytics"]]));
  return {
    version: 1,
    purposes: [{ name: "necessary" }, { name: "analytics", label: "Statistics" }, { name: "advertising" }],
    uses: { ...uses, destinations: ["advertising"] },
    gpc_denies: ["advertising"],
    default: { regime: "opt_in" },
    unknown: { regime: "opt_in" },
    jurisdictions: { FR: { regime: "opt_in", purposes: { advertising: "opt_out" }, gpc_denies: ["advertising"] } },
  };
}

test("the same policy has no changes, in whatever order its lists and fields are", () => {
  const other = policy();
  other.uses.send = ["advertising", "analytics"];
  const turned = { ...policy(), uses: { ...policy().uses, send: ["analytics", "advertising"] }, categories: {} };
  assert.deepEqual(changes(other, turned), []);
});

test("each change is a sentence", () => {
  const after = policy();
  after.uses.store = ["analytics", "advertising"];
  after.jurisdictions = { DE: { regime: "opt_out" } };
  after.gpc_denies = [];
  assert.deepEqual(changes(policy(), after), [
    "Keep anything on the device: needs Statistics, advertising instead of Statistics.",
    "Germany: a rule of its own, allowed until refused.",
    "France: no rule of its own any more.",
    "Global Privacy Control denies nothing; it was advertising.",
  ]);
});

test("a purpose that is removed is named nowhere", () => {
  const text = JSON.stringify(withoutPurpose(policy(), "advertising"));
  assert.ok(!text.includes("advertising"), text);
});

test("a rule keeps an empty list for Global Privacy Control: nothing is denied there", () => {
  assert.deepEqual(tidy({ regime: "opt_in", purposes: {}, gpc_denies: [] }), { regime: "opt_in", gpc_denies: [] });
});
