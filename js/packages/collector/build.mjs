// Builds the browser SDK from the engine that cargo compiled:
//   node build.mjs --wasm <collector_wasm.wasm> --wasm-bindgen <its command line tool>
// dist/ is the npm package, dist/serve/ what the edge serves, dist/sizes.json what they weigh.
import { createHash } from "node:crypto";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { build } from "esbuild";
import { measure, print } from "./build/sizes.mjs";
import { encode } from "./build/wasm.mjs";

/** Loader, glue and wasm together, brotli -q 11: the most a page may have to download. */
const CEILING = 14_336;
/** Members that nobody outside the loader sees: they need no name. */
const PRIVATE = /^(vetoed|presumed|claim|adopt|renew|known|keep|say|site|tab|release|write|emit)$/;
/** Each is a file of its own: a page downloads the ones it names. */
const ADAPTERS = ["tcf", "gpp", "google-consent-mode", "klaro", "vanilla-cookieconsent"];

const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const { version } = JSON.parse(readFileSync(join(here, "package.json"), "utf8"));
const { values } = parseArgs({ options: { wasm: { type: "string" }, "wasm-bindgen": { type: "string" } } });
if (!values.wasm || !values["wasm-bindgen"]) {
  console.error("usage: node build.mjs --wasm <collector_wasm.wasm> --wasm-bindgen <wasm-bindgen>");
  process.exit(2);
}

const published = join(here, "dist");
// Built elsewhere and copied at the end, so that an edge that serves the old files never misses one for long.
const work = mkdtempSync(join(tmpdir(), "headwater-collector-"));
const dist = join(work, "dist");
const serve = join(dist, "serve");
mkdirSync(join(dist, "adapters"), { recursive: true });
mkdirSync(serve, { recursive: true });

const hashed = (name, extension, bytes) => `${name}-${createHash("sha256").update(bytes).digest("hex").slice(0, 12)}.${extension}`;
const bundle = (entry, outfile, format, define = {}) =>
  build({
    entryPoints: [entry],
    outfile,
    format,
    bundle: true,
    minify: true,
    charset: "utf8",
    target: "es2020",
    legalComments: "none",
    logLevel: "warning",
    alias: { "#glue": join(work, "glue.js") },
    mangleProps: PRIVATE,
    external: ["./engine-js.js"],
    define: { VERSION: JSON.stringify(version), ...define },
  });
const source = (name) => join(here, "src", name);

try {
  encode({ wasm: values.wasm, wasmBindgen: values["wasm-bindgen"], folder: work });

  const wasm = readFileSync(join(work, "engine.wasm"));
  const wasmFile = hashed("engine", "wasm", wasm);
  writeFileSync(join(serve, wasmFile), wasm);
  copyFileSync(join(work, "engine.wasm"), join(dist, "engine.wasm"));

  await bundle(join(work, "engine.js"), join(dist, "engine-js.js"), "esm");
  writeFileSync(join(work, "engine-script.js"), `import open from "./engine.js";\nwindow.headwaterEngine = open;\n`);
  const script = join(work, "engine-script.min.js");
  await build({ entryPoints: [join(work, "engine-script.js")], outfile: script, format: "iife", bundle: true, minify: true, target: "es2015", logLevel: "warning" });
  const jsFile = hashed("engine-js", "js", readFileSync(script));
  copyFileSync(script, join(serve, jsFile));

  const files = { WASM_FILE: JSON.stringify(wasmFile), JS_FILE: JSON.stringify(jsFile) };
  await bundle(source("script.ts"), join(serve, "headwater.js"), "iife", files);
  await bundle(source("counting.script.ts"), join(serve, "counting.js"), "iife");
  await bundle(source("placements.script.ts"), join(serve, "placements.js"), "iife");
  await bundle(source("debug.script.ts"), join(serve, "debug.js"), "iife");
  await bundle(source("index.ts"), join(dist, "index.js"), "esm");
  for (const name of ADAPTERS) {
    await bundle(source(`adapters/${name}.script.ts`), join(serve, `adapter-${name}.js`), "iife");
    await bundle(source(`adapters/${name}.ts`), join(dist, "adapters", `${name}.js`), "esm");
  }
  // Both encodings are tested with the same glue that the loader carries.
  await bundle(join(work, "glue.js"), join(dist, "glue.js"), "esm");

  rmSync(published, { recursive: true, force: true });
  cpSync(dist, published, { recursive: true });

  const size = (name) => measure(readFileSync(join(published, "serve", name)));
  const sum = (...sizes) => sizes.reduce((one, other) => ({ raw: one.raw + other.raw, gzip: one.gzip + other.gzip, brotli: one.brotli + other.brotli }));
  const loader = size("headwater.js");
  const engine = size(wasmFile);
  const encoded = size(jsFile);
  const apart = ["counting.js", "placements.js", "debug.js", ...ADAPTERS.map((name) => `adapter-${name}.js`)].map((name) => [name, size(name)]);
  const total = sum(loader, engine);
  const sizes = { ceiling: CEILING, total, javascript: sum(loader, encoded), files: { "headwater.js": loader, [wasmFile]: engine, [jsFile]: encoded, ...Object.fromEntries(apart) } };
  writeFileSync(join(published, "sizes.json"), JSON.stringify(sizes, null, 2) + "\n");
  print([
    ["headwater.js (loader and glue)", loader],
    [wasmFile, engine],
    ["to send the first event", total],
    [`${jsFile} (where WebAssembly is forbidden)`, encoded],
    ["to send the first event, as JavaScript", sizes.javascript],
    ...apart,
  ]);
  console.log(`ceiling ${CEILING.toLocaleString("en")} bytes of brotli, ${((total.brotli / CEILING) * 100).toFixed(0)} % used`);
  if (total.brotli > CEILING) {
    console.error(`the SDK is ${total.brotli - CEILING} bytes above its ceiling`);
    process.exitCode = 1;
  }
} finally {
  rmSync(work, { recursive: true, force: true });
}
