/**
 * The ledger's figures in one shape.
 *
 * @typedef {{ tab: string, from: number, to: number, cause: string, explanation: string }} Gap
 * @typedef {{ id: string, name: string, kind: string, writeKey: string }} Source
 * @typedef {{ source: Source, numbered: number, outcomes: Record<string, number>, gaps: Gap[], causes: Record<string, number>, unexplained: number }} Figures
 */
import { api, withQuery } from "./api.js";

/** @param {AbortSignal} signal @returns {Promise<Source[]>} */
export async function sources(signal) {
  const page = await api(withQuery("sources", { limit: 100 }), { signal });
  return page.data.map((/** @type {any} */ one) => ({ id: one.id, name: one.name ?? one.id, kind: one.kind ?? "", writeKey: one.write_key ?? "" }));
}

/** @param {AbortSignal} signal @returns {Promise<Figures[]>} */
export async function figures(signal) {
  const all = await sources(signal);
  return Promise.all(all.map(async (source) => read(source, await api(withQuery("ledger", { source: source.id }), { signal }))));
}

/** @param {Source} source @param {any} answer @returns {Figures} */
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
