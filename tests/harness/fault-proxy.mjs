/**
 * A proxy that notes every exchange and breaks the way on command: what crossed it is what really left a browser or an
 * edge, whatever they say of themselves.
 */
import { Agent, createServer, request as ask } from "node:http";

/**
 * @typedef {{
 *   at: number, method: string, path: string, headers: import("node:http").IncomingHttpHeaders, body: Buffer,
 *   status: number | undefined, replyHeaders: import("node:http").IncomingHttpHeaders, reply: Buffer
 * }} Exchange
 * @typedef {{ status: number, retryAfter?: number, delivered?: boolean, times?: number } | "cut" | undefined} Fault `delivered` passes
 *   the request on and gives the refusal in place of the answer, so that the sender cannot know; with `times`, so many POSTs are
 *   refused and nothing else, and then the way is whole again
 */

export class FaultProxy {
  /** In the order in which requests were complete. @type {Exchange[]} */
  exchanges = [];
  /** What happens instead of passing on. @type {Fault} */
  fault;
  #agent = new Agent({ keepAlive: true });

  /** @param {string} target `host:port` */
  constructor(target) {
    this.target = new URL(`http://${target}`);
    this.server = createServer((request, response) => this.#take(request, response));
  }

  /** @param {string} target `host:port` */
  static async start(target) {
    const proxy = new FaultProxy(target);
    await new Promise((resolve, reject) => {
      proxy.server.once("error", reject);
      proxy.server.listen(0, "127.0.0.1", () => resolve(undefined));
    });
    return proxy;
  }

  get address() {
    const { port } = /** @type {import("node:net").AddressInfo} */ (this.server.address());
    return `127.0.0.1:${port}`;
  }

  get url() {
    return `http://${this.address}`;
  }

  /** Events and questions, without the SDK's own files and settings. */
  get posts() {
    return this.exchanges.filter(({ method }) => method === "POST");
  }

  async stop() {
    this.#agent.destroy();
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  /**
   * @param {import("node:http").IncomingMessage} request
   * @param {import("node:http").ServerResponse} response
   */
  #take(request, response) {
    if (this.fault === "cut") {
      request.socket.destroy();
      return;
    }
    /** @type {Buffer[]} */
    const chunks = [];
    request.on("data", (chunk) => chunks.push(chunk));
    request.on("error", () => {}); // The browser left in the middle of a request: nothing arrived.
    request.on("end", () => {
      /** @type {Exchange} */
      const exchange = {
        at: Date.now(),
        method: request.method ?? "",
        path: request.url ?? "",
        headers: request.headers,
        body: Buffer.concat(chunks),
        status: undefined,
        replyHeaders: {},
        reply: Buffer.alloc(0),
      };
      this.exchanges.push(exchange);
      const fault = this.#faultOf(exchange);
      if (!fault) this.#pass(exchange, request.rawHeaders, response);
      else if (fault.delivered) this.#swallow(exchange, request.rawHeaders, fault, response);
      else this.#refuse(exchange, fault, response);
    });
  }

  /** What befalls this request. @param {Exchange} exchange */
  #faultOf({ method }) {
    const fault = this.fault;
    if (typeof fault !== "object" || fault.times === undefined) return typeof fault === "object" ? fault : undefined;
    if (method !== "POST") return undefined;
    this.fault = fault.times > 1 ? { ...fault, times: fault.times - 1 } : undefined;
    return fault;
  }

  /** @param {Exchange} exchange @param {{ status: number, retryAfter?: number }} fault @param {import("node:http").ServerResponse} response */
  #refuse(exchange, { status, retryAfter }, response) {
    exchange.status = status;
    /** @type {Record<string, string>} */
    const headers = { "access-control-allow-origin": exchange.headers.origin ?? "*", "access-control-allow-credentials": "true", "access-control-expose-headers": "retry-after" };
    if (retryAfter !== undefined) headers["retry-after"] = String(retryAfter);
    response.writeHead(status, headers).end();
  }

  /** @param {Exchange} exchange @param {string[]} rawHeaders @param {{ status: number, retryAfter?: number }} fault @param {import("node:http").ServerResponse} response */
  #swallow(exchange, rawHeaders, fault, response) {
    this.#ask(exchange, rawHeaders, response, () => this.#refuse(exchange, fault, response));
  }

  /** @param {Exchange} exchange @param {string[]} rawHeaders @param {import("node:http").ServerResponse} response */
  #pass(exchange, rawHeaders, response) {
    this.#ask(exchange, rawHeaders, response, (answer) => {
      exchange.status = answer.statusCode;
      response.writeHead(exchange.status ?? 502, pairs(answer.rawHeaders)).end(exchange.reply);
    });
  }

  /**
   * Passes the request on; `then` has the answer, whose body is in the exchange.
   *
   * @param {Exchange} exchange
   * @param {string[]} rawHeaders
   * @param {import("node:http").ServerResponse} response
   * @param {(answer: import("node:http").IncomingMessage) => void} then
   */
  #ask(exchange, rawHeaders, response, then) {
    const { hostname, port } = this.target;
    const onward = ask({ agent: this.#agent, hostname, port, method: exchange.method, path: exchange.path, headers: pairs(rawHeaders) }, (answer) => {
      /** @type {Buffer[]} */
      const chunks = [];
      answer.on("data", (chunk) => chunks.push(chunk));
      answer.on("error", () => response.destroy());
      answer.on("end", () => {
        exchange.replyHeaders = answer.headers;
        exchange.reply = Buffer.concat(chunks);
        then(answer);
      });
    });
    onward.on("error", () => response.destroy());
    onward.end(exchange.body);
  }
}

/** @param {string[]} raw names and values in turn @returns {Record<string, string | string[]>} */
function pairs(raw) {
  /** @type {Record<string, string | string[]>} */
  const headers = {};
  for (let at = 0; at < raw.length; at += 2) {
    const name = /** @type {string} */ (raw[at]).toLowerCase();
    // Both sides have connections of their own, and bodies are whole by now.
    if (["connection", "keep-alive", "transfer-encoding"].includes(name)) continue;
    const value = /** @type {string} */ (raw[at + 1]);
    const known = headers[name];
    headers[name] = known === undefined ? value : [known, value].flat();
  }
  return headers;
}
