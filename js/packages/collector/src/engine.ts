import * as glue from "#glue";

/** The engine's one function: see `Command::read` in collector-wasm. */
export type Run = typeof glue.run;
/** What the engine calls: see `Page` in collector-wasm. */
export interface Page {
  send(ticket: number, body: string): void;
  wake(after: number): void;
  begin(): boolean;
  purge(): void;
  tell(state: string): void;
  report(reason: string, count: number): void;
}
/** The numbers of commands. */
export const CAPTURE = 0;
export const CONSENT = 1;
export const ADOPT = 2;
export const ADOPT_LOSSES = 3;
export const WATCH = 4;
export const TICK = 5;
export const REPLIED = 6;
export const ONLINE = 7;
export const HIDE = 8;
export const RESUME = 9;
export const ASK = 10;
export const RESET = 11;

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
      const { instance } = await WebAssembly.instantiate(await assets.wasm(), glue.imports as WebAssembly.Imports);
      glue.__wbg_set_wasm(instance.exports);
      return "wasm";
    } catch {
      // The file is blocked, or needs a newer browser: the other encoding does the same.
    }
  }
  glue.__wbg_set_wasm((await assets.js())(glue.imports));
  return "js";
};

export const { run, start } = glue;
