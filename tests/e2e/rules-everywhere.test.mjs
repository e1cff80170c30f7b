/**
 * One definition, one answer: `spec/audiences`, `spec/decisions` and GrowthBook's own cases, asked of the core's
 * WebAssembly in Node, in Chromium and in workerd. Natively `cargo test -p cdp-core` asks the same.
 */
import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { copyFile, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { launch } from "../harness/browser.mjs";
import { workerd } from "../harness/edge.mjs";
import { Part, ROOT } from "../harness/part.mjs";

/** `cargo xtask test` makes it. */
const MODULE = process.env.HEADWATER_RULES_WASM ?? "";
const CORPUS = join(process.env.HEADWATER_CONFORMANCE ?? join(ROOT, "../shared/data/conformance"), "cases.json");

/** Runs anywhere. @param {any} exports the module's @param {string} asked @returns {any} */
function report({ put, run, take }, asked) {
  for (const byte of new TextEncoder().encode(asked)) put(byte);
  return JSON.parse(new TextDecoder().decode(Uint8Array.from({ length: run() }, (_, at) => take(at))));
}

const WORKER = `import rules from "./rules.wasm";
${report}
export default { async fetch(request) { return Response.json(report((await WebAssembly.instantiate(rules)).exports, await request.text())); } };`;

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "rules", worker = .rules)],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "rules")],
);
const rules :Workerd.Worker = (
  modules = [(name = "index.js", esModule = embed "index.js"), (name = "rules.wasm", wasm = embed "rules.wasm")],
  compatibilityDate = "2026-07-01",
);`;

/** @type {string} */ let folder;
/** @type {Part} */ let part;
/** @type {string} */ let url;
/** @type {import("playwright-core").Browser} */ let browser;

before(
  async () => {
    folder = await mkdtemp(join(tmpdir(), "headwater-rules-"));
    await copyFile(MODULE, join(folder, "rules.wasm"));
    await writeFile(join(folder, "index.js"), WORKER);
    await writeFile(join(folder, "config.capnp"), CONFIG);
    part = new Part("rules", workerd(), ["serve", join(folder, "config.capnp"), "--control-fd=3"]);
    url = `http://127.0.0.1:${await part.says(/"event":"listen".*"port":(\d+)/, "control")}`;
    browser = await launch();
  },
  { timeout: 60_000 },
);
after(async () => {
  await browser?.close();
  await part?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** @param {object} cases */
async function everywhere(cases) {
  const asked = JSON.stringify(cases);
  const bytes = readFileSync(MODULE);
  const { instance } = await WebAssembly.instantiate(bytes, {});
  const page = await browser.newPage();
  const inPage = await page.evaluate(
    async ({ encoded, asked, source }) => {
      const bytes = Uint8Array.from(atob(encoded), (letter) => letter.charCodeAt(0));
      const { instance } = await WebAssembly.instantiate(bytes, {});
      return (0, eval)(`(${source})`)(instance.exports, asked);
    },
    { encoded: bytes.toString("base64"), asked, source: String(report) },
  );
  await page.close();
  const answer = await fetch(url, { method: "POST", body: asked });
  assert.equal(answer.status, 200, part.tail());
  return { node: report(instance.exports, asked), chromium: inPage, workerd: await answer.json() };
}

/** @param {string} name */
function fixtures(name) {
  const path = join(ROOT, "spec", name);
  return readdirSync(path).map((file) => JSON.parse(readFileSync(join(path, file), "utf8")));
}

test("spec/audiences and spec/decisions hold in every WebAssembly", { timeout: 120_000 }, async (context) => {
  const found = await everywhere({ audiences: fixtures("audiences"), decisions: fixtures("decisions") });
  assert.ok(found.node.audiences >= 150 && found.node.decisions >= 80, JSON.stringify(found.node));
  assert.deepEqual(found.chromium, found.node);
  assert.deepEqual(found.workerd, found.node);
  context.diagnostic(`${found.node.audiences} of audiences, ${found.node.decisions} of decisions`);
});

const absent = existsSync(CORPUS) ? false : "the conformance cases are not there: HEADWATER_CONFORMANCE names their folder";
test("GrowthBook's cases hold in every WebAssembly", { timeout: 120_000, skip: absent }, async (context) => {
  const found = await everywhere({ growthbook: JSON.parse(readFileSync(CORPUS, "utf8")) });
  for (const [suite, { wrong, passed, asked }] of Object.entries(/** @type {Record<string, any>} */ (found.node.suites))) {
    assert.deepEqual(wrong, [], suite);
    context.diagnostic(`${suite}: ${passed} of ${asked}`);
  }
  assert.deepEqual(found.chromium, found.node);
  assert.deepEqual(found.workerd, found.node);
});
