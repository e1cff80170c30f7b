/** One process of the stack: started by us, watched, and ended by its own id. */
import { spawn } from "node:child_process";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { until } from "./until.mjs";

export const ROOT = join(dirname(fileURLToPath(import.meta.url)), "../..");

const GRACE = 5_000;

/** Whatever still runs when the test process ends must not outlive it. @type {Set<Part>} */
const running = new Set();
process.on("exit", () => {
  for (const part of running) part.child.kill("SIGKILL");
});

export class Part {
  /** Everything it printed. */
  log = "";
  /** @type {string | undefined} */
  ended;

  /**
   * @param {string} name
   * @param {string} program
   * @param {string[]} words
   * @param {Record<string, string>} [environment] added to ours
   */
  constructor(name, program, words, environment = {}) {
    this.name = name;
    // The fourth stream is where workerd reports its port.
    this.child = spawn(program, words, {
      cwd: ROOT,
      env: { ...process.env, ...environment },
      stdio: ["ignore", "pipe", "pipe", "pipe"],
    });
    running.add(this);
    /** What came on the control stream. */
    this.control = "";
    const { stdout, stderr } = this.child;
    for (const stream of [stdout, stderr]) stream?.setEncoding("utf8").on("data", (text) => (this.log += text));
    /** @type {import("node:stream").Readable} */ (this.child.stdio[3]).setEncoding("utf8").on("data", (text) => (this.control += text));
    this.child.on("error", (error) => this.#end(`could not be started: ${error.message}`));
    this.child.on("exit", (code, signal) => this.#end(`ended with ${signal ?? code}`));
  }

  /** @param {string} how */
  #end(how) {
    this.ended ??= how;
    running.delete(this);
  }

  /**
   * The first group of `pattern` in what it prints.
   *
   * @param {RegExp} pattern
   * @param {"log" | "control"} [stream]
   */
  async says(pattern, stream = "log") {
    const match = await until(
      `${this.name} says ${pattern}`,
      () => {
        if (this.ended) return this.ended;
        return this[stream].match(pattern);
      },
      { within: 30_000, seen: () => this.tail() },
    );
    if (typeof match === "string") throw new Error(`${this.name} ${match}:\n${this.tail()}`);
    return match[1] ?? "";
  }

  /** The end of its log. */
  tail() {
    return this.log.split("\n").slice(-60).join("\n");
  }

  /** Ends it as a power cut would. */
  async crash() {
    this.child.kill("SIGKILL");
    await this.#gone();
  }

  /** Asks it to end, and ends it when it does not. */
  async stop() {
    if (this.ended) return;
    this.child.kill("SIGTERM");
    try {
      await this.#gone();
    } catch {
      await this.crash();
    }
  }

  #gone() {
    return until(`${this.name} is gone`, () => this.ended, { within: GRACE });
  }
}

/**
 * Runs a program to its end and gives what it printed.
 *
 * @param {string} name
 * @param {string} program
 * @param {string[]} words
 */
export async function run(name, program, words) {
  const part = new Part(name, program, words);
  await until(`${name} is done`, () => part.ended, { within: 60_000 });
  if (part.ended !== "ended with 0") throw new Error(`${name} ${part.ended}:\n${part.tail()}`);
  return part.log;
}
