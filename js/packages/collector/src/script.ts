import { type EdgeSettings, create } from "./client.ts";
import { attempt } from "./guard.ts";
import type { Headwater, Options } from "../index.d.ts";

type Encoding = (imports: object) => unknown;
/** What the snippet queued, and what the edge put before this script. */
type Early = [method: keyof Headwater, ...parts: never[]][] & { edge?: EdgeSettings };

// The `<script>` of a page: takes over the calls that the snippet queued.
attempt(() => {
  const script = document.currentScript as HTMLScriptElement | null;
  const source = script?.src || location.href;
  const early = window.headwater as unknown as Early | undefined;
  if (early && !Array.isArray(early)) return;
  const beside = (file: string): string => new URL(file, source).href;
  /** Loads a file that lies beside this script; what is missing afterwards was blocked. */
  const add = (file: string) =>
    new Promise((done) => {
      // A policy may want the nonce that let the loader in.
      document.head.append(Object.assign(document.createElement("script"), { src: beside(file), nonce: script?.nonce || "", onload: done, onerror: done }));
    });
  const api = create(
    () => ({
      wasm: async () => (await fetch(beside(WASM_FILE))).arrayBuffer(),
      js: async () => {
        await add(JS_FILE);
        return (window as { headwaterEngine?: Encoding }).headwaterEngine!;
      },
    }),
    () => new URL(source).origin,
    early?.edge,
  );
  window.headwater = api;
  // Whoever builds the page wants to see inside; it is no part of what everybody loads.
  if (location.search.includes("headwater_debug")) void add("debug.js");
  const data = script?.dataset || {};
  if (data["writeKey"]) {
    const options = { ...data } as Options;
    for (const name of ["placements", "purposes", "gpcDenies"] as const) {
      if (data[name] !== undefined) options[name] = data[name].split(/[\s,]+/).filter(Boolean);
    }
    if (data["policyVersion"]) options.policyVersion = +data["policyVersion"];
    api.load(data["writeKey"], options);
  }
  for (const [method, ...parts] of early || []) (api[method] as ((...parts: never[]) => void) | undefined)?.(...parts);
});
