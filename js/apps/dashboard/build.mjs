// Makes public/built, which the headwater binary carries with the rest of public: the libraries that draw charts, and
// the catalogue of words with what writes its messages.
import { mkdirSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { build } from "esbuild";
import { catalogue, declarations } from "./words/catalogue.mjs";

const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const built = join(here, "public/built");
const shared = { bundle: true, minify: true, charset: /** @type {const} */ ("utf8"), target: "es2022", legalComments: /** @type {const} */ ("none"), logLevel: /** @type {const} */ ("warning") };

const messages = catalogue(join(here, "public/words"));
mkdirSync(built, { recursive: true });
const words = await build({
  ...shared,
  entryPoints: [join(here, "words/index.js")],
  format: "esm",
  write: false,
  // Messages are read here, so no browser needs what reads them.
  alias: { "@formatjs/icu-messageformat-parser": "@formatjs/icu-messageformat-parser/no-parser.js" },
  define: { MESSAGES: JSON.stringify(messages) },
});
replace("words.js", words.outputFiles[0]?.text ?? "");
replace("words.d.ts", declarations(messages));
if (process.argv[2] === "words") process.exit();

await build({ ...shared, entryPoints: [join(here, "charts/index.js")], outfile: join(built, "charts.js"), format: "esm" });
await build({ ...shared, entryPoints: [join(here, "../../../node_modules/uplot/dist/uPlot.min.css")], outfile: join(built, "charts.css") });

/** Writes a file whole, since a server may be reading it. @param {string} name @param {string} text */
function replace(name, text) {
  const next = join(built, `${name}.${process.pid}`);
  writeFileSync(next, text);
  renameSync(next, join(built, name));
}
