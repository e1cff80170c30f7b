/** Writes the seeds of each target into fuzz/corpus, from the fixtures in spec. `node fuzz/seeds.mjs` */
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import * as zlib from "node:zlib";

const at = (/** @type {string} */ path) => fileURLToPath(new URL(path, import.meta.url));

/** @param {string} target @param {string} name @param {Buffer} bytes */
function seed(target, name, bytes) {
  mkdirSync(at(`corpus/${target}`), { recursive: true });
  writeFileSync(at(`corpus/${target}/${name}`), bytes);
}

/** A zstd frame of one raw block: RFC 8878, 3.1.1. @param {Buffer} body */
function zstdRaw(body) {
  const header = (body.length << 3) | 1;
  return Buffer.concat([Buffer.of(0x28, 0xb5, 0x2f, 0xfd, 0x00, 0x58, header & 0xff, (header >> 8) & 0xff, header >> 16), body]);
}

/** In the order of `CODINGS` in fuzz_targets/decompress.rs; Node compresses to zstd from 22.15 on. */
const codings = [(/** @type {Buffer} */ body) => body, zlib.gzipSync, zlib.deflateSync, zlib.brotliCompressSync, zlib.zstdCompressSync ?? zstdRaw];

for (const file of readdirSync(at("../spec/batches")).filter((name) => name.endsWith(".json"))) {
  const { request } = JSON.parse(readFileSync(at(`../spec/batches/${file}`), "utf8"));
  const body = Buffer.from(JSON.stringify(request));
  seed("wire", file, body);
  for (const [index, message] of (request.batch ?? []).entries()) seed("wire", `${index}-${file}`, Buffer.from(JSON.stringify(message)));
  for (const [index, compress] of codings.entries()) {
    seed("decompress", `${index}-${file}`, Buffer.concat([Buffer.of(index), compress(body)]));
  }
}

for (const file of readdirSync(at("../spec/tracking_plans")).filter((name) => name.endsWith(".json"))) {
  const { plan, cases } = JSON.parse(readFileSync(at(`../spec/tracking_plans/${file}`), "utf8"));
  for (const [index, { message }] of (cases ?? []).entries()) {
    seed("tracking_plan", `${index}-${file}`, Buffer.from(`${JSON.stringify(plan)}\0${JSON.stringify(message)}`));
  }
}
