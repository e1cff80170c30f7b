import { googleConsentMode } from "./google-consent-mode.ts";
import { attributes, join, lists } from "./join.ts";

// `<script src="…/adapter-google-consent-mode.js" data-purposes="analytics=analytics_storage" data-region="US-CA">`
const { purposes, dataLayer, region } = attributes();
const named = lists(purposes);
join(googleConsentMode({ ...(named && { purposes: named }), ...(dataLayer && { dataLayer }), ...(region && { region }) }));
