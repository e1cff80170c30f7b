import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { catalogue, entries } from "../words/catalogue.mjs";

const dashboard = join(import.meta.dirname, "../public");
const files = readdirSync(join(dashboard, "words")).filter((name) => name.endsWith(".json"));
const keys = files.flatMap((name) => entries(join(dashboard, "words", name)).map(([key]) => key));

/** What the screens ask for: keys as they stand, and keys with a part that is known only there, as patterns. */
function asked() {
  const sources = readdirSync(dashboard, { recursive: true, encoding: "utf8" }).filter((name) => name.endsWith(".js") && !name.startsWith("built"));
  const text = sources.map((name) => readFileSync(join(dashboard, name), "utf8")).join("\n");
  const plain = [...text.matchAll(/\b(?:t|rich)\(\s*"([^"]+)"/g)].map(([, key = ""]) => key);
  const made = [...text.matchAll(/\b(?:t|rich)\(\s*(?:\/\*.*?\*\/ \()?`([^`]+)`/g)].map(([, key = ""]) => new RegExp(`^${key.split(/\$\{[^}]*\}/).map((part) => part.replaceAll(".", "\\.")).join("\\w+")}$`));
  return { text, plain: new Set(plain), made };
}

test("no key is there twice, in no file and in no two", () => {
  assert.deepEqual(keys.filter((key, index) => keys.indexOf(key) !== index), []);
  assert.equal(Object.keys(catalogue(join(dashboard, "words"))).length, keys.length);
});

test("every key is asked for, and what is asked for is there", () => {
  const { text, plain, made } = asked();
  assert.deepEqual(keys.filter((key) => !text.includes(`"${key}"`) && !made.some((pattern) => pattern.test(key))), [], "asked for by nothing");
  assert.deepEqual([...plain].filter((key) => !keys.includes(key)), [], "not in the catalogue");
  assert.deepEqual(made.filter((pattern) => !keys.some((key) => pattern.test(key))).map(String), [], "like no key of the catalogue");
});
