/** A proxy that knows bytes only: it passes them on, resets connections, or swallows what it gets and never answers. */
import { connect, createServer } from "node:net";

/** @typedef {import("node:net").Socket} Socket @typedef {"open" | "reset" | "black hole"} Way */

export class TcpProxy {
  /** @type {Way} */
  #way = "open";
  /** Both ends of every connection. @type {Set<Socket>} */
  #sockets = new Set();

  /** @param {string} target `host:port` */
  constructor(target) {
    const [host, port] = target.split(":");
    this.target = { host, port: Number(port) };
    this.server = createServer((near) => this.#take(near));
  }

  /** @param {string} target `host:port` */
  static async start(target) {
    const proxy = new TcpProxy(target);
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

  /** Changes what happens from now on, to connections that are open too. @param {Way} way */
  set way(way) {
    this.#way = way;
    // Bytes that were swallowed are gone, so no connection of that time can go on.
    for (const socket of this.#sockets) {
      if (way === "black hole") socket.pause();
      else socket.resetAndDestroy();
    }
  }

  async stop() {
    this.way = "reset";
    await new Promise((resolve) => this.server.close(resolve));
  }

  /** @param {Socket} near */
  #take(near) {
    this.#keep(near);
    if (this.#way === "reset") {
      near.resetAndDestroy();
      return;
    }
    if (this.#way === "black hole") {
      near.pause();
      return;
    }
    const far = connect(this.target);
    this.#keep(far);
    for (const [from, to] of /** @type {const} */ ([[near, far], [far, near]])) {
      from.on("data", (bytes) => to.write(bytes));
      from.on("close", () => to.destroy());
    }
  }

  /** @param {Socket} socket */
  #keep(socket) {
    this.#sockets.add(socket);
    socket.on("close", () => this.#sockets.delete(socket));
    socket.on("error", () => {}); // A cut is what this is for; the other end sees it.
  }
}
