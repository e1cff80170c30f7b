import type { ConsentAdapter } from "./index.js";

/** How the banner's categories answer for Headwater's purposes. */
export interface AdapterOptions {
  /** Category by purpose, where the two differ: `{ personalization: "functionality" }`. */
  purposes?: Record<string, string>;
}

/** Consent from vanilla-cookieconsent 3. */
export declare function vanillaCookieConsent(options?: AdapterOptions): ConsentAdapter;
