// From cargo's wasm to the engine's two encodings. Every step is a tool's own command, except two
// small ones on the module itself: silencing panics and shortening the names of imports.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import binaryen from "binaryen";

const require = createRequire(import.meta.url);
const bin = (name) => join(dirname(require.resolve("binaryen/package.json")), "bin", name);
const run = (tool, ...parts) => execFileSync(process.execPath, [bin(tool), ...parts], { stdio: ["ignore", "ignore", "inherit"] });

/** What every browser with WebAssembly has had since 2021; an older one gets the other encoding. */
const FEATURES = ["mutable-globals", "bulk-memory", "bulk-memory-opt", "nontrapping-float-to-int", "sign-ext"];
const enable = (names) => ["--mvp-features", ...names.map((name) => `--enable-${name}`)];
/** JavaScript has none of them. */
const LOWER = ["--signext-lowering", "--llvm-nontrapping-fptoint-lowering", "--llvm-memory-copy-fill-lowering"];
/** Every branch is written anew, and calls of small functions are replaced by them: two hundred bytes of download less. */
const SMALLER = ["--flatten", "--rereloop", "-Oz", "-Oz", "--converge", "--always-inline-max-function-size=4"];
const STRIP = ["--strip-debug", "--strip-producers", "--strip-target-features"];

/** Functions of Rust's library that only prepare the message of a panic. */
const PANIC =
  /^_R.*(9panicking|3fmt)|^_ZN.*(9panicking|3fmt)|panic|rust_begin_unwind|rust_oom|alloc_error|handle_error|capacity_overflow|unwrap_failed|expect_failed|assert_failed|slice_.*fail/;
/** Texts that only such functions print: places in source files, and messages. */
const PANIC_TEXT = [
  /\/[\w./+-]{6,}?\.rs/g,
  /(src|library)\/[\w./+-]{2,}?\.rs/g,
  /cannot access a Thread Local Storage value during or after destruction: /g,
  /closure invoked recursively or after being dropped/g,
  /Tried to shrink to a larger capacity/g,
  /rwlock [a-z ]+/g,
  /RefCell already (mutably )?borrowed/g,
  /capacity overflow/g,
  /AccessError/g,
];

/** wasm-bindgen's first index of an object that is not reserved, where it keeps no reference table. */
const FIRST_OBJECT = 1028;

/**
 * A panic has nobody to read its message in a visitor's browser: it becomes a trap, which the loader
 * catches. That drops Rust's formatting code and the texts, a third of the module.
 */
function silence(bytes) {
  let text = bytes.toString("latin1");
  for (const pattern of PANIC_TEXT) text = text.replace(pattern, (found) => "\0".repeat(found.length));
  binaryen.setDebugInfo(true);
  const module = binaryen.readBinary(Buffer.from(text, "latin1"));
  const infos = Array.from({ length: module.getNumFunctions() }, (_, at) => binaryen.getFunctionInfo(module.getFunctionByIndex(at)));
  for (const { name, base, body, params, results } of infos) {
    let instead;
    if (body && PANIC.test(name) && !name.includes("collector_wasm")) instead = module.unreachable();
    // The tool fills this in only for modules that use reference types.
    else if (!body && base === "__wbindgen_externref_statics_end") instead = module.i32.const(FIRST_OBJECT);
    else continue;
    module.removeFunction(name);
    module.addFunction(name, params, results, [], instead);
  }
  return Buffer.from(module.emitBinary());
}

/** Exports that wasm-bindgen names at length. */
const EXPORTS = { __wbindgen_malloc: "m", __wbindgen_exn_store: "e" };
const shortened = (glue) => Object.entries(EXPORTS).reduce((text, [name, short]) => text.replaceAll(`wasm.${name}`, `wasm.${short}`), glue);

/** Removes exports that the glue does not call, so that their code goes too, and shortens the names of the rest. */
function unexport(bytes, glue) {
  binaryen.setDebugInfo(false);
  const module = binaryen.readBinary(bytes);
  const found = Array.from({ length: module.getNumExports() }, (_, at) => binaryen.getExportInfo(module.getExportByIndex(at)));
  for (const { name, value } of found) {
    const called = name === "memory" || new RegExp(`wasm\\.${name}\\b`).test(glue);
    if (called && !EXPORTS[name]) continue;
    module.removeExport(name);
    if (called) module.addFunctionExport(value, EXPORTS[name]);
  }
  return Buffer.from(module.emitBinary());
}

