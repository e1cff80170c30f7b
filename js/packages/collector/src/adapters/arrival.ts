/** The longest pause between two looks, in milliseconds. */
const LONGEST = 2_000;

/** Calls `found` once `find` gives something: a banner may come long after this script, and tells nobody that it is there. */
export const onArrival = <T>(find: () => T | undefined, found: (it: T) => void, pause = 50): void => {
  let it: T | undefined;
  try {
    it = find();
  } catch {
    // It is there, but not ready to be asked.
  }
  if (it) found(it);
  else setTimeout(() => onArrival(find, found, Math.min(pause * 2, LONGEST)), pause);
};
