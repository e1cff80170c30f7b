/** A PostgreSQL of its own: a fresh folder and port, and it may be stopped and started in the middle of a test. */
import { existsSync, readdirSync } from "node:fs";
import { chown, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { run } from "./part.mjs";

const USER = "headwater";
const NEEDED = ["initdb", "pg_ctl", "createdb"];

export class Postgres {
  /** @param {string} programs @param {string} folder @param {number} port */
  constructor(programs, folder, port) {
    this.programs = programs;
    this.folder = folder;
    this.port = port;
    this.log = "";
  }

  static async start() {
    const folder = await mkdtemp(join(tmpdir(), "headwater-postgres-"));
    const postgres = new Postgres(programs(), folder, await freePort());
    if (isRoot()) await chown(folder, ...(await ids("postgres")));
    await postgres.#run("initdb", ["--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync", "--username", USER, "-D", join(folder, "data")]);
    await postgres.serve();
    await postgres.#run("createdb", ["-h", "127.0.0.1", "-p", String(postgres.port), "-U", USER, USER]);
    return postgres;
  }

  get url() {
    return `postgres://${USER}@127.0.0.1:${this.port}/${USER}`;
  }

  /** Starts it, on the folder and the port that it had. */
  async serve() {
    const options = `-c listen_addresses=127.0.0.1 -c port=${this.port} -c unix_socket_directories=${this.folder}`;
    await this.#run("pg_ctl", ["start", "--silent", "--wait", "-D", join(this.folder, "data"), "-l", join(this.folder, "log"), "-o", options]);
  }

  /** Ends it: `fast` tells its clients, `immediate` is as a power cut would be. @param {"fast" | "immediate"} mode */
  async end(mode) {
    await this.#run("pg_ctl", ["stop", "--silent", "--wait", "-m", mode, "-D", join(this.folder, "data")]);
  }

  async stop() {
    if (existsSync(join(this.folder, "data/postmaster.pid"))) await this.end("immediate");
    this.log = (await readFile(join(this.folder, "log"), "utf8")).split("\n").slice(-40).join("\n");
    await rm(this.folder, { recursive: true, force: true });
  }

  /** Postgres refuses to run as root. @param {string} program @param {string[]} words */
  #run(program, words) {
    const path = join(this.programs, program);
    return isRoot() ? run(program, "runuser", ["-u", "postgres", "--", path, ...words]) : run(program, path, words);
  }
}

function isRoot() {
  return process.getuid?.() === 0;
}

/** @param {string} user @returns {Promise<[number, number]>} */
async function ids(user) {
  const line = (await readFile("/etc/passwd", "utf8")).split("\n").find((entry) => entry.startsWith(`${user}:`));
  const [, , uid, gid] = line?.split(":") ?? [];
  return [Number(uid), Number(gid)];
}

/** On the path, or where Debian puts the newest. */
function programs() {
  const debian = "/usr/lib/postgresql";
  const versions = existsSync(debian) ? readdirSync(debian).sort((a, b) => Number(b) - Number(a)) : [];
  const folders = [...(process.env.PATH ?? "").split(delimiter), ...versions.map((version) => join(debian, version, "bin"))];
  const folder = folders.find((path) => NEEDED.every((program) => existsSync(join(path, program))));
  if (!folder) throw new Error("no PostgreSQL was found: run cargo xtask setup");
  return folder;
}

/** A port that nobody listens on at this moment. @returns {Promise<number>} */
function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
      server.close(() => resolve(port));
    });
  });
}
