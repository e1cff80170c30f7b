/**
 * The ledger's figures in one shape.
 *
 * @typedef {import("@headwater/api-client").LedgerGap} Gap
 * @typedef {{ id: string, name: string, kind: string, writeKey: string }} Source
 * @typedef {{ source: Source, numbered: number, outcomes: Record<string, number>, gaps: Gap[], causes: Record<string, number>, unexplained: number }} Figures
 */
import { call, rows } from "./api.js";

/** @param {AbortSignal} signal @returns {Promise<Source[]>} */
export async function sources(signal) {
  const { data } = await rows("GET /sources", { signal });
  return data.map(({ id, name, kind, write_key: writeKey }) => ({ id, name, kind, writeKey }));
}

/** @param {AbortSignal} signal @returns {Promise<Figures[]>} */
export async function figures(signal) {
  const all = await sources(signal);
  return Promise.all(all.map(async (source) => read(source, await call("GET /ledger", { query: { source: source.id }, signal }))));
}

/** @param {Source} source @param {import("@headwater/api-client").Ledger} answer @returns {Figures} */
function read(source, { numbered, outcomes, gaps, causes, unexplained }) {
  return { source, numbered, outcomes, gaps, causes, unexplained };
}

/** @param {Figures[]} all */
export function together(all) {
  /** @type {Record<string, number>} */
  const outcomes = {};
  for (const { outcomes: own } of all) for (const [key, count] of Object.entries(own)) outcomes[key] = (outcomes[key] ?? 0) + count;
  const sum = (/** @type {(one: Figures) => number} */ of) => all.reduce((total, one) => total + of(one), 0);
  return { outcomes, numbered: sum((one) => one.numbered), unexplained: sum((one) => one.unexplained) };
}
