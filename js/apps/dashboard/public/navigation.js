/** The screens: each is one line, from which the navigation, the palette and the addresses follow. */
import { audienceView } from "./views/audience.js";
import { audienceBuilderView } from "./views/audience-builder.js";
import { audiencesView } from "./views/audiences.js";
import { computedTraitFormView } from "./views/computed-trait-form.js";
import { computedTraitsView } from "./views/computed-traits.js";
import { experienceFormView } from "./views/experience-form.js";
import { experiencesView } from "./views/experiences.js";
import { homeView } from "./views/home.js";
import { ledgerView } from "./views/ledger.js";
import { liveView } from "./views/live.js";
import { peopleView } from "./views/people.js";
import { privacyView } from "./views/privacy.js";
import { profileView } from "./views/profile.js";
import { quarantineView } from "./views/quarantine.js";
import { reportsView } from "./views/reports.js";
import { trackingPlanView } from "./views/tracking-plan.js";

/**
 * @typedef {object} Entry
 * @property {string} key the first part of the address
 * @property {string} name
 * @property {string} group the heading it stands under; '' above all
 * @property {string} scope what a member or a token has to have to see it, such as `people:read`
 * @property {string} path its icon
 * @property {(second: string | undefined, third: string | undefined) => import("./app.js").View} view by what follows in the address
 */

/** The headings, in order. */
export const GROUPS = ["", "Collect", "Understand", "Act", "Govern", "Workspace"];

/** @type {Entry[]} */
const SCREENS = [
  { key: "", name: "Home", group: "", scope: "events:read", view: () => homeView, path: "M4 11.500 12 5l8 6.500V19a1 1 0 0 1-1 1h-4.500v-5h-5v5H5a1 1 0 0 1-1-1v-7.500Z" },
  { key: "live", name: "Live events", group: "Collect", scope: "events:read", view: () => liveView, path: "M4 12h3l3-7 4 14 3-7h3" },
  { key: "ledger", name: "Loss ledger", group: "Collect", scope: "events:read", view: () => ledgerView, path: "M6 4h12v16l-3-2-3 2-3-2-3 2V4Zm3 5h6m-6 4h6" },
  { key: "quarantine", name: "Quarantine", group: "Collect", scope: "events:read", view: () => quarantineView, path: "M12 4 3 19.500h18L12 4Zm0 6v4.500m0 2.500v.1" },
  { key: "tracking-plan", name: "Tracking plan", group: "Collect", scope: "events:read", view: () => trackingPlanView, path: "M9 5h11M9 12h11M9 19h11M3.500 5l1 1 2-2m-3 8 1 1 2-2m-3 8 1 1 2-2" },
  { key: "people", name: "People", group: "Understand", scope: "people:read", view: (one) => (one ? profileView : peopleView), path: "M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Zm-6 8c.5-3.300 3-5 6-5s5.500 1.700 6 5M16 5a3.300 3.300 0 0 1 0 6.300m1.500 3.500c2 .5 3.200 2 3.500 4.700" },
  { key: "audiences", name: "Audiences", group: "Understand", scope: "audiences:read", view: (one, what) => (one === "new" || what === "edit" ? audienceBuilderView : one ? audienceView : audiencesView), path: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm0-4a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z" },
  { key: "computed-traits", name: "Computed traits", group: "Understand", scope: "audiences:read", view: (one) => (one ? computedTraitFormView : computedTraitsView), path: "M18 6V4H6l6 8-6 8h12v-2" },
  { key: "reports", name: "Reports", group: "Understand", scope: "reports:read", view: () => reportsView, path: "M4 4v16h16M8 16v-4m4 4V8m4 8v-6" },
  { key: "experiences", name: "Experiences", group: "Act", scope: "experiences:read", view: (one) => (one === "new" ? experienceFormView : experiencesView), path: "M4 5h16v9H4V5Zm0 13h7m4 0h5" },
  { key: "privacy", name: "Privacy requests", group: "Govern", scope: "privacy:read", view: () => privacyView, path: "M12 3.500 5 6v5.500c0 4.300 2.900 7.400 7 9 4.100-1.600 7-4.700 7-9V6l-7-2.500Zm-3 8.500 2.200 2.200L15.500 10" },
];

/** All screens, or those that somebody with these scopes may see. @param {Set<string>} [scopes] */
export function screens(scopes) {
  return scopes ? SCREENS.filter(({ scope }) => scopes.has(scope)) : SCREENS;
}

/** What an address shows. @param {string[]} parts @returns {import("./app.js").View | undefined} */
export function viewOf([first = "", second, third]) {
  return SCREENS.find(({ key }) => key === first)?.view(second, third);
}
