import assert from "node:assert/strict";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { rich, t } from "../public/words.js";
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

test("a message has its plural and its numbers as the reader writes them, and elements where it has some", () => {
  assert.equal(t("table.count", { count: 1, more: "false" }), "1 row");
  assert.equal(t("table.count", { count: 1234, more: "true" }), "1,234 rows, and there are more");
  const marked = (/** @type {import("../public/dom.js").Child[]} */ inside) => `*${inside.join("")}*`;
  assert.deepEqual(rich("ledger.verdict", { count: 2500, b: marked }).join(""), "*2,500* unexplained");
});

test("a catalogue that cannot be read is refused with the key", () => {
  const folder = mkdtempSync(join(tmpdir(), "words-"));
  const reading = (/** @type {string} */ text, other = "{}") => () => {
    writeFileSync(join(folder, "en.json"), text);
    writeFileSync(join(folder, "more.json"), other);
    return catalogue(folder);
  };
  assert.deepEqual(reading('{\n  "a": "It is {name}\'s."\n}')().a?.length, 3);
  assert.throws(reading('{\n  "a": "one",\n  "a": "two"\n}'), /“a” is there twice/);
  assert.throws(reading('{\n  "a": "one"\n}', '{\n  "a": "two"\n}'), /“a” is there twice/);
  assert.throws(reading('{\n  "a": "{count, plural, one {#}}"\n}'), /“a” cannot be read/);
  assert.throws(reading('{ "a": "one", "b": "two" }'), /one message a line/);
  rmSync(folder, { recursive: true });
});
