/** Waiting for conditions. Nothing in these tests waits for time to pass. */

const PAUSE = 40;

/**
 * Asks `probe` until it gives something truthy, and gives that.
 *
 * @template T
 * @param {string} what what is waited for, for the error
 * @param {() => T | Promise<T>} probe
 * @param {{ within?: number, seen?: () => unknown }} [options] `within` in milliseconds; `seen` says how far it came
 * @returns {Promise<Exclude<T, false | 0 | "" | null | undefined>>}
 */
export async function until(what, probe, { within = 15_000, seen } = {}) {
  const deadline = Date.now() + within;
  /** @type {unknown} */
  let last;
  do {
    try {
      const found = await probe();
      if (found) return /** @type {Exclude<T, false | 0 | "" | null | undefined>} */ (found);
      last = found;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  } while (Date.now() < deadline);
  const detail = last instanceof Error ? last.message : JSON.stringify(seen ? seen() : last);
  throw new Error(`waited ${within} ms in vain: ${what} (last: ${String(detail).slice(0, 2_000)})`);
}

/**
 * Holds as long as `probe` gives nothing truthy; for "and nothing more happens", which only a span of time can show.
 *
 * @param {string} what what must not happen
 * @param {number} span milliseconds
 * @param {() => unknown} probe
 */
export async function never(what, span, probe) {
  const end = Date.now() + span;
  while (Date.now() < end) {
    const found = await probe();
    if (found) throw new Error(`${what}: ${JSON.stringify(found).slice(0, 2_000)}`);
    await new Promise((resolve) => setTimeout(resolve, PAUSE));
  }
}
