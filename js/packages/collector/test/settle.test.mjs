// The rule for several signals, spec/consent_signals, in Node and in Chromium.
import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { after, before, describe, it } from "node:test";
import { build } from "esbuild";
import { launch } from "./visitor.mjs";

const spec = new URL("../../../../spec/consent_signals/", import.meta.url);
const entry = new URL("../src/settle.ts", import.meta.url).pathname;
const bundle = async (format) => (await build({ entryPoints: [entry], bundle: true, write: false, format, globalName: "rule", target: "es2020" })).outputFiles[0].text;
const fixtures = readdirSync(spec)
  .filter((file) => file.endsWith(".json"))
  .map((file) => ({ file, ...JSON.parse(readFileSync(new URL(file, spec), "utf8")) }));

/** What holds after each step of a case. Runs in the page as well, so it knows nothing from outside. */
const run = (rule, { steps }) => {
  const WORDS = ["waits", "granted", "denied"];
  const words = (named, map) => Object.fromEntries(Object.entries(named).map(([purpose, word]) => [purpose, map(word)]));
  let heard = {};
  return steps.map(({ source, says, decidedNow = [], vetoed = [] }) => {
    const before = JSON.stringify(heard);
    const next = rule.hear(heard, source, words(says, (word) => WORDS.indexOf(word)), decidedNow);
    if (JSON.stringify(heard) !== before) throw new Error("what was heard before was changed");
    // What is kept for the next page comes back as JSON.
    heard = JSON.parse(JSON.stringify(next));
    return words(rule.holds(heard, vetoed), (word) => WORDS[word]);
  });
};

const places = { node: undefined, chromium: undefined };
let browser;

before(async () => {
  const rule = await import("data:text/javascript," + encodeURIComponent(await bundle("esm")));
  places.node = async (one) => run(rule, one);
  browser = await launch();
  const page = await browser.newPage();
  await page.addScriptTag({ content: await bundle("iife") });
  places.chromium = (one) => page.evaluate(`(${run})(rule, ${JSON.stringify(one)})`);
});
after(() => browser.close());

for (const place of Object.keys(places)) {
  describe(`the rule in ${place}`, () => {
    for (const { file, about, cases } of fixtures) {
      it(`${file}: ${about}`, async () => {
        for (const one of cases) {
          assert.deepEqual(await places[place](one), one.steps.map(({ holds }) => holds), one.name);
        }
      });
    }

    it("does not depend on the order in which sources that decided nothing speak, nor on repeats", async () => {
      const says = [
        ["tcf", { analytics: "granted", advertising: "granted" }],
        ["klaro", { analytics: "denied" }],
        ["gpp", { advertising: "denied", sale_or_share: "denied" }],
        ["google-consent-mode", { personalization: "waits" }],
      ].map(([source, says]) => ({ source, says }));
      for (const order of permutations(says)) {
        const held = await places[place]({ steps: [...order, order[0], order[2]] });
        assert.deepEqual(held.at(-1), { analytics: "denied", advertising: "denied", sale_or_share: "denied", personalization: "waits" });
      }
    });
  });
}

function permutations(list) {
  if (list.length < 2) return [list];
  return list.flatMap((first, at) => permutations(list.filter((_, other) => other !== at)).map((rest) => [first, ...rest]));
}
