import { vanillaCookieConsent } from "./vanilla-cookieconsent.ts";

// `<script src="…/adapter-vanilla-cookieconsent.js" data-purposes="personalization=functionality">`
const given = (document.currentScript as HTMLScriptElement | null)?.dataset["purposes"] || "";
const purposes = Object.fromEntries(given.split(/[\s,]+/).filter(Boolean).map((pair) => pair.split("=") as [string, string]));
const adapter = vanillaCookieConsent({ purposes });
const sdk = ((window as { headwater?: unknown }).headwater ||= []) as { use?: (next: typeof adapter) => void; push(call: unknown[]): void };
if (sdk.use) sdk.use(adapter);
else sdk.push(["use", adapter]);
