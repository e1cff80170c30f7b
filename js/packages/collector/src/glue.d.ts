/** What `build.mjs` makes of wasm-bindgen's output. */
declare module "#glue" {
  export const imports: object;
  export function __wbg_set_wasm(exports: unknown): void;
  export function start(settings: string, page: object, site: Storage, tab: Storage, navigator: Navigator): void;
  export function run(
    now: number,
    dice: number,
    kind: number,
    text: string,
    number: number,
    status: number,
    wait: number,
  ): number;
}
declare const VERSION: string;
declare const WASM_FILE: string;
declare const JS_FILE: string;
