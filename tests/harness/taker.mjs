/**
 * Stands where the aggregator is, for tests of what the edge says by itself: it knows the sources that it is given, and
 * takes every event that the edge lets through.
 */
import { createServer } from "node:http";

export class Taker {
  /** By write key. @type {Map<string, any>} */
  sources = new Map();
  /** What the person behind an anonymous id has said. @type {Map<string, Record<string, boolean>>} */
  said = new Map();

  /** @param {import("node:http").Server} server */
  constructor(server) {
    this.server = server;
  }

  /** @returns {Promise<Taker>} */
  static start() {
    return new Promise((resolve) => {
      const server = createServer((request, response) => {
        /** @type {Buffer[]} */
        const parts = [];
        request.on("data", (part) => parts.push(part));
        request.on("end", () => {
          const answer = taker.answer(String(request.url), Buffer.concat(parts).toString());
          response.writeHead(answer ? 200 : 404, { "content-type": "application/json" }).end(JSON.stringify(answer ?? {}));
        });
      });
      const taker = new Taker(server);
      server.listen(0, "127.0.0.1", () => resolve(taker));
    });
  }

  get address() {
    return `127.0.0.1:${/** @type {import("node:net").AddressInfo} */ (this.server.address()).port}`;
  }

  /** @param {string} path @param {string} body @returns {unknown} */
  answer(path, body) {
    const key = path.match(/^\/internal\/v1\/sources\/(.+)$/)?.[1];
    if (key) return this.sources.get(key);
    if (path === "/internal/v1/snapshot") return { profile_id: "prf_1", audiences: [], choices: this.said.get(JSON.parse(body).of.anonymous_id) ?? {} };
    const { admitted, refused } = JSON.parse(body);
    const taken = admitted.map((/** @type {any} */ { index, event }) => ({ index, messageId: event.messageId, outcome: "ok" }));
    const rest = refused.map((/** @type {any} */ { index, message_id, outcome, reason }) => ({ index, messageId: message_id, outcome, reason }));
    return { outcomes: [...taken, ...rest].sort((a, b) => a.index - b.index) };
  }

  async stop() {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}
