/** The server, on a folder of its own. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Part, ROOT, run } from "./part.mjs";

const BINARY = process.env.HEADWATER_BIN || join(process.env.CARGO_TARGET_DIR || join(ROOT, "target"), "debug/headwater");

/** @typedef {{ space_id: string, write_key: string, server_write_key: string, token: string, edge_secret: string }} Keys */

export class Headwater {
  /** @param {string} folder @param {string[]} storage @param {Keys} keys */
  constructor(folder, storage, keys) {
    this.folder = folder;
    /** The arguments that name where the data is. */
    this.storage = storage;
    this.keys = keys;
    /** `host:port` */
    this.address = "127.0.0.1:0";
    /** Further arguments of each run. @type {string[]} */
    this.more = [];
    /** Further variables of each run. @type {Record<string, string>} */
    this.environment = {};
    /** Every run of it, for the logs. @type {Part[]} */
    this.runs = [];
  }

  /** @param {{ databaseUrl?: string }} [options] a PostgreSQL instead of the SQLite in the folder */
  static async start({ databaseUrl } = {}) {
    const folder = await mkdtemp(join(tmpdir(), "headwater-e2e-"));
    const storage = ["--data-dir", folder, ...(databaseUrl ? ["--database-url", databaseUrl] : [])];
    const printed = await run("headwater init", BINARY, ["init", ...storage, "--json"]);
    const server = new Headwater(folder, storage, JSON.parse(printed));
    await server.serve();
    return server;
  }

  /** Starts it; again on the address it had. */
  async serve() {
    const part = new Part("headwater", BINARY, ["serve", ...this.storage, "--listen", this.address, ...this.more], this.environment);
    this.runs.push(part);
    this.address = await part.says(/headwater listening on http:\/\/(\S+)/);
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

  /** Ends it in order. */
  async shutDown() {
    await this.runs.at(-1)?.stop();
  }

  async stop() {
    await this.shutDown();
    await rm(this.folder, { recursive: true, force: true });
  }
}
