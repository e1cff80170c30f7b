// Bundles the libraries that draw charts into public/built, which the headwater binary carries with the rest of public.
import { join } from "node:path";
import { build } from "esbuild";

const here = import.meta.dirname ?? new URL(".", import.meta.url).pathname;
const built = join(here, "public/built");
const shared = { bundle: true, minify: true, charset: /** @type {const} */ ("utf8"), target: "es2022", legalComments: /** @type {const} */ ("none"), logLevel: /** @type {const} */ ("warning") };

await build({ ...shared, entryPoints: [join(here, "charts/index.js")], outfile: join(built, "charts.js"), format: "esm" });
await build({ ...shared, entryPoints: [join(here, "../../../node_modules/uplot/dist/uPlot.min.css")], outfile: join(built, "charts.css") });
