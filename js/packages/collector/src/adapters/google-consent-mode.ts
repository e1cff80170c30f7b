import type { GoogleConsentModeOptions } from "../../adapter.d.ts";
import type { ConsentAdapter } from "../../index.d.ts";

type Layer = { push(...entries: unknown[]): number } & Iterable<unknown>;
interface Default {
  granted: boolean;
  /** 0 for everywhere, 1 for the visitor's country, 2 for a part of it. */
  precision: number;
}

/** What each purpose needs. A type with a question mark counts only where the page names it. */
const PURPOSES: Record<string, string[]> = {
  analytics: ["analytics_storage"],
  personalization: ["ad_personalization", "personalization_storage?"],
  advertising: ["ad_storage", "ad_user_data"],
};

/**
 * Consent from Google Consent Mode: `gtag("consent", …)`. An `update` is a choice. A `default` is what the page presumes:
 * `granted` says nothing here, because the place's regime presumes, and `denied` lets a purpose wait for an update.
 */
export const googleConsentMode = ({ purposes = PURPOSES, dataLayer = "dataLayer", region }: GoogleConsentModeOptions = {}): ConsentAdapter => {
  const defaults: Record<string, Default> = {};
  const updates: Record<string, boolean> = {};
  let said = false;

  const precision = (regions: unknown): number | undefined => {
    if (!Array.isArray(regions)) return 0;
    // Not known where the visitor is: what is denied anywhere waits.
    if (!region) return regions.length ? 0 : undefined;
    return regions.includes(region) ? (region.includes("-") ? 2 : 1) : regions.includes(region.split("-")[0]) ? 1 : undefined;
  };

  const presume = (type: string, granted: boolean, regions: unknown): void => {
    const here = precision(regions);
    const known = defaults[type];
    if (here === undefined || (known && known.precision > here)) return;
    const denied = !region && known && !known.granted;
    defaults[type] = { granted: granted && !denied, precision: here };
  };

  /** Takes an entry of the data layer in: whether it says something, and whether that changes a choice. */
  const take = (entry: unknown): { said: boolean; changed: boolean } => {
    // The command's own form; a list or an object is an event of somebody else.
    if (Object.prototype.toString.call(entry) !== "[object Arguments]") return { said: false, changed: false };
    const [name, command, types] = Array.from(entry as ArrayLike<unknown>) as [unknown, unknown, Record<string, unknown> | undefined];
    if (name !== "consent" || !types || (command !== "default" && command !== "update")) return { said: false, changed: false };
    let changed = false;
    for (const type of Object.keys(types)) {
      const granted = types[type] === "granted";
      if (!granted && types[type] !== "denied") continue;
      if (command === "default") presume(type, granted, types["region"]);
      else {
        changed ||= updates[type] !== granted;
        updates[type] = granted;
      }
    }
    said = true;
    return { said: true, changed };
  };

  const word = (needs: string[]): boolean | null | undefined => {
    const types = needs.map((need) => need.replace("?", ""));
    const waits = (type: string): boolean => updates[type] === undefined && defaults[type]?.granted === false;
    if (types.some((type) => updates[type] === false)) return false;
    if (types.some(waits)) return null;
    return needs.every((need) => need.endsWith("?") || updates[need]) || undefined;
  };

  const layer = (): Layer => ((window as unknown as Record<string, Layer>)[dataLayer] ||= [] as unknown as Layer);
  let read = 0;
  /** What was pushed before anybody listened. */
  const catchUp = (): void => {
    for (const entry of [...layer()].slice(read)) {
      read++;
      take(entry);
    }
  };

  return {
    read: () => {
      if (!read) catchUp();
      if (!said) return undefined;
      const categories: Record<string, boolean | null> = {};
      for (const purpose of Object.keys(purposes)) {
        const found = word(purposes[purpose]!);
        if (found !== undefined) categories[purpose] = found;
      }
      return { decided: true, categories, source: "google-consent-mode" };
    },
    subscribe: (changed) => {
      const queue = layer();
      const push = queue.push;
      catchUp();
      read = Infinity;
      changed();
      queue.push = function (...entries) {
        const length = push.apply(this, entries);
        const results = entries.map(take);
        // While the page loads, a platform repeats what it has kept; later it says what the person does.
        if (results.some((result) => result.said)) changed(document.readyState === "complete" && results.some((result) => result.changed));
        return length;
      };
    },
  };
};
