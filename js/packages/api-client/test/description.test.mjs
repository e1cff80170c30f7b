/** The description from which the client is made is one that other tools can read. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { Validator } from "@seriousme/openapi-schema-validator";

const read = () => JSON.parse(readFileSync(new URL("../../../../spec/openapi.json", import.meta.url), "utf8"));

test("it is valid OpenAPI 3.1", async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(read());
  assert.ok(valid, JSON.stringify(errors, null, 2));
  assert.equal(validator.version, "3.1");
});

test("one that is not valid is found", async () => {
  const document = read();
  delete document.paths["/api/v1/audiences"].get.responses["200"].description;
  const { valid } = await new Validator().validate(document);
  assert.equal(valid, false);
});

test("every reference leads somewhere", () => {
  const document = read();
  const lost = [...JSON.stringify(document).matchAll(/"\$ref":"#\/([^"]+)"/g)].map(([, path]) => path ?? "").filter((path) => !path.split("/").reduce((at, name) => at?.[name], document));
  assert.deepEqual(lost, []);
});
