import type { AdapterOptions } from "../../adapter.d.ts";
import type { BannerState, ConsentAdapter } from "../../index.d.ts";

interface Banner {
  validConsent(): boolean;
  acceptedCategory(category: string): boolean;
  getUserPreferences(): { acceptedCategories: string[]; rejectedCategories: string[] };
}

const PURPOSES = ["analytics", "personalization", "advertising", "sale_or_share"];

/**
 * Consent from vanilla-cookieconsent 3. The current state is read first: on a returning visit its
 * events may have passed before this script ran. Module builds of the banner leave no global, so
 * its cookie is read where there is none.
 */
export const vanillaCookieConsent = ({ purposes = {} }: AdapterOptions = {}): ConsentAdapter => {
  const accepted = (): [accepted: string[], rejected: string[]] | undefined => {
    const banner = (window as { CookieConsent?: Banner }).CookieConsent;
    if (banner?.validConsent) {
      if (!banner.validConsent()) return undefined;
      const { acceptedCategories, rejectedCategories } = banner.getUserPreferences();
      return [acceptedCategories, rejectedCategories];
    }
    const cookie = /(?:^|; )cc_cookie=([^;]*)/.exec(document.cookie)?.[1];
    const kept = cookie && JSON.parse(decodeURIComponent(cookie));
    // The cookie names only what was accepted; of the purposes every site has, the others were refused.
    return Array.isArray(kept?.categories) ? [kept.categories, PURPOSES.filter((purpose) => !kept.categories.includes(purpose))] : undefined;
  };
  const read = (): BannerState => {
    let found: [string[], string[]] | undefined;
    try {
      found = accepted();
    } catch {
      // A cookie that is not the banner's: nobody has chosen.
    }
    const categories: Record<string, boolean> = {};
    if (found) {
      const [yes, no] = found;
      const names = Object.fromEntries([...yes, ...no].map((category) => [category, category]));
      for (const [purpose, category] of Object.entries(purposes)) {
        delete names[category];
        categories[purpose] = yes.includes(category);
      }
      for (const name of Object.keys(names)) categories[name] = yes.includes(name);
    }
    return { decided: !!found, categories, source: "banner" };
  };
  return {
    read,
    subscribe: (changed) => {
      for (const name of ["cc:onFirstConsent", "cc:onConsent", "cc:onChange"]) window.addEventListener(name, changed);
    },
  };
};
