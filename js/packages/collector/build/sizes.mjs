// What a page downloads.
import { brotliCompressSync, constants, gzipSync } from "node:zlib";

const QUALITY = { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } };

/** Sizes of one file: as it is, gzip -9, brotli -q 11. */
export const measure = (bytes) => ({
  raw: bytes.length,
  gzip: gzipSync(bytes, { level: 9 }).length,
  brotli: brotliCompressSync(bytes, QUALITY).length,
});

/** Prints a table of `[name, sizes]`. */
export function print(rows) {
  const cells = rows.map(([name, size]) => [name, ...["raw", "gzip", "brotli"].map((kind) => size[kind].toLocaleString("en"))]);
  for (const [name, ...numbers] of [["file", "raw", "gzip -9", "brotli -q 11"], ...cells]) {
    console.log(name.padEnd(46) + numbers.map((number) => number.padStart(14)).join(""));
  }
}
