// The fixtures of spec/collector against both encodings of the engine. Rust runs them natively.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { describe, it } from "node:test";

const spec = new URL("../../../../spec/collector/", import.meta.url);
const dist = new URL("../dist/", import.meta.url);
const KINDS = ["capture", "consent", "adopt", "adopt-losses", "watch", "tick", "replied", "online", "hide", "resume", "ask", "reset"];
const ORDER = ["url", "write_key", "tab", "next", "regime", "collect", "decide", "vetoed", "policy_version"];

let copies = 0;
/** A fresh engine: the glue keeps one, so each gets its own copy of the glue. */
const open = async (encoding) => {
  const glue = await import(new URL(`glue.js?${copies++}`, dist));
  if (encoding === "wasm") {
    const { instance } = await WebAssembly.instantiate(readFileSync(new URL("engine.wasm", dist)), glue.imports);
    glue.__wbg_set_wasm(instance.exports);
  } else {
    const { default: encoded } = await import(new URL("engine-js.js", dist));
    glue.__wbg_set_wasm(encoded(glue.imports));
  }
  return glue;
};

const run = async (fixture, encoding) => {
  const engine = await open(encoding);
  const fill = "x".repeat(fixture.fill || 0);
  let effects = [];
  const note = (...effect) => void effects.push(effect.map((value) => (fill && typeof value === "string" ? value.replaceAll(fill, "~") : value)));
  const page = {
    send: (ticket, body) => note("send", ticket, body),
    wake: (after) => note("wake", after),
    begin: () => (note("begin"), true),
    purge: () => note("purge"),
    tell: (state) => note("tell", state),
    report: (reason, count) => note("report", reason, count),
  };
  const site = { setItem: (key, value) => note("store", key, value), removeItem: (key) => note("remove", key) };
  const tab = { setItem: (key, value) => (assert.equal(key, "hw:tab"), note("session", value)) };
  const navigator = { sendBeacon: (url, body) => (assert.equal(url, fixture.settings.url), note("beacon", body), true) };
  engine.start(ORDER.map((name) => fixture.settings[name]).join("\n"), page, site, tab, navigator);
  return fixture.steps.map(({ now, command, text = "", number = 0, status = 0, wait = 0, dice = 0.5 }) => {
    effects = [];
    engine.run(now, dice, KINDS.indexOf(command), text.replaceAll("~", fill), number, status, wait);
    return effects;
  });
};

for (const encoding of ["wasm", "js"]) {
  describe(`the engine as ${encoding}`, () => {
    for (const name of readdirSync(spec).filter((file) => file.endsWith(".json"))) {
      const fixture = JSON.parse(readFileSync(new URL(name, spec), "utf8"));
      it(`${name}: ${fixture.about}`, async () => {
        const found = await run(fixture, encoding);
        found.forEach((effects, at) => assert.deepEqual(effects, fixture.steps[at].effects, `step ${at}, ${fixture.steps[at].command}`));
      });
    }

    it("a storage that throws stops nothing", async () => {
      const engine = await open(encoding);
      const refuse = () => { throw new Error("refused"); };
      const sent = [];
      const page = { send: (ticket, body) => sent.push(JSON.parse(body)), wake() {}, begin: () => false, purge() {}, tell() {}, report() {} };
      engine.start("u\nwk\n00000000000000aa\n1\nopt_in\nanalytics\npersonalization\n\n1", page, { setItem: refuse, removeItem: refuse }, {}, { sendBeacon: refuse });
      engine.run(0, 0, 1, "+analytics\nbanner\naid-1", 0, 0, 0);
      engine.run(1, 0, 0, '{"type":"track","context":{"locale":"en"', 0, 0, 0);
      engine.run(2, 0, 8, "", 1, 0, 0);
      engine.run(99, 0, 5, "", 0, 0, 0);
      assert.equal(sent[0].batch[0].context.storage, "memory");
    });
  });
}
