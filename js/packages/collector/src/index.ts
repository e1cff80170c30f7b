import { create } from "./client.ts";

/** The SDK as a module. Bundlers find both encodings of the engine by these two expressions. */
export const headwater = create(
  () => ({
    wasm: async () => (await fetch(new URL("./engine.wasm", import.meta.url))).arrayBuffer(),
    js: async () => (await import("./engine-js.js")).default,
  }),
  () => location.origin,
);
export default headwater;
