/** The engine as JavaScript: `build.mjs` makes it of the same wasm. */
declare const open: (imports: object) => unknown;
export default open;
