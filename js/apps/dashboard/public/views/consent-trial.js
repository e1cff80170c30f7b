/** What a policy would change, or what is wrong with it. */
import { ApiError, words } from "../api.js";
import { useName, usesOf } from "../consent/policy.js";
import { h } from "../dom.js";
import { moment, number, plural, shortId } from "../format.js";
import { confirmDialog } from "./confirm-dialog.js";

/**
 * @param {any} tried an answer of `consent/policy/try` @param {string[]} changed what was changed, in words
 * @param {() => Promise<void>} publish
 */
export function trialResult(tried, changed, publish) {
  const { stored, quarantined, refused, uses, people } = tried;
  const scope = `${plural(stored.events, "event")}${stored.complete ? "" : ` (the youngest; one try reads up to ${number(stored.limit)})`}`;
  const lost = Object.values(refused).reduce((sum, /** @type {any} */ one) => sum + one.events, 0);
  const go = h("button", { type: "button", class: "button button-main", click: () => confirmDialog({ title: `Publish version ${tried.version + 1}?`, text: `${lost > 0 ? `Of the events tried, ${number(lost)} would not have been stored. ` : ""}It holds for the next event that arrives, and what is kept is counted anew by it.`, button: "Publish", act: publish }) }, `Publish version ${tried.version + 1}`);
  return h(
    "section",
    { class: "card stack trial", "aria-labelledby": "trial" },
    h("div", {}, h("h2", { id: "trial", tabindex: "-1" }, "What would change"), h("p", { class: "quiet" }, `Tried on ${scope} since ${moment(stored.since)}, and ${plural(quarantined.events, "message")} in quarantine. Nothing was changed.`)),
    h("div", {}, h("h3", {}, "You changed"), h("ul", { class: "bullets" }, changed.map((line) => h("li", {}, line)))),
    lost > 0 ? refusals(refused, lost) : h("p", {}, stored.events > 0 ? "Every one of these events would still be stored." : "Nothing arrived in this time, so nothing could be compared."),
    quarantined.ok > 0 && h("p", {}, `${plural(quarantined.ok, "message")} of the quarantine would be let through: replay them after publishing.`),
    useTable(uses),
    peopleFacts(people),
    h("div", { class: "row-actions" }, go),
  );
}

/** @param {Record<string, any>} refused @param {number} lost */
function refusals(refused, lost) {
  return h(
    "div",
    {},
    h("h3", {}, `${plural(lost, "event")} would not have been stored`),
    h("ul", { class: "bullets" }, Object.entries(refused).map(([rule, { events, samples }]) => h("li", {}, h("b", {}, number(events)), ` by ${rule === "others" ? "further rules" : rule}`, samples[0] && h("span", { class: "quiet" }, `: ${samples[0].reason} (${shortId(samples[0].message_id)})`)))),
  );
}

/** @param {Record<string, any>} uses */
function useTable(uses) {
  const order = usesOf({ uses });
  const rows = order.flatMap((use) => (uses[use] ? [/** @type {[string, any]} */ ([use, uses[use]])] : [])).filter(([, { gained, lost }]) => gained.events > 0 || lost.events > 0);
  if (rows.length === 0) return null;
  return h(
    "div",
    { class: "scroll-x", role: "region", tabindex: "0", "aria-label": "Events by use" },
    h(
      "table",
      { class: "table" },
      h("thead", {}, h("tr", {}, ["Events that may be used to", "Now", "Then", "Gained", "Lost"].map((name, at) => h("th", { scope: "col", class: at ? "num" : null }, name)))),
      h("tbody", {}, rows.map(([use, { allowed_now: now, allowed_then: then, gained, lost }]) => h("tr", {}, h("th", { scope: "row" }, useName(use)), [now, then, gained.events, lost.events].map((count) => h("td", { class: "num" }, number(count)))))),
    ),
  );
}

/** @param {any} people */
function peopleFacts({ people, complete, profiles, links, memberships, deliveries }) {
  if (people === 0) return null;
  /** @param {{ now: number, then: number }} shift */
  const shift = ({ now, then }) => (now === then ? `${number(now)}, as now` : `${number(then)} instead of ${number(now)}`);
  const moved = Object.entries(memberships).filter(([, one]) => one.now !== one.then || one.gained > 0 || one.lost > 0);
  const told = deliveries.audience_left + deliveries.audience_joined;
  return h(
    "div",
    {},
    h("h3", {}, `Of ${plural(people, "person", "people")}${complete ? "" : ", those with the youngest events"}`),
    h(
      "dl",
      { class: "facts" },
      [
        ["Profiles", shift(profiles)],
        ["Links between identifiers", shift(links)],
        ...moved.map(([, one]) => [`In ${one.name}`, shift(one)]),
        ["Changes told to destinations", number(told)],
      ].map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, value))),
    ),
  );
}

/** Every mistake that the server found, and what to write. @param {unknown} error */
export function problemList(error) {
  const errors = error instanceof ApiError && Array.isArray(error.details?.errors) ? error.details.errors : [];
  return h(
    "div",
    { class: "failed", role: "alert" },
    h("h2", { class: "empty-title", tabindex: "-1" }, errors.length > 0 ? "This policy cannot be published yet" : "That did not work"),
    errors.length > 0 ? h("ul", { class: "bullets" }, errors.map((/** @type {any} */ one) => h("li", {}, one.path && h("code", {}, one.path), one.path ? " " : "", one.message))) : h("p", {}, words(error)),
  );
}