/** Gives the imports names of one letter; the glue is given them by the same table. */
function shorten(file, out, names, features) {
  const text = file.replace(/\.wasm$/, ".wat");
  run("wasm-dis", file, ...enable(features), "-o", text);
  const short = readFileSync(text, "utf8").replace(/\(import "([^"]+)" "([^"]+)"/g, (_, from, name) => {
    if (from !== "./collector_wasm_bg.js") throw new Error(`the engine imports ${name} from ${from}, which nobody provides`);
    return `(import "h" "${(names[name] ||= String.fromCharCode(97 + Object.keys(names).length))}"`;
  });
  writeFileSync(text, short);
  run("wasm-as", text, ...enable(features), "-o", out);
}

/** wasm2js writes a module; the loader wants a function from imports to exports. */
function asFunction(text) {
  const body = text.replace(/^import .*$/gm, "").replace(/var retasmFunc = asmFunc\([\s\S]*$/, "");
  if (!/function asmFunc\(imports\)/.test(body)) throw new Error("wasm2js writes another form than it used to");
  return `${body}\nexport default asmFunc;\n`;
}

/** What the loader's glue does otherwise than wasm-bindgen writes it; each has to be found. */
const GLUE = [
  // A view of the memory is made each time: a kept one would have to notice that the memory grew, which shows in another
  // way in each encoding.
  [/let cachedUint8ArrayMemory0 = null;\s*/, ""],
  [/if \(cachedUint8ArrayMemory0 === null[\s\S]*?\}\s*return cachedUint8ArrayMemory0;/, "return new Uint8Array(wasm.memory.buffer);"],
  // The loader's numbers are numbers.
  [/run\(now, dice, kind, text, number, status, wait\) \{[\s\S]*?const ptr0/, "run(val2, val3, val4, text, val5, val6, val7) {\n    const ptr0"],
  // The engine gives away no constants, and no text that begins with a byte order mark.
  [/new Array\(1024\)\.fill\(undefined\);\s*heap\.push\([^)]*\);/, `new Array(${FIRST_OBJECT});`],
  [/new TextDecoder\([^)]*\);\s*cachedTextDecoder\.decode\(\);/, "new TextDecoder();"],
  // Texts are encoded in one go: the way around an encoder's allocation is not worth its bytes here.
  [/, wasm\.__wbindgen_realloc\)/g, ")"],
  [/if \(realloc === undefined\) \{(\s*const buf[\s\S]*?return ptr;\s*)\}[\s\S]*?return ptr;\s*\}/, "$1}"],
  [/cachedTextEncoder\.encodeInto = function[\s\S]*?\n\};?\n/, ""],
  // A decoder that has read two gigabytes: no page sends as much.
  [/numBytesDecoded \+= bytes\.length;\s*if [\s\S]*?\n {4}\}/, ""],
  // Nor does a place in its memory, or a number that the engine gives away, ever have 32 bits.
  [/ >>> 0/g, ""],
  [/ptr = ptr;/, ""],
  [/\.subarray\(ptr, ptr \+ buf\.length\)\.set\(buf\)/, ".set(buf, ptr)"],
  // What is dropped is an object of the page, never a constant.
  [/if \(idx < \d+\) return;\s*/, ""],
  [/takeObject\(arg0\);/, "dropObject(arg0);"],
  // A beacon always has a body.
  [/arg3 === 0 \? undefined : /, ""],
];

function patch(glue) {
  return GLUE.reduce((text, [found, instead]) => {
    if (text.search(found) < 0) throw new Error(`wasm-bindgen writes other glue than it used to: no ${found}`);
    return text.replace(found, instead);
  }, glue);
}

/** Makes `engine.wasm`, `engine.js` and `glue.js` in `folder`. */
export function encode({ wasm, wasmBindgen, folder }) {
  const at = (name) => join(folder, name);
  run("wasm-opt", wasm, "-g", ...enable([...FEATURES, "reference-types", "multivalue"]), "--strip-target-features", "-o", at("plain.wasm"));
  writeFileSync(at("silent.wasm"), silence(readFileSync(at("plain.wasm"))));
  // wasm-bindgen reads from this section that it may not use reference types, which wasm2js lacks.
  run("wasm-opt", at("silent.wasm"), "-g", ...enable(FEATURES), "--emit-target-features", "-o", at("collector_wasm.wasm"));
  const options = ["--target", "bundler", "--no-typescript", "--encode-into", "never", "--out-dir", folder];
  execFileSync(wasmBindgen, [at("collector_wasm.wasm"), ...options], { stdio: "inherit" });

  const glue = patch(readFileSync(at("collector_wasm_bg.js"), "utf8"));
  writeFileSync(at("collector_wasm_bg.js"), shortened(glue));
  writeFileSync(at("called.wasm"), unexport(readFileSync(at("collector_wasm_bg.wasm")), glue));
  const names = {};
  run("wasm-opt", at("called.wasm"), ...SMALLER, ...enable(FEATURES), ...STRIP, "-o", at("small.wasm"));
  shorten(at("small.wasm"), at("engine.wasm"), names, FEATURES);
  run("wasm-opt", at("called.wasm"), ...enable(FEATURES), ...LOWER, "-o", at("lowered.wasm"));
  run("wasm-opt", at("lowered.wasm"), "-Oz", "--converge", ...enable(["mutable-globals"]), ...STRIP, "-o", at("old.wasm"));
  shorten(at("old.wasm"), at("engine-old.wasm"), names, ["mutable-globals"]);
  run("wasm2js", at("engine-old.wasm"), ...enable(["mutable-globals"]), "-Oz", "-o", at("module.js"));
  writeFileSync(at("engine.js"), asFunction(readFileSync(at("module.js"), "utf8")));

  const used = Object.entries(names);
  writeFileSync(
    at("glue.js"),
    [
      `import { ${used.map(([name]) => name).join(", ")} } from "./collector_wasm_bg.js";`,
      `export { __wbg_set_wasm, run, start } from "./collector_wasm_bg.js";`,
      `export const imports = { h: { ${used.map(([name, short]) => `${short}: ${name}`).join(", ")} } };`,
    ].join("\n"),
  );
}
