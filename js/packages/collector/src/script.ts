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
  const api = create(
    () => ({
      wasm: async () => (await fetch(beside(WASM_FILE))).arrayBuffer(),
      js: () =>
        new Promise<Encoding>((resolve, reject) => {
          const tag = document.createElement("script");
          tag.src = beside(JS_FILE);
          // A policy may want the nonce that let the loader in.
          tag.nonce = script?.nonce || "";
          tag.onload = () => resolve((window as { headwaterEngine?: Encoding }).headwaterEngine!);
          tag.onerror = reject;
          document.head.append(tag);
        }),
    }),
    () => new URL(source).origin,
    early?.edge,
  );
  window.headwater = api;
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
