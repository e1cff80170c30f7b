/** The browser's engine in real Chromium, without the loader: settings and choices in, what it would do out. */
import { createReadStream } from "node:fs";
import { createServer } from "node:http";
import { join } from "node:path";
import { launch } from "./browser.mjs";
import { ROOT } from "./part.mjs";

const DIST = join(ROOT, "js/packages/collector/dist");
const TYPES = { js: "text/javascript", wasm: "application/wasm" };

/** @typedef {{ settings: string, choices: string }} Question @typedef {{ collect: string, decides: boolean }} Answer */

export class Engines {
  /** @param {import("playwright-core").Browser} browser @param {import("node:http").Server} server @param {string} url */
  constructor(browser, server, url) {
    this.browser = browser;
    this.server = server;
    this.url = url;
  }

  static async start() {
    const server = createServer((request, response) => {
      const name = String(request.url).match(/^\/(glue\.js|engine-js\.js|engine\.wasm)$/)?.[1];
      const type = name?.endsWith(".wasm") ? TYPES.wasm : TYPES.js;
      response.writeHead(200, { "content-type": name ? type : "text/html" });
      if (name) createReadStream(join(DIST, name)).pipe(response);
      else response.end("<!doctype html><title>engine</title>");
    });
    await new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(undefined)));
    const { port } = /** @type {import("node:net").AddressInfo} */ (server.address());
    return new Engines(await launch(), server, `http://127.0.0.1:${port}`);
  }

  /** What one encoding of the engine says to each question. @param {"wasm" | "js"} encoding @param {Question[]} questions @returns {Promise<Answer[]>} */
  async ask(encoding, questions) {
    const page = await this.browser.newPage();
    await page.goto(this.url);
    const answers = await page.evaluate(askEngine, { encoding, questions });
    await page.close();
    return answers;
  }

  async stop() {
    await this.browser.close();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** Runs in the page. @param {{ encoding: string, questions: Question[] }} asked @returns {Promise<Answer[]>} */
async function askEngine({ encoding, questions }) {
  const glue = await import(/** @type {string} */ ("/glue.js"));
  if (encoding === "wasm") {
    const { instance } = await WebAssembly.instantiate(await (await fetch("/engine.wasm")).arrayBuffer(), glue.imports);
    glue.__wbg_set_wasm(instance.exports);
  } else {
    const { default: encoded } = await import(/** @type {string} */ ("/engine-js.js"));
    glue.__wbg_set_wasm(encoded(glue.imports));
  }
  return questions.map(({ settings, choices }) => {
    let reported = /** @type {string | undefined} */ (undefined);
    const page = { send() {}, wake() {}, begin: () => true, purge() {}, tell() {}, report: (/** @type {string} */ reason) => (reported = reason) };
    const storage = { setItem() {}, removeItem() {} };
    glue.start(settings, page, storage, storage, { sendBeacon: () => true });
    // The numbers of `Command::read`: the choices, then an event.
    const status = glue.run(1, 0.5, 1, `${choices}\nbanner\naid-1`, 0, 0, 0);
    glue.run(2, 0.5, 0, '{"type":"track","event":"A","messageId":"m","context":{"locale":"en"', 0, 0, 0);
    // An event is kept to be sent, waits for a choice (which is reported without a reason), or is counted as lost.
    const collect = status & 1 ? "allow" : reported === "" ? "hold" : "deny";
    return { collect, decides: (status & 2) !== 0 };
  });
}
