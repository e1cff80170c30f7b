/** A customer's site: the server of pages that an edge may stand in front of. */
import { createServer } from "node:http";

/** @typedef {(request: import("node:http").IncomingMessage, response: import("node:http").ServerResponse, body: string) => void} Answer */

export class Site {
  /** What is at each path. @type {Map<string, Answer>} */
  pages = new Map();
  /** What it was asked. @type {{ method: string, url: string, headers: import("node:http").IncomingHttpHeaders, body: string }[]} */
  requests = [];

  constructor() {
    this.server = createServer(async (request, response) => {
      const { method = "", url = "", headers } = request;
      let body = "";
      for await (const part of request) body += part;
      this.requests.push({ method, url, headers, body });
      const answer = this.pages.get(url.split("?")[0] ?? "");
      if (answer) answer(request, response, body);
      else response.writeHead(404, { "content-type": "text/html; charset=utf-8" }).end("<!doctype html><title>Nothing here</title>");
    });
  }

  static async start() {
    const site = new Site();
    await new Promise((resolve, reject) => {
      site.server.once("error", reject);
      site.server.listen(0, "127.0.0.1", () => resolve(undefined));
    });
    return site;
  }

  get address() {
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.server.address());
    return `127.0.0.1:${port}`;
  }

  get url() {
    return `http://${this.address}`;
  }

  /** Puts a page there. @param {string} path @param {string | Buffer} body @param {import("node:http").OutgoingHttpHeaders} [headers] @param {number} [status] */
  page(path, body, headers = {}, status = 200) {
    this.pages.set(path, (_request, response) => response.writeHead(status, { "content-type": "text/html; charset=utf-8", ...headers }).end(body));
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
