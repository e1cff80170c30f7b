/**
 * The rule by which signals are settled; docs/consent-signals.md states it, spec/consent_signals shows it.
 *
 * Each source has one word per purpose, its last. Of the words that stand the most protective holds. What the person
 * decides anew replaces every other source's word on those purposes; a replaced word stands again only when its source
 * changes it. To repeat a word changes nothing.
 */

/** What is said of a purpose, the more protective the larger. */
export const enum Word {
  /** Nobody has chosen, and until somebody does the purpose waits, whatever the place presumes. */
  Waits,
  Granted,
  Denied,
}
/** A word per purpose. */
export type Words = Record<string, Word>;
/** The last words of each source. One that was replaced is kept as `~word`, which is below zero. */
export type Heard = Record<string, Record<string, number>>;

/** A source says all that it has to say now; of the purposes in `anew`, the person decided just now. */
export const hear = (heard: Heard, source: string, said: Record<string, number>, anew: string[]): Heard => {
  const next: Heard = {};
  for (const name in { ...heard, [source]: 0 }) {
    const before = heard[name] || {};
    const words = (next[name] = { ...(name === source ? said : before) });
    for (const purpose in words) {
      const word = words[purpose]!;
      const decided = anew.includes(purpose);
      // Another source's word is replaced once; one's own stays replaced while it is only repeated.
      if (name === source ? !decided && before[purpose] === ~word : decided && word >= 0) words[purpose] = ~word;
    }
  }
  return next;
};

/** What holds: a veto, then the most protective word that stands. */
export const holds = (heard: Heard, vetoed: string[]): Words => {
  const out: Words = {};
  for (const name in heard) {
    for (const purpose in heard[name]) {
      const word = heard[name][purpose]!;
      if (word >= 0) out[purpose] = Math.max(out[purpose] || 0, word);
    }
  }
  for (const purpose of vetoed) out[purpose] = Word.Denied;
  return out;
};
