// Turns the compiled edge worker into the two modules that Cloudflare Workers and workerd load: dist/index.js and
// dist/index_bg.wasm.
//
//   node edge-worker/build.mjs --wasm <module> --wasm-bindgen <program>
import { execFileSync } from "node:child_process";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { parseArgs } from "node:util";
import { gzipSync } from "node:zlib";
import { build } from "esbuild";

const here = import.meta.dirname ?? dirname(new URL(import.meta.url).pathname);
const dist = join(here, "dist");

// What wasm-opt may emit, by name: with all of its features on it would write encodings that workerd cannot read yet.
const WASM_FEATURES = [
  "mutable-globals",
  "sign-ext",
  "nontrapping-float-to-int",
  "bulk-memory",
  "multivalue",
  "reference-types",
  "exception-handling",
];

// Exports of the bindings themselves, which are no handlers.
const OWN_EXPORTS = new Set(["__wbg_reset_state", "__worker_init_state"]);

// Handlers of the module syntax get environment and context as arguments; a worker entry point has them as fields.
const EVENT_HANDLERS = new Set(["fetch", "queue", "scheduled", "email", "connect"]);

// Classes that Rust exports as Durable Objects, with the handlers of each.
const DURABLE_OBJECTS = { EdgeBuffer: ["fetch", "alarm"] };

const { values } = parseArgs({
  options: { wasm: { type: "string" }, "wasm-bindgen": { type: "string" } },
});
if (!values.wasm || !values["wasm-bindgen"]) {
  console.error("usage: node edge-worker/build.mjs --wasm <module> --wasm-bindgen <program>");
  process.exit(2);
}

mkdirSync(join(here, "dist"), { recursive: true });
const staging = mkdtempSync(join(dist, ".staging-"));
try {
  bind(values["wasm-bindgen"], values.wasm);
  optimise(join(staging, "index_bg.wasm"));
  await bundle();
  cpSync(join(staging, "index_bg.wasm"), join(dist, "index_bg.wasm"));
  report();
} finally {
  rmSync(staging, { recursive: true, force: true });
}

/** Writes the JavaScript half of the module. */
function bind(program, wasm) {
  execFileSync(
    program,
    [
      wasm,
      "--out-dir",
      staging,
      "--out-name",
      "index",
      "--no-typescript",
      "--target",
      "module",
      // After a panic that could not be caught, the next request starts with a fresh instance.
      "--experimental-reset-state-function",
      "--force-enable-abort-handler",
    ],
    { stdio: "inherit" },
  );
}

/** Makes the module smaller and faster; names stay, so that a panic can be read. */
function optimise(wasm) {
  const wasmOpt = createRequire(import.meta.url).resolve("binaryen/bin/wasm-opt");
  const features = WASM_FEATURES.map((feature) => `--enable-${feature}`);
  execFileSync(process.execPath, [wasmOpt, wasm, "-O2", ...features, "--debuginfo", "-o", wasm], {
    stdio: "inherit",
  });
}

/** Puts the entry point, the bindings and their snippets into one file. */
async function bundle() {
  const bindings = readFileSync(join(staging, "index.js"), "utf8");
  writeFileSync(join(staging, "entry.js"), entryPoint(bindings));
  const outfile = join(dist, "index.js");
  await build({
    entryPoints: [join(staging, "entry.js")],
    outfile,
    bundle: true,
    minify: true,
    format: "esm",
    target: "es2022",
    external: ["./index_bg.wasm", "cloudflare:*"],
    // What of the worker is written for the runtime's own objects shares its rules with the page's script.
    alias: { "#pages": join(here, "../js/packages/collector/src/pages.worker.ts") },
    // wasm-bindgen writes a source phase import, which esbuild passes on and workerd does not know: there a plain
    // import already gives the compiled module.
    supported: { "import-source": true },
    logLevel: "warning",
  });
  const code = readFileSync(outfile, "utf8");
  writeFileSync(outfile, code.replaceAll("import source ", "import "));
}

/** The module that the runtime starts: one class, with a method for each handler that Rust exports, and the Durable Objects. */
function entryPoint(bindings) {
  const handlers = [...bindings.matchAll(/^export (?:async )?function (\w+)/gm)]
    .map(([, name]) => name)
    .filter((name) => !OWN_EXPORTS.has(name));
  if (!handlers.includes("fetch")) {
    throw new Error("the worker exports no fetch handler");
  }
  const methods = handlers.map((name) =>
    EVENT_HANDLERS.has(name)
      ? `  ${name}(event) { return bindings.${name}.call(this, event, this.env, this.ctx); }`
      : `  ${name}(...values) { return bindings.${name}(...values); }`,
  );
  const objects = Object.entries(DURABLE_OBJECTS).map(([name, methods]) => {
    if (!bindings.includes(`export class ${name} `)) throw new Error(`the worker exports no class ${name}`);
    return durableObject(name, methods);
  });
  return `import { DurableObject, WorkerEntrypoint } from "cloudflare:workers";
import * as bindings from "./index.js";
Error.stackTraceLimit = 100;
const state = bindings.__worker_init_state();
${objects.join("")}export default class extends WorkerEntrypoint {
${methods.join("\n")}
}
`;
}

/** A Durable Object around its Rust half, which is made anew when the wasm instance had to be. */
function durableObject(name, methods) {
  return `export class ${name} extends DurableObject {
  #inner;
  #instanceId;
  get inner() {
    if (!this.#inner || this.#instanceId !== state.instanceId) {
      this.#inner = new bindings.${name}(this.ctx, this.env);
      this.#instanceId = state.instanceId;
    }
    return this.#inner;
  }
${methods.map((method) => `  ${method}(value) { return this.inner.${method}(value); }`).join("\n")}
}
`;
}

/** Says what a deployment uploads. */
function report() {
  for (const name of ["index.js", "index_bg.wasm"]) {
    const bytes = readFileSync(join(dist, name));
    const raw = bytes.length.toLocaleString("en");
    const packed = gzipSync(bytes, { level: 9 }).length.toLocaleString("en");
    console.log(`edge-worker/dist/${name}  ${raw} bytes, ${packed} with gzip`);
  }
}
