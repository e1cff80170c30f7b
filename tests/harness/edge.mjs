/** The edge worker on workerd. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { Part, ROOT } from "./part.mjs";

const CONFIG = join(ROOT, "edge-worker/worker.capnp");
const PACKAGES = { "linux-x64": "linux-64", "linux-arm64": "linux-arm64", "darwin-x64": "darwin-64", "darwin-arm64": "darwin-arm64" };

/** The binary itself, not the script around it, which would stand between us and the process to be ended. */
function workerd() {
  if (process.env.WORKERD_BIN) return process.env.WORKERD_BIN;
  const machine = /** @type {keyof typeof PACKAGES} */ (`${process.platform}-${process.arch}`);
  return createRequire(import.meta.url).resolve(`@cloudflare/workerd-${PACKAGES[machine]}/bin/workerd`);
}

export class Edge {
  /** @param {Part} part @param {string} address `host:port` */
  constructor(part, address) {
    this.part = part;
    this.address = address;
  }

  /** @param {{ aggregator: string, secret: string }} options `aggregator` is `host:port` */
  static async start({ aggregator, secret }) {
    if (!existsSync(join(ROOT, "edge-worker/dist/index.js"))) throw new Error("edge-worker/dist is missing: run cargo xtask wasm");
    const words = ["serve", CONFIG, "--experimental", "--control-fd=3", "--socket-addr=http=127.0.0.1:0", `--external-addr=aggregator=${aggregator}`];
    const part = new Part("edge", workerd(), words, { HEADWATER_EDGE_SECRET: secret });
    const port = await part.says(/"event":"listen".*"port":(\d+)/, "control");
    return new Edge(part, `127.0.0.1:${port}`);
  }

  get url() {
    return `http://${this.address}`;
  }

  get log() {
    return this.part.tail();
  }

  stop() {
    return this.part.stop();
  }
}
