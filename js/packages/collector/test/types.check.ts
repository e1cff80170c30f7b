// Type-checked only: what a page writes has to compile, and what it may not write has not to.
import headwater, { type ConsentAdapter, type Decisions } from "../index.js";
import { vanillaCookieConsent } from "../adapter.js";

headwater.load("wk_1", { host: "https://edge.example", regime: "opt_in", placements: ["home-hero"] });
headwater.track("Product Viewed", { price: 12.5 }, { context: { ip: "0.0.0.0" } });
headwater.identify("user-1", { plan: "pro" });
headwater.identify({ plan: "pro" });
headwater.page();
headwater.page("Docs", "Install", { section: 2 });
headwater.consent({ analytics: true, personalization: "pending" }, { source: "banner" });
headwater.use(vanillaCookieConsent({ purposes: { personalization: "functionality" } }));
const off: () => void = headwater.on("outcome", ({ messageId, outcome }) => void [messageId, outcome]);
off();
const answer: Promise<Decisions> = headwater.decide({ placements: ["home-hero"] });
void answer.then((decisions) => decisions["home-hero"]?.value);
const own: ConsentAdapter = { read: () => ({ decided: false, categories: {}, source: "own" }), subscribe: (changed) => changed() };
headwater.use(own);
// @ts-expect-error an event has a name
headwater.track();
// @ts-expect-error there is no such event to listen to
headwater.on("sended", () => {});
// @ts-expect-error a purpose is granted, denied or pending
headwater.consent({ analytics: "yes" });
