import type { ConsentAdapter } from "./index.js";

/** How the banner's categories answer for Headwater's purposes. */
export interface AdapterOptions {
  /** Category by purpose, where the two differ: `{ personalization: "functionality" }`. */
  purposes?: Record<string, string>;
}

export interface VanillaCookieConsentOptions extends AdapterOptions {
  /** Name of the banner's cookie, for builds of the banner that leave no global. Default `cc_cookie`. */
  cookie?: string;
  /** The banner's `revision`, for the same builds: a choice of another revision counts no more. */
  revision?: number;
}

/** Consent from vanilla-cookieconsent 3. */
export declare function vanillaCookieConsent(options?: VanillaCookieConsentOptions): ConsentAdapter;

/** What the adapter needs of Klaro's manager. */
export interface KlaroManager {
  confirmed: boolean;
  savedConsents: Record<string, boolean>;
  config: { services: { name: string; purposes?: string[]; contextualConsentOnly?: boolean }[] };
  watch(watcher: { update(manager: { confirmed: boolean }, name: string, data?: unknown): void }): void;
}

/** A category is a purpose of Klaro's services, or a service by its name. */
export interface KlaroOptions extends AdapterOptions {
  /** Klaro's manager, where the page has no global `klaro`. */
  manager?: () => KlaroManager | undefined;
}

/** Consent from Klaro 0.7. */
export declare function klaro(options?: KlaroOptions): ConsentAdapter;

export interface TcfOptions {
  /** The framework's purposes that each purpose needs, all of them. Default `{ analytics: [1, 7, 8, 9, 10], personalization: [1, 5, 6], advertising: [1, 2, 3, 4, 7] }`. */
  purposes?: Record<string, number[]>;
  /** Your id in the Global Vendor List: then its consent and the publisher's restrictions of it count too. */
  vendor?: number;
  /** Read what the publisher was allowed, rather than everybody. */
  publisher?: boolean;
  /** Keep the TC string in each receipt's source, after `tcf:`. */
  forward?: boolean;
}

/** Consent from an IAB TCF 2.2 or 2.3 platform. */
export declare function tcf(options?: TcfOptions): ConsentAdapter;

export interface GppOptions {
  /** What an opt-out denies. Default `["advertising", "sale_or_share"]`. */
  denies?: string[];
  /** Keep the GPP string in each receipt's source, after `gpp:`. */
  forward?: boolean;
}

/** Opt-outs from an IAB GPP 1.1 platform. */
export declare function gpp(options?: GppOptions): ConsentAdapter;

export interface GoogleConsentModeOptions {
  /**
   * The types that each purpose needs, all of them; one with a question mark counts only where the page names it. Default
   * `{ analytics: ["analytics_storage"], personalization: ["ad_personalization", "personalization_storage?"], advertising: ["ad_storage", "ad_user_data"] }`.
   */
  purposes?: Record<string, string[]>;
  /** Name of the data layer. Default `dataLayer`. */
  dataLayer?: string;
  /** Where the visitor is (`DE`, `US-CA`), for defaults that name regions; without it each of them counts. */
  region?: string;
}

/** Consent from Google Consent Mode. */
export declare function googleConsentMode(options?: GoogleConsentModeOptions): ConsentAdapter;
