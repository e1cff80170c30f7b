/**
 * Every screen of the dashboard, one line each: what the menu shows, what the command palette finds, and which view an
 * address opens.
 *
 * @typedef {object} NavScreen
 * @property {string} key the first part of its address
 * @property {string} name
 * @property {string} group under which heading the menu has it
 * @property {string} path its icon
 * @property {string} scope what a token must be allowed to see
 * @property {(parts: string[]) => import("./app.js").View | undefined} view by the address's parts
 */
import { accountView } from "./views/account.js";
import { audienceBuilderView } from "./views/audience-builder.js";
import { audienceView } from "./views/audience.js";
import { audiencesView } from "./views/audiences.js";
import { auditView } from "./views/audit.js";
import { computedTraitFormView } from "./views/computed-trait-form.js";
import { computedTraitsView } from "./views/computed-traits.js";
import { consentView } from "./views/consent.js";
import { experienceFormView } from "./views/experience-form.js";
import { experienceView } from "./views/experience.js";
import { experiencesView } from "./views/experiences.js";
import { homeView } from "./views/home.js";
import { identityView } from "./views/identity.js";
import { ledgerView } from "./views/ledger.js";
import { liveView } from "./views/live.js";
import { membersView } from "./views/members.js";
import { peopleView } from "./views/people.js";
import { privacyView } from "./views/privacy.js";
import { profileView } from "./views/profile.js";
import { quarantineView } from "./views/quarantine.js";
import { reportsView } from "./views/reports.js";
import { signInSettingsView } from "./views/sign-in-settings.js";
import { sourceView } from "./views/source.js";
import { sourcesView } from "./views/sources.js";
import { supportView } from "./views/support.js";
import { tokensView } from "./views/tokens.js";
import { trackingPlanView } from "./views/tracking-plan.js";
import { t } from "./words.js";

