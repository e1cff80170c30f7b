/** The edge worker on workerd, with its durable buffer on a folder of its own. */
import { existsSync } from "node:fs";
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Part, ROOT } from "./part.mjs";

const CONFIG = join(ROOT, "edge-worker/worker.capnp");
const PACKAGES = { "linux-x64": "linux-64", "linux-arm64": "linux-arm64", "darwin-x64": "darwin-64", "darwin-arm64": "darwin-arm64" };

/** The binary itself, not the script around it, which would stand between us and the process to be ended. */
export function workerd() {
  if (process.env.WORKERD_BIN) return process.env.WORKERD_BIN;
  const machine = /** @type {keyof typeof PACKAGES} */ (`${process.platform}-${process.arch}`);
  return createRequire(import.meta.url).resolve(`@cloudflare/workerd-${PACKAGES[machine]}/bin/workerd`);
}

/**
 * @typedef {{ aggregator: string, secret: string, buffer?: false | { batches?: number, bytes?: number }, geography?: boolean, pages?: { site: string, writeKey: string } }} Options
 *   `aggregator` is `host:port`; `buffer` is what one object of the buffer may hold, or false for a deployment that has
 *   none; with `geography` the header cf-blob says where a caller is, as Cloudflare's network does; `pages` passes on the
 *   pages of the site at `host:port`
 */

export class Edge {
  /** `host:port` */
  address = "127.0.0.1:0";
  /** Every run of it, for the logs. @type {Part[]} */
  runs = [];

  /** @param {string} folder @param {string} config @param {Options} options */
  constructor(folder, config, options) {
    this.folder = folder;
    this.config = config;
    this.options = options;
  }

  /** @param {Options} options */
  static async start(options) {
    if (!existsSync(join(ROOT, "edge-worker/dist/index.js"))) throw new Error("edge-worker/dist is missing: run cargo xtask wasm");
    const folder = await mkdtemp(join(tmpdir(), "headwater-edge-"));
    const edge = new Edge(folder, await configuration(folder, options), options);
    await edge.serve();
    return edge;
  }

  /** Starts it; again on the address and the buffer that it had. */
  async serve() {
    const { aggregator, secret, buffer, pages } = this.options;
    const words = ["serve", this.config, "--experimental", "--control-fd=3", `--socket-addr=http=${this.address}`, `--external-addr=aggregator=${aggregator}`];
    /** @type {Record<string, string>} */
    const environment = { HEADWATER_EDGE_SECRET: secret };
    if (buffer !== false) words.push(`--directory-path=edge-buffer=${this.folder}`);
    if (buffer && buffer.batches !== undefined) environment.HEADWATER_EDGE_BUFFER_BATCHES = String(buffer.batches);
    if (buffer && buffer.bytes !== undefined) environment.HEADWATER_EDGE_BUFFER_BYTES = String(buffer.bytes);
    if (pages) {
      words.push(`--external-addr=pages=${pages.site}`);
      Object.assign(environment, { HEADWATER_PAGES_ORIGIN: `http://${pages.site}`, HEADWATER_PAGES_WRITE_KEY: pages.writeKey });
    }
    const part = new Part("edge", workerd(), words, environment);
    this.runs.push(part);
    const port = await part.says(/"event":"listen".*"port":(\d+)/, "control");
    this.address = `127.0.0.1:${port}`;
  }

  get url() {
    return `http://${this.address}`;
  }

  get log() {
    return this.runs.map((part) => part.tail()).join("\n--- restarted ---\n");
  }

  /** Ends it as a power cut would. */
  async crash() {
    await this.runs.at(-1)?.crash();
  }

  async stop() {
    await this.runs.at(-1)?.stop();
    await rm(this.folder, { recursive: true, force: true });
  }
}

/** The configuration of a deployment. @param {string} folder @param {Options} options */
async function configuration(folder, { buffer, geography }) {
  if (buffer !== false && !geography) return CONFIG;
  const given = join(ROOT, "edge-worker");
  // What a configuration embeds lies beside it.
  for (const name of ["index.js", "index_bg.wasm"]) await cp(join(given, "dist", name), join(folder, "dist", name));
  let text = await readFile(CONFIG, "utf8");
  if (buffer === false) text = text.replace(/^.*(edge-buffer|EDGE_BUFFER|durableObject\w+).*\n/gm, "");
  // Only a test may let the caller say where it is.
  if (geography) text = text.replace('http = (), service = "edge"', 'http = (cfBlobHeader = "cf-blob"), service = "edge"');
  const config = join(folder, "worker.capnp");
  await writeFile(config, text);
  return config;
}
