# The edge on workerd, for development, tests and self-hosted edges.
# From the command line come where the aggregator is, --external-addr aggregator=HOST:PORT, and the folder that the
# buffer lives in, which has to exist and to stay: --directory-path edge-buffer=FOLDER
# An edge that passes pages on is told by --external-addr pages=HOST:PORT where the site is.
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    (name = "aggregator", external = (address = "127.0.0.1:8080", http = ())),
    (name = "pages", external = (address = "127.0.0.1:8788", http = ())),
    (name = "edge-buffer", disk = (writable = true)),
  ],
  sockets = [(name = "http", address = "127.0.0.1:8787", http = (), service = "edge")],
);

const edge :Workerd.Worker = (
  modules = [
    (name = "index.js", esModule = embed "dist/index.js"),
    (name = "index_bg.wasm", wasm = embed "dist/index_bg.wasm"),
  ],
  bindings = [
    (name = "AGGREGATOR", service = "aggregator"),
    (name = "HEADWATER_EDGE_SECRET", fromEnvironment = "HEADWATER_EDGE_SECRET"),
    # The site whose pages are filled on their way through, and the write key of its source; unset, no page is passed on.
    (name = "PAGES", service = "pages"),
    (name = "HEADWATER_PAGES_ORIGIN", fromEnvironment = "HEADWATER_PAGES_ORIGIN"),
    (name = "HEADWATER_PAGES_WRITE_KEY", fromEnvironment = "HEADWATER_PAGES_WRITE_KEY"),
    # Holds events while the aggregator is away; without this binding they stay with the client.
    (name = "EDGE_BUFFER", durableObjectNamespace = "EdgeBuffer"),
    # What one of the buffer's eight objects may hold; unset, 268435456 bytes and 100000 batches.
    (name = "HEADWATER_EDGE_BUFFER_BYTES", fromEnvironment = "HEADWATER_EDGE_BUFFER_BYTES"),
    (name = "HEADWATER_EDGE_BUFFER_BATCHES", fromEnvironment = "HEADWATER_EDGE_BUFFER_BATCHES"),
  ],
  durableObjectNamespaces = [(className = "EdgeBuffer", uniqueKey = "headwater-edge-buffer", enableSql = true)],
  durableObjectStorage = (localDisk = "edge-buffer"),
  compatibilityDate = "2026-07-01",
  globalOutbound = "aggregator",
);
