import assert from "node:assert/strict";
import test from "node:test";
import { userIdOf } from "../public/tracking.js";

test("one e-mail is one user id, however it is written", () => {
  assert.equal(userIdOf("ada@example.com"), userIdOf("  Ada@Example.COM "));
  assert.match(userIdOf("ada@example.com"), /^usr_[0-9a-f]{16}$/);
});

test("user ids of a thousand customers differ", () => {
  const ids = new Set(Array.from({ length: 1000 }, (_, i) => userIdOf(`person${i}@example.com`)));
  assert.equal(ids.size, 1000);
});
