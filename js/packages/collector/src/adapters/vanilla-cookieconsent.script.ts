import { attributes, join, pairs } from "./join.ts";
import { vanillaCookieConsent } from "./vanilla-cookieconsent.ts";

// `<script src="…/adapter-vanilla-cookieconsent.js" data-purposes="personalization=functionality">`
const { purposes, cookie, revision } = attributes();
join(vanillaCookieConsent({ purposes: pairs(purposes), ...(cookie && { cookie }), ...(revision && { revision: +revision }) }));
