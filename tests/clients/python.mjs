/** Clients for Python, in the environment that `cargo xtask setup` made. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";
import { ROOT } from "../harness/part.mjs";

/** @typedef {import("./calls.mjs").Call} Call @typedef {import("./calls.mjs").Target} Target */

const CACHE = process.env.HEADWATER_CACHE || join(homedir(), ".cache/headwater");
const PYTHON = process.env.HEADWATER_PYTHON || join(CACHE, "tools/python-clients/bin/python3");
const LIMIT = 60_000;

/** @param {"segment" | "segment-gzip" | "rudder"} client */
export function python(client) {
  return (/** @type {Target} */ { url, writeKey }, /** @type {Call[]} */ said) =>
    new Promise((/** @type {(value: void) => void} */ resolve, reject) => {
      if (!existsSync(PYTHON)) throw new Error(`${PYTHON} is missing: run cargo xtask setup`);
      const child = execFile(PYTHON, [join(ROOT, "tests/clients/say.py"), client, url, writeKey], { timeout: LIMIT }, (error, printed, complaints) => {
        if (error) reject(new Error(`${client}: ${error.message}\n${printed}\n${complaints}`));
        else resolve();
      });
      child.stdin?.end(JSON.stringify(said));
    });
}
