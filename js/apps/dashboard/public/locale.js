/** How this member writes dates and numbers: as the browser says, or as picked on the account. */

const KEY = "headwater_locale";

/** Kept in this browser, or nothing. @param {string} key */
function kept(key) {
  try {
    return globalThis.localStorage?.getItem(key) ?? "";
  } catch {
    return "";
  }
}

/** What was picked; empty for what the browser says. */
export function pickedLocale() {
  return kept(KEY);
}

/** Picks it for this browser; the page has to be loaded again. @param {string} locale such as `de-CH`, empty for what the browser says */
export function pickLocale(locale) {
  try {
    if (locale) localStorage.setItem(KEY, locale);
    else localStorage.removeItem(KEY);
  } catch {
    // Storage refused: it stays as the browser says.
  }
}

/** @returns {string[]} */
function wanted() {
  const picked = pickedLocale();
  const all = [...(picked ? [picked] : []), ...(globalThis.navigator?.languages ?? [])];
  return all.filter((one) => {
    try {
      return Intl.DateTimeFormat.supportedLocalesOf(one).length > 0;
    } catch {
      // Not the name of a locale.
      return false;
    }
  });
}

/** The locales for `Intl`, the most wanted first. */
export const LOCALES = wanted();
