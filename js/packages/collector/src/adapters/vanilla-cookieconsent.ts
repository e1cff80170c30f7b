import type { VanillaCookieConsentOptions } from "../../adapter.d.ts";
import type { BannerState, ConsentAdapter } from "../../index.d.ts";
import { renamed } from "./renamed.ts";

interface Banner {
  validConsent(): boolean;
  getUserPreferences(): { acceptedCategories: string[]; rejectedCategories: string[] };
  getConfig(name: string): unknown;
}

const PURPOSES = ["analytics", "personalization", "advertising", "sale_or_share"];

/**
 * Consent from vanilla-cookieconsent 3. The current state is read first: on a returning visit its
 * events may have passed before this script ran. Module builds of the banner leave no global, so
 * its cookie is read where there is none.
 */
export const vanillaCookieConsent = ({ purposes = {}, cookie = "cc_cookie", revision }: VanillaCookieConsentOptions = {}): ConsentAdapter => {
  const kept = (): [accepted: string[], rejected: string[]] | undefined => {
    const text = document.cookie.split("; ").find((pair) => pair.startsWith(cookie + "="));
    const found = text && JSON.parse(decodeURIComponent(text.slice(cookie.length + 1)));
    if (!Array.isArray(found?.categories) || (revision !== undefined && found.revision !== revision)) return undefined;
    // The cookie names only what was accepted; of the purposes every site has, the others were refused.
    return [found.categories, [...PURPOSES, ...Object.values(purposes)].filter((category) => !found.categories.includes(category))];
  };
  const chosen = (banner: Banner | undefined): [accepted: string[], rejected: string[]] | undefined => {
    if (!banner?.validConsent) return kept();
    if (!banner.validConsent()) return undefined;
    const { acceptedCategories, rejectedCategories } = banner.getUserPreferences();
    return [acceptedCategories, rejectedCategories];
  };
  const read = (): BannerState | undefined => {
    const banner = (window as { CookieConsent?: Banner }).CookieConsent;
    let found: [string[], string[]] | undefined;
    try {
      // Before it runs, the banner calls every choice invalid, and a returning visitor has made one.
      if (banner?.validConsent && !banner.validConsent() && !banner.getConfig("categories")) return undefined;
      found = chosen(banner);
    } catch {
      // A cookie that is not the banner's: nobody has chosen.
    }
    const [accepted, rejected] = found || [[], []];
    const categories = Object.fromEntries([...rejected.map((name) => [name, false]), ...accepted.map((name) => [name, true])]);
    return { decided: !!found, categories: found ? renamed(categories, purposes) : {}, source: "banner" };
  };
  return {
    read,
    subscribe: (changed) => {
      window.addEventListener("cc:onConsent", () => changed());
      // This one comes on every later page as well; the other two are the person's.
      for (const name of ["cc:onFirstConsent", "cc:onChange"]) window.addEventListener(name, () => changed(true));
    },
  };
};
