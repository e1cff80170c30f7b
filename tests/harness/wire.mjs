/** Reads what crossed the proxy before the edge: batches, their messages, and what became of each. */

/**
 * @typedef {import("./fault-proxy.mjs").Exchange} Exchange
 * @typedef {{ exchange: Exchange, body: any, reply: any }} Batch
 * @typedef {{ message: any, outcome: string | undefined, reason: string | undefined, batch: Batch }} Delivery
 */

/** @param {import("./fault-proxy.mjs").FaultProxy} proxy @returns {Batch[]} */
export function batches(proxy) {
  return proxy.posts
    .filter(({ path }) => path.startsWith("/v1/batch"))
    .map((exchange) => ({ exchange, body: json(exchange.body) ?? { batch: [] }, reply: exchange.status === 200 ? json(exchange.reply) : undefined }));
}

/** Every message on its way, each time it was sent; from the batch `since` on. @param {import("./fault-proxy.mjs").FaultProxy} proxy @param {number} [since] @returns {Delivery[]} */
export function deliveries(proxy, since = 0) {
  return batches(proxy).slice(since).flatMap((batch) =>
    batch.body.batch.map((/** @type {any} */ message, /** @type {number} */ index) => {
      const line = batch.reply?.outcomes?.find((/** @type {any} */ one) => one.index === index);
      return { message, outcome: line?.outcome, reason: line?.reason, batch };
    }),
  );
}

/** What the server took of the track event `name`, by the number that the test gave each. @param {import("./fault-proxy.mjs").FaultProxy} proxy @param {string} name */
export function stored(proxy, name) {
  return new Set(
    deliveries(proxy)
      .filter(({ message, outcome }) => message.event === name && (outcome === "ok" || outcome === "duplicate"))
      .map(({ message }) => message.properties.n),
  );
}

/** What an event is called, on the wire and in a timeline: the event of a track, the name of a page, else its type. @param {any} event @returns {string} */
export function nameOf(event) {
  if (event.type === "track") return event.event;
  const name = event.event ?? event.name;
  return name ? `${event.type} ${name}` : event.type;
}

/** @param {Buffer} bytes */
function json(bytes) {
  try {
    return JSON.parse(bytes.toString("utf8"));
  } catch {
    return undefined;
  }
}
