import { __wbg_set_wasm, imports, run, start } from "#glue";

/** What the engine calls: see `Page` in collector-wasm. */
export interface Page {
  send(ticket: number, body: string): void;
  wake(after: number): void;
  begin(): boolean;
  purge(): void;
  tell(state: string): void;
  report(reason: string, count: number): void;
}
/** What `run` is told: the numbers of `Command::read` in collector-wasm. */
export const enum Kind {
  Capture,
  Consent,
  Adopt,
  AdoptLosses,
  Watch,
  Tick,
  Replied,
  Online,
  Hide,
  Resume,
  Ask,
  Reset,
}

/** Where the engine's two encodings come from. */
export interface Assets {
  wasm: () => Promise<ArrayBuffer>;
  js: () => Promise<(imports: object) => unknown>;
}

const canCompile = (): boolean => {
  try {
    // The only test that tells: under a policy without 'wasm-unsafe-eval', `WebAssembly` exists and
    // `validate` is true. Each try is a report to the site's owner, so there is one.
    return !!new WebAssembly.Module(Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0));
  } catch {
    return false;
  }
};

/** Opens the engine in the first encoding that works here, and says which. */
export const openEngine = async (assets: Assets, plain: boolean): Promise<"wasm" | "js"> => {
  if (!plain && canCompile()) {
    try {
      const { instance } = await WebAssembly.instantiate(await assets.wasm(), imports as WebAssembly.Imports);
      __wbg_set_wasm(instance.exports);
      return "wasm";
    } catch {
      // The file is blocked, or needs a newer browser: the other encoding does the same.
    }
  }
  __wbg_set_wasm((await assets.js())(imports));
  return "js";
};

export { run, start };
