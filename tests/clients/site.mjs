/** A site whose only page has the clients for browsers. */
import { createServer } from "node:http";
import { join } from "node:path";
import { build } from "esbuild";
import { ROOT } from "../harness/part.mjs";

const PAGE = '<!doctype html><html lang="en"><meta charset="utf-8"><title>Shop</title><link rel="icon" href="data:,"><script src="/clients.js"></script></html>';

export class Site {
  /** @param {import("node:http").Server} server */
  constructor(server) {
    this.server = server;
  }

  static async start() {
    const bundle = await build({ entryPoints: [join(ROOT, "tests/clients/in-page.mjs")], bundle: true, write: false, platform: "browser", target: "es2022", logLevel: "error" });
    const script = bundle.outputFiles[0]?.text;
    const server = createServer((request, response) => {
      if (request.url === "/clients.js") response.setHeader("content-type", "text/javascript; charset=utf-8").end(script);
      else response.setHeader("content-type", "text/html; charset=utf-8").end(PAGE);
    });
    await new Promise((resolve, reject) => server.once("error", reject).listen(0, "127.0.0.1", () => resolve(undefined)));
    return new Site(server);
  }

  get url() {
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.server.address());
    return `http://127.0.0.1:${port}`;
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
