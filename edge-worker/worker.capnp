# The edge on workerd, for development, tests and self-hosted edges.
# Where the aggregator is comes from the command line: --external-addr aggregator=HOST:PORT
using Workerd = import "/workerd/workerd.capnp";

const config :Workerd.Config = (
  services = [
    (name = "edge", worker = .edge),
    (name = "aggregator", external = (address = "127.0.0.1:8080", http = ())),
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
  ],
  compatibilityDate = "2026-07-01",
  globalOutbound = "aggregator",
);
