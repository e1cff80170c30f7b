/** The demo shop and what it needs on the server: its audience and the experience of its hero. */
import { Part, run } from "./part.mjs";

export class Shop {
  /** @param {Part} part @param {string} url */
  constructor(part, url) {
    this.part = part;
    this.url = url;
  }

  /** @param {{ edge: string, writeKey: string, csp: string }} options */
  static async start({ edge, writeKey, csp }) {
    const part = new Part("shop", process.execPath, ["js/apps/shop/serve.mjs", "--port", "0", "--edge", edge, "--write-key", writeKey, "--csp", csp]);
    return new Shop(part, await part.says(/shop listening on (\S+)/));
  }

  /** @param {{ api: string, token: string }} options */
  static async seed({ api, token }) {
    await run("seed", process.execPath, ["js/apps/shop/seed.mjs", "--api", api, "--token", token]);
  }

  get log() {
    return this.part.tail();
  }

  stop() {
    return this.part.stop();
  }
}
