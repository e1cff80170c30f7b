#!/usr/bin/env node
/**
 * Serves the demo shop: pages rendered from `pages/`, files of `public/` and `shared/`, product pictures, and the
 * consent banner from its npm package. No framework and no build step.
 */
import { createServer } from "node:http";
import { parseArgs } from "node:util";
import { CSP_MODES, securityHeaders } from "./server/headers.js";
import { answer } from "./server/routes.js";

const USAGE = `usage: node serve.mjs [--port 0] [--host 127.0.0.1] [--edge URL] [--write-key KEY] [--csp strict|no-wasm|none]

  --edge URL       origin of the Headwater edge; without it the shop runs without the SDK
  --write-key KEY  write key of the website source
  --csp MODE       strict (default): allows WebAssembly · no-wasm: forbids it · none: no policy`;

/** @param {string} message @returns {never} */
function refuse(message) {
  console.error(`shop: ${message}\n\n${USAGE}`);
  process.exit(2);
}

function options() {
  try {
    const { values } = parseArgs({
      options: {
        port: { type: "string", default: "0" },
        host: { type: "string", default: "127.0.0.1" },
        edge: { type: "string", default: "" },
        "write-key": { type: "string", default: "" },
        csp: { type: "string", default: "strict" },
        help: { type: "boolean", default: false },
      },
    });
    return values;
  } catch (error) {
    return refuse(error instanceof Error ? error.message : String(error));
  }
}

const flags = options();
if (flags.help) {
  console.log(USAGE);
  process.exit(0);
}
const port = Number(flags.port);
if (!Number.isInteger(port) || port < 0 || port > 65535) refuse(`--port ${flags.port} is not a port number`);
const csp = CSP_MODES.find((mode) => mode === flags.csp) ?? refuse(`--csp ${flags.csp} is not one of ${CSP_MODES.join(", ")}`);
let edge = "";
if (flags.edge) {
  if (!URL.canParse(flags.edge)) refuse(`--edge ${flags.edge} is not a URL; give one like http://127.0.0.1:8787`);
  edge = new URL(flags.edge).origin;
  if (!flags["write-key"]) refuse("--edge needs --write-key, the key of the website source");
}

const site = { edge, writeKey: flags["write-key"] };
const headers = securityHeaders(csp, edge);

const server = createServer((request, response) => {
  answer(request, site)
    .catch((error) => {
      console.error("shop: a page failed", error);
      return { status: 500, type: "text/plain; charset=utf-8", body: "The shop made a mistake. Please try again.", cache: "no-store" };
    })
    .then((reply) => {
      response.writeHead(reply.status, { ...headers, "content-type": reply.type, "cache-control": reply.cache });
      response.end(request.method === "HEAD" ? undefined : reply.body);
    });
});

server.on("error", (error) => {
  const busy = /** @type {NodeJS.ErrnoException} */ (error).code === "EADDRINUSE";
  console.error(busy ? `shop: port ${port} is in use; choose another with --port, or --port 0 for any free one` : `shop: ${error.message}`);
  process.exit(1);
});
server.listen(port, flags.host, () => {
  const address = server.address();
  const bound = address && typeof address === "object" ? address.port : port;
  console.log(`shop listening on http://${flags.host}:${bound}`);
});

for (const signal of /** @type {const} */ (["SIGINT", "SIGTERM"])) {
  process.on(signal, () => {
    server.close(() => process.exit(0));
    server.closeAllConnections();
  });
}
