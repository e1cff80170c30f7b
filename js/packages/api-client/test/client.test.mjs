import assert from "node:assert/strict";
import { test } from "node:test";
import { address, ApiError, client } from "../index.js";

/** A client whose server gives one answer, and what it was asked. @param {Response | Error} given */
function answering(given) {
  /** @type {{ url: string, init: RequestInit }[]} */
  const asked = [];
  const fetch = async (/** @type {any} */ url, /** @type {any} */ init) => {
    asked.push({ url: String(url), init });
    if (given instanceof Error) throw given;
    return given;
  };
  return { asked, call: client({ base: "https://cdp.example", token: "hwt_1", fetch }) };
}

test("parameters go where they belong, and what is not given is left away", () => {
  assert.equal(address("/profiles/{reference}/events", { reference: "email:a/b@example.com" }, { limit: 5, cursor: undefined, order: "" }), "/profiles/email%3Aa%2Fb%40example.com/events?limit=5");
});

test("a call has its method, token and body, and answers what the server does", async () => {
  const { asked, call } = answering(Response.json({ id: "aud_1", name: "Fans" }, { status: 201 }));
  const audience = await call("POST /audiences", { body: { name: "Fans", definition: 'event "A" at least once' }, headers: { "idempotency-key": "k" } });
  assert.equal(audience.name, "Fans");
  assert.equal(asked[0]?.url, "https://cdp.example/api/v1/audiences");
  assert.equal(asked[0]?.init.method, "POST");
  assert.deepEqual(asked[0]?.init.headers, { authorization: "Bearer hwt_1", accept: "application/json", "idempotency-key": "k", "content-type": "application/json" });
});

test("nothing more to say is undefined, a refusal has its code, and silence is told", async () => {
  assert.equal(await answering(new Response(null, { status: 204 })).call("DELETE /audiences/{id}", { path: { id: "aud_1" } }), undefined);
  const refusal = Response.json({ error: { code: "not_found", message: "there is no such audience in this space", details: { a: 1 } } }, { status: 404 });
  await assert.rejects(answering(refusal).call("GET /audiences/{id}", { path: { id: "x" } }), (error) => error instanceof ApiError && error.status === 404 && error.code === "not_found" && error.details.a === 1);
  await assert.rejects(answering(new TypeError("failed")).call("GET /audiences"), (error) => error instanceof ApiError && error.status === 0);
});
