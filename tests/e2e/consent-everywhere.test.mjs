/**
 * One policy, one answer: what the core says natively, the edge worker says in workerd and the engine says in Chromium, in
 * both of its encodings. The cases of `spec/consent`, and 10,000 random ones (HEADWATER_SEED gives others), with what the
 * person has said elsewhere, and of sources whose owner declares on what their data rests.
 */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { Edge } from "../harness/edge.mjs";
import { Engines } from "../harness/engines.mjs";
import { ROOT } from "../harness/part.mjs";
import { Taker } from "../harness/taker.mjs";

const SEED = process.env.HEADWATER_SEED ?? "20260131";
/** Policies, and cases of each. */
const RANDOM = ["250", "40"];
/** `cargo build -p cdp-core --example consent_cases` makes it, and so does `cargo test`. */
const CASES = join(process.env.CARGO_TARGET_DIR || join(ROOT, "target"), "debug/examples/consent_cases");
const SPEC = join(ROOT, "spec/consent");
/** When the events of `spec/consent` arrive; the worker's clock says something else. */
const SPEC_NOW = Date.parse("2026-01-31T10:00:00Z");

/** @type {Taker} */ let taker;
/** @type {Edge} */ let edge;
/** @type {Engines} */ let engines;

before(
  async () => {
    taker = await Taker.start();
    // One after the other, so that each can be stopped when the next does not start.
    edge = await Edge.start({ aggregator: taker.address, secret: "secret", buffer: false, geography: true });
    engines = await Engines.start();
  },
  { timeout: 60_000 },
);
after(async () => {
  await engines?.stop();
  await edge?.stop();
  await taker?.stop();
});

/** @typedef {{ name: string, key: string, jurisdiction?: string | null, gpc?: boolean, message: any, outcome: string, reason: (found: string) => boolean }} Asked */

/** What the network says of the caller. @param {{ jurisdiction?: string | null, gpc?: boolean }} asked @returns {Record<string, string>} */
function headers({ jurisdiction, gpc }) {
  const [country, regionCode] = jurisdiction?.split("-") ?? [];
  return { ...(country ? { "cf-blob": JSON.stringify({ country, regionCode }) } : {}), ...(gpc ? { "sec-gpc": "1" } : {}) };
}

/** @param {string} path @param {RequestInit} init @returns {Promise<any>} */
async function ask(path, init) {
  const answer = await fetch(edge.url + path, init);
  const body = await answer.json();
  assert.equal(answer.status, 200, JSON.stringify(body));
  return body;
}

/** Sends each event to the worker, those from one caller together, and compares what becomes of it. @param {Asked[]} cases */
async function compareEdge(cases) {
  /** @type {Map<string, Asked[]>} */
  const groups = new Map();
  for (const one of cases) {
    const caller = JSON.stringify([one.key, one.jurisdiction ?? null, !!one.gpc]);
    groups.set(caller, [...(groups.get(caller) ?? []), one]);
  }
  for (const group of groups.values()) {
    const [first] = group;
    assert.ok(first);
    const batch = group.map(({ message }, at) => ({ type: "track", event: "A", messageId: `m${at}`, anonymousId: "a1", ...message }));
    const { outcomes } = await ask("/v1/batch", { method: "POST", headers: headers(first), body: JSON.stringify({ writeKey: first.key, batch }) });
    for (const [at, { name, outcome, reason }] of group.entries()) {
      const found = outcomes[at];
      assert.equal(found.outcome, outcome, `${name}: ${found.reason}`);
      assert.ok(reason(found.reason ?? ""), `${name}: ${found.reason}`);
    }
  }
}

/** @typedef {{ name: string, key: string, jurisdiction?: string | null, gpc?: boolean, choices: Record<string, boolean>, said: Record<string, boolean>, decided: boolean }} Deciding */

/** Asks the worker for decisions about people who have said something elsewhere. @param {Deciding[]} cases */
async function compareDecisions(cases) {
  const waiting = [...cases.entries()];
  const one = async () => {
    for (let next = waiting.pop(); next; next = waiting.pop()) {
      const [at, { name, key, jurisdiction, gpc, choices, said, decided }] = next;
      const anonymousId = `0b1f6c3e-55a1-4f0e-9d2a-${String(at).padStart(12, "0")}`;
      taker.said.set(anonymousId, said);
      const body = JSON.stringify({ writeKey: key, anonymousId, placements: ["hero"], consent: { categoryPreferences: choices } });
      const { hero } = (await ask("/v1/decide", { method: "POST", headers: headers({ jurisdiction, gpc }), body })).decisions;
      assert.equal(hero.variant === "shown", decided, `${name}: ${JSON.stringify(hero)}`);
    }
  };
  await Promise.all(Array.from({ length: 16 }, one));
}

/** @typedef {{ name: string, key: string, jurisdiction?: string | null, gpc?: boolean, choices: Record<string, boolean>, collect: string, decides: boolean }} Browsing */