/** @type {NavScreen[]} */
export const screens = [
  { key: "", name: t("navigation.screen_start"), group: t("navigation.group_collect"), scope: "events:read", path: "M4 11.500 12 5l8 6.500V19a1 1 0 0 1-1 1h-4.500v-5h-5v5H5a1 1 0 0 1-1-1v-7.500Z", view: () => homeView },
  { key: "live", name: t("navigation.screen_live"), group: t("navigation.group_collect"), scope: "events:read", path: "M4 12h3l3-7 4 14 3-7h3", view: () => liveView },
  { key: "sources", name: t("navigation.screen_sources"), group: t("navigation.group_collect"), scope: "sources:read", path: "M12 4v10m0 0-4-4m4 4 4-4M4 16v4h16v-4", view: ([, one]) => (one ? sourceView : sourcesView) },
  { key: "ledger", name: t("navigation.screen_ledger"), group: t("navigation.group_collect"), scope: "events:read", path: "M6 4h12v16l-3-2-3 2-3-2-3 2V4Zm3 5h6m-6 4h6", view: () => ledgerView },
  { key: "quarantine", name: t("navigation.screen_quarantine"), group: t("navigation.group_collect"), scope: "events:read", path: "M12 4 3 19.500h18L12 4Zm0 6v4.500m0 2.500v.1", view: () => quarantineView },
  { key: "tracking-plan", name: t("navigation.screen_tracking_plan"), group: t("navigation.group_collect"), scope: "events:read", path: "M9 5h11M9 12h11M9 19h11M3.500 5l1 1 2-2m-3 8 1 1 2-2m-3 8 1 1 2-2", view: () => trackingPlanView },
  { key: "people", name: t("navigation.screen_people"), group: t("navigation.group_understand"), scope: "people:read", path: "M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Zm-6 8c.5-3.300 3-5 6-5s5.500 1.700 6 5M16 5a3.300 3.300 0 0 1 0 6.300m1.500 3.500c2 .5 3.200 2 3.500 4.700", view: ([, one]) => (one ? profileView : peopleView) },
  { key: "support", name: t("navigation.screen_support"), group: t("navigation.group_understand"), scope: "people:read", path: "M5 13v-1a7 7 0 0 1 14 0v1M5 13h2.500v5H6a1 1 0 0 1-1-1v-4Zm14 0h-2.500v5H18a1 1 0 0 0 1-1v-4Zm-1 5c0 1.500-1.500 2.500-4 2.500", view: () => supportView },
  { key: "audiences", name: t("navigation.screen_audiences"), group: t("navigation.group_understand"), scope: "audiences:read", path: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm0-4a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z", view: ([, one, action]) => (one === "new" || action === "edit" ? audienceBuilderView : one ? audienceView : audiencesView) },
  { key: "computed-traits", name: t("navigation.screen_computed_traits"), group: t("navigation.group_understand"), scope: "audiences:read", path: "M18 6V4H6l6 8-6 8h12v-2", view: ([, one]) => (one ? computedTraitFormView : computedTraitsView) },
  { key: "identity", name: t("navigation.screen_identity"), group: t("navigation.group_understand"), scope: "identity:read", path: "M7 9a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm10 12a3 3 0 1 0 0-6 3 3 0 0 0 0 6ZM9 8l6 8M17 7h.1M5 17h4", view: () => identityView },
  { key: "reports", name: t("navigation.screen_reports"), group: t("navigation.group_understand"), scope: "reports:read", path: "M4 4v16h16M8 16v-4m4 4V8m4 8v-6", view: () => reportsView },
  { key: "experiences", name: t("navigation.screen_experiences"), group: t("navigation.group_act"), scope: "experiences:read", path: "M4 5h16v9H4V5Zm0 13h7m4 0h5", view: ([, one]) => (one === "new" ? experienceFormView : one ? experienceView : experiencesView) },
  { key: "consent", name: t("navigation.screen_consent"), group: t("navigation.group_govern"), scope: "consent:read", path: "M12 3l7 3v5c0 4.500-3 8-7 10-4-2-7-5.500-7-10V6l7-3Zm-3 9 2 2 4-4", view: () => consentView },
  { key: "privacy", name: t("navigation.screen_privacy"), group: t("navigation.group_govern"), scope: "privacy:read", view: () => privacyView, path: "M12 3.500 5 6v5.500c0 4.300 2.900 7.400 7 9 4.100-1.600 7-4.700 7-9V6l-7-2.500Zm-3 8.500 2.200 2.200L15.500 10" },
  { key: "members", name: t("navigation.screen_members"), group: t("navigation.group_workspace"), scope: "members:read", path: "M12 11a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Zm-7 9c.6-3.500 3.200-5.500 7-5.500s6.400 2 7 5.500", view: () => membersView },
  { key: "sign-in", name: t("navigation.screen_sign_in"), group: t("navigation.group_workspace"), scope: "members:read", path: "M13 5h6v14h-6M4 12h11m-4-4 4 4-4 4", view: () => signInSettingsView },
  { key: "tokens", name: t("navigation.screen_tokens"), group: t("navigation.group_workspace"), scope: "tokens:read", path: "M15 9a4 4 0 1 1-3.400 6L7 15v3H4v-4h7.100A4 4 0 0 1 15 9Zm0 3.900v.1", view: () => tokensView },
  { key: "audit", name: t("navigation.screen_audit"), group: t("navigation.group_workspace"), scope: "audit:read", path: "M7 3h8l4 4v14H7V3Zm7 0v5h5M10 12h6m-6 4h6", view: () => auditView },
  { key: "account", name: t("navigation.screen_account"), group: t("navigation.group_workspace"), scope: "", path: "M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Zm0-8a3 3 0 1 0 0-6 3 3 0 0 0 0 6Zm-5.500 5c1-2.500 3-3.500 5.500-3.500s4.500 1 5.500 3.500", view: () => accountView },
];

/** The menu's headings, in the order they stand. */
const GROUPS = [t("navigation.group_collect"), t("navigation.group_understand"), t("navigation.group_act"), t("navigation.group_govern"), t("navigation.group_workspace")];

/** The screens that scopes let somebody see: those that need none, and those whose scope is held. @param {string[]} [scopes] such as `people:read`; where none are known, all */
export function visible(scopes) {
  return scopes ? screens.filter(({ scope }) => scope === "" || scopes.includes(scope)) : screens;
}

/** Screens under their headings, those that nobody may see left out. @param {NavScreen[]} some @returns {[string, NavScreen[]][]} */
export function grouped(some) {
  const names = [...GROUPS, ...some.map(({ group }) => group).filter((group) => !GROUPS.includes(group))];
  return [...new Set(names)].map((name) => /** @type {[string, NavScreen[]]} */ ([name, some.filter(({ group }) => group === name)])).filter(([, inside]) => inside.length > 0);
}

/** @param {string[]} parts of the address @returns {import("./app.js").View | undefined} */
export function viewOf(parts) {
  return screens.find(({ key }) => key === (parts[0] ?? ""))?.view(parts);
}
