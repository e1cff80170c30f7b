import assert from "node:assert/strict";
import test from "node:test";
import { candidates, personName } from "../public/views/people.js";

test("the search box understands what people have at hand", () => {
  assert.deepEqual(candidates("prf_1"), ["prf_1"]);
  assert.deepEqual(candidates("user_id:42"), ["user_id:42"]);
  assert.equal(candidates("Ada@Example.com")[0], "email:ada@example.com");
  assert.deepEqual(candidates("42").slice(0, 2), ["user_id:42", "anonymous_id:42"]);
});

test("a profile is called by the best name it has", () => {
  const identifiers = [{ kind: "user_id", value: "42" }, { kind: "email", value: "ada@example.com" }];
  assert.equal(personName({ traits: { name: "Ada" }, identifiers }), "Ada");
  assert.equal(personName({ traits: {}, identifiers }), "ada@example.com");
  assert.equal(personName({ traits: {}, identifiers: [{ kind: "anonymous_id", value: "x" }] }), "Anonymous visitor");
});