/** Asks the engine with the settings that the worker gives each browser. @param {Browsing[]} cases */
async function compareBrowser(cases) {
  /** @type {Map<string, Promise<any>>} */
  const settings = new Map();
  const questions = await Promise.all(
    cases.map(async ({ key, jurisdiction, gpc, choices }) => {
      const place = JSON.stringify([key, jurisdiction ?? null]);
      if (!settings.has(place)) settings.set(place, ask(`/v1/settings/${key}`, { headers: headers({ jurisdiction }) }));
      const { regime, regimes, collectPurpose, decidePurpose, gpcDenies, policyVersion } = await settings.get(place);
      const own = Object.entries(regimes).map(([purpose, own]) => (own === "opt_out" ? "+" : "-") + purpose);
      const lines = ["u", key, "00000000000000aa", 1, regime, collectPurpose, decidePurpose, gpc ? gpcDenies.join(" ") : "", policyVersion, own.join(" ")];
      const chosen = Object.entries(choices).map(([purpose, granted]) => (granted ? "+" : "-") + purpose);
      return { settings: lines.join("\n"), choices: chosen.join(" ") };
    }),
  );
  for (const encoding of /** @type {const} */ (["wasm", "js"])) {
    const answers = await engines.ask(encoding, questions);
    for (const [at, { name, collect, decides }] of cases.entries()) {
      assert.deepEqual(answers[at], { collect, decides }, `${name}, in the engine as ${encoding}: ${JSON.stringify(questions[at])}`);
    }
  }
}

/** @param {string} key @param {any} policy @param {string} [source] */
function source(key, policy, source = "browser") {
  const consent_basis = source === "browser" ? { kind: "every_event" } : { kind: "declared", basis: "contract" };
  taker.sources.set(key, { source_id: key, space_id: "spc_1", write_key: key, consent_basis, policy });
}

/** The same, with every moment as far from now as it is from the moment of the spec. @param {unknown} value */
function moved(value) {
  const text = JSON.stringify(value ?? {});
  return JSON.parse(text.replace(/"(\d{4}-\d\d-\d\dT[\d:]+Z)"/g, (_, moment) => JSON.stringify(new Date(Date.parse(moment) - SPEC_NOW + Date.now()).toISOString())));
}

test("the cases of spec/consent", { timeout: 60_000 }, async () => {
  /** @type {Asked[]} */
  const asked = [];
  /** @type {Browsing[]} */
  const browsing = [];
  for (const [at, file] of readdirSync(SPEC).entries()) {
    const fixture = JSON.parse(readFileSync(join(SPEC, file), "utf8"));
    const key = `spec_${at}`;
    source(key, fixture.policy, fixture.source);
    for (const one of fixture.events ?? []) {
      const name = `${file}: ${one.says}`;
      const { jurisdiction, gpc } = one;
      // What the person said elsewhere is nothing that the edge knows.
      if (!one.said?.length) {
        const message = { ...moved(one.event), ...(one.consent === undefined ? {} : { context: { consent: moved(one.consent) } }) };
        const why = one.told ?? (one.gate === "ok" ? "" : one.why);
        asked.push({ name, key, jurisdiction, gpc, message, outcome: one.gate, reason: (found) => found.includes(why) });
      }
      if (one.collect && one.consent) {
        const decides = one.collect === "allow" && one.decisions === "allow";
        browsing.push({ name, key, jurisdiction, gpc: gpc || one.consent.gpc, choices: one.consent.categoryPreferences, collect: one.collect, decides });
      }
    }
  }
  assert.ok(asked.length >= 120, `${asked.length} cases for the edge`);
  await compareEdge(asked);
  await compareBrowser(browsing);
});

test(`10,000 random cases of the seed ${SEED}`, { timeout: 600_000 }, async () => {
  /** @type {any[]} */
  const drawn = JSON.parse((await promisify(execFile)(CASES, [SEED, ...RANDOM, String(Date.now())], { maxBuffer: 2 ** 26 })).stdout);
  /** @type {Asked[]} */
  const asked = [];
  /** @type {Browsing[]} */
  const browsing = [];
  /** @type {Deciding[]} */
  const deciding = [];
  for (const { config, cases } of drawn) {
    taker.sources.set(config.write_key, config);
    for (const [at, { jurisdiction, gpc, consent, outcome, reason, browser, said, decided, knowing }] of cases.entries()) {
      const name = `${config.write_key} ${at}`;
      const caller = { name, key: config.write_key, jurisdiction, gpc };
      // What is told of an event that was taken is told by the edge alone.
      asked.push({ ...caller, message: { context: { consent } }, outcome, reason: (found) => outcome === "ok" || found === reason });
      browsing.push({ ...caller, ...browser }, { ...caller, name: `${name}, knowing what was said elsewhere`, ...knowing });
      deciding.push({ ...caller, choices: browser.choices, said, decided });
    }
  }
  assert.ok(asked.length >= 10_000, `${asked.length} cases`);
  const declared = drawn.filter(({ config }) => config.consent_basis.kind === "declared").length;
  const differs = deciding.filter(({ said, decided }, at) => Object.values(said).includes(false) && !decided && browsing[2 * at]?.decides).length;
  assert.ok(declared > 50 && differs > 200, `${declared} declared sources, ${differs} decisions that fall by what was said elsewhere`);
  await compareEdge(asked);
  await compareDecisions(deciding);
  await compareBrowser(browsing);
});
