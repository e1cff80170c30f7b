// A collection endpoint that speaks the wire's contract and remembers everything it heard, and
// beside it a site that uses the SDK. Two ports, so that the two are different origins.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { join } from "node:path";

const serve = new URL("../dist/serve/", import.meta.url).pathname;
const TYPES = { js: "text/javascript", wasm: "application/wasm" };

const listen = (handle) =>
  new Promise((resolve) => {
    const server = createServer((request, response) => void handle(request, response).catch(() => response.destroy()));
    server.listen(0, "127.0.0.1", () => resolve({ server, port: server.address().port }));
  });

const body = async (request) => {
  const parts = [];
  for await (const part of request) parts.push(part);
  return Buffer.concat(parts).toString("utf8");
};

/** Starts both. `edge.answer` decides each batch's fate: `{ status, headers, reply }` or nothing for the usual; it may take its time. */
export async function start() {
  const edge = { batches: [], consents: [], counts: [], settings: undefined, requests: [], messages: new Map(), copies: 0, ledger: new Map(), answer: () => undefined, decide: () => ({}) };
  const take = (batch) => {
    edge.batches.push(batch);
    const outcomes = batch.batch.map((event, index) => {
      if (edge.messages.has(event.messageId)) {
        edge.copies++;
        return { index, messageId: event.messageId, outcome: "duplicate" };
      }
      edge.messages.set(event.messageId, event);
      return { index, messageId: event.messageId, outcome: "ok" };
    });
    for (const { tab, next, lost } of batch.ledger) {
      const known = edge.ledger.get(tab) || { next: 1, lost: [] };
      edge.ledger.set(tab, { next: Math.max(known.next, next), lost: [...known.lost, ...lost] });
    }
    const decisions = batch.placements && edge.decide(batch);
    return { success: true, outcomes, ...(decisions && { decisions }) };
  };
  const api = await listen(async (request, response) => {
    const path = new URL(request.url, "http://edge").pathname;
    const headers = {
      "access-control-allow-origin": request.headers.origin || "*",
      "access-control-allow-credentials": "true",
      "access-control-expose-headers": "retry-after",
    };
    edge.requests.push({ method: request.method, path, headers: request.headers });
    if (path.startsWith("/sdk/")) {
      const name = path.slice(5);
      const found = await readFile(join(serve, name)).catch(() => undefined);
      const asked = new URL(request.url, "http://edge").searchParams.get("writeKey");
      let prefix = name === "headwater.js" && asked && edge.settings ? `(window.headwater=window.headwater||[]).edge=${JSON.stringify({ writeKey: asked, ...edge.settings })};\n` : "";
      if (prefix && edge.settings.counting) prefix += await readFile(join(serve, "counting.js"));
      const file = found && Buffer.concat([Buffer.from(prefix), found]);
      response.writeHead(file ? 200 : 404, { ...headers, "access-control-allow-origin": "*", "content-type": TYPES[name.split(".").pop()] || "text/plain" });
      return response.end(file);
    }
    const text = await body(request);
    const planned = await edge.answer({ path, text });
    if (planned === "hang") return;
    if (planned) {
      response.writeHead(planned.status, { ...headers, ...planned.headers });
      return response.end(typeof planned.reply === "string" ? planned.reply : JSON.stringify(planned.reply || { error: { code: "test", message: "told to" } }));
    }
    response.writeHead(200, { ...headers, "content-type": "application/json" });
    if (path === "/v1/count") {
      edge.counts.push(JSON.parse(text));
      return response.end(`{"success":true}`);
    }
    if (path === "/v1/consent") {
      const consent = JSON.parse(text);
      edge.consents.push(consent);
      return response.end(JSON.stringify({ success: true, outcomes: [{ index: 0, messageId: consent.messageId, outcome: "ok" }] }));
    }
    response.end(JSON.stringify(path === "/v1/decide" ? { decisions: edge.decide(JSON.parse(text)) } : take(JSON.parse(text))));
  });
  edge.url = `http://127.0.0.1:${api.port}`;

  const site = { headers: {}, head: "", body: "page", pages: new Map() };
  const pages = await listen(async (request, response) => {
    const url = new URL(request.url, "http://site");
    const file = site.pages.get(url.pathname);
    if (file) {
      response.writeHead(200, { "content-type": file.type });
      return response.end(file.text);
    }
    response.writeHead(200, { "content-type": "text/html", ...site.headers });
    response.end(`<!doctype html><title>${url.pathname}</title><head>${site.head}</head><body>${site.body}</body>`);
  });
  site.url = `http://127.0.0.1:${pages.port}`;
  site.script = (attributes = "") => `<script src="${edge.url}/sdk/headwater.js" data-write-key="wk_test" ${attributes}></script>`;

  const stop = () => {
    for (const { server } of [api, pages]) {
      server.closeAllConnections();
      server.close();
    }
  };
  return { edge, site, stop };
}

/** Waits until `what` holds. */
export async function until(what, wait = 15_000) {
  const end = Date.now() + wait;
  for (;;) {
    const found = await what();
    if (found) return found;
    if (Date.now() > end) throw new Error(`not within ${wait} ms: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}
