/** For who answers a customer: everything that is asked on the telephone, on one page. */
import { call } from "../api.js";
import { copyButton } from "../cells.js";
import { h } from "../dom.js";
import { identifierText, inOneLine, kindName, moment, plain } from "../format.js";
import { eventName } from "../live-feed.js";
import { empty, loaded } from "../states.js";
import { rich, t } from "../words.js";
import { avatar, find, personName } from "./people.js";
import { purposes } from "./profile-consent.js";
import { readTimeline } from "./timeline.js";

/** @param {import("../app.js").Screen} screen */
export function supportView({ place, signal, query }) {
  const asked = query.get("q") ?? "";
  const field = h("input", { type: "search", value: asked, placeholder: t("support.search_example"), "aria-label": t("support.find_a_person") });
  const found = h("div");
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("support.support"))),
    h("form", { class: "tools", role: "search", submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      location.hash = `#/support?q=${encodeURIComponent(field.value.trim())}`;
    } }, field, h("button", { type: "submit", class: "button button-main" }, t("support.find"))),
    found,
  );
  if (!asked) {
    found.append(empty(t("support.who_is_it_about"), t("support.any_identifier_will_do_you")));
    field.focus();
    return;
  }
  void loaded(found, signal, () => read(asked, signal), (people) => (people.length === 0 ? empty(t("support.nobody_found"), t("support.no_person_has_the_identifier", { asked })) : h("div", { class: "stack" }, people.map(card))));
}

/** @param {string} asked @param {AbortSignal} signal */
async function read(asked, signal) {
  const people = await find(asked, signal);
  return Promise.all(people.map(async (profile) => {
    const [timeline, seen] = await Promise.all([readTimeline(profile.id, signal), call("POST /experiences/preview", { body: { profile: profile.id }, signal }).catch(() => undefined)]);
    return { profile, events: timeline.data.slice(0, 8), decisions: Object.values(seen?.decisions ?? {}) };
  }));
}

/** @typedef {import("@headwater/api-client").Decision} Decision */
/** @typedef {{ profile: import("@headwater/api-client").Profile, events: import("./timeline.js").TimelineEvent[], decisions: Decision[] }} Person */

/** What stands in a ticket. @param {Person} person */
export function summary({ profile, events, decisions }) {
  const consent = Object.entries(profile.consent).map(([purpose, given]) => t(given ? "profile.said_yes" : "profile.said_no", { purpose: kindName(purpose) }));
  const audiences = profile.audiences.map(({ name }) => name);
  return [
    `${personName(profile)} (${profile.id})`,
    t("support.identifiers_names", { names: inOneLine(profile.identifiers.map(identifierText)) }),
    t("support.audiences_names", { names: inOneLine(audiences) || t("support.none") }),
    t("support.consent_names", { names: inOneLine(consent) || t("support.no_choice") }),
    ...decisions.map(({ placement, variant, reasons }) => t("support.sees", { placement, variant: variant ?? t("support.the_default"), reasons: reasons.join("; ") || t("support.no_reason") })),
    ...events.slice(0, 5).map((event) => `${moment(event.timestamp)} ${eventName(event)}`),
  ].join("\n");
}

/** @param {Person} person */
function card(person) {
  const { profile, events, decisions } = person;
  const traits = Object.entries({ ...profile.traits, ...profile.computed_traits }).slice(0, 8);
  return h(
    "article",
    { class: "stack", "aria-label": personName(profile) },
    h("div", { class: "head person-head" }, avatar(profile), h("h2", {}, personName(profile)), h("div", { class: "head-actions" }, copyButton(summary(person), t("support.copy_summary")), h("a", { class: "button", href: `#/people/${encodeURIComponent(profile.id)}` }, t("support.all_of_this_person")))),
    h(
      "div",
      { class: "two" },
      h(
        "div",
        { class: "stack" },
        h("section", { class: "card" }, h("h3", {}, t("support.what_happened_last")), events.length === 0 ? h("p", { class: "quiet" }, t("support.nothing_that_consent_allows_to")) : h("ul", { class: "short-list", role: "list" }, events.map((event) => h("li", {}, h("span", {}, eventName(event)), h("time", { class: "quiet num" }, moment(event.timestamp)))))),
        h("section", { class: "card" }, h("h3", {}, t("support.why_they_see_what_they")), decisions.length === 0 ? h("p", { class: "quiet" }, t("support.no_experience_is_set_up")) : h("ul", { class: "rows-list", role: "list" }, decisions.map(decision))),
      ),
      h(
        "div",
        { class: "stack" },
        h("section", { class: "card" }, h("h3", {}, t("support.who_it_is")), h("dl", { class: "facts" }, [...profile.identifiers.map((one) => [kindName(one.kind), one.value]), ...traits.map(([key, value]) => [kindName(key), plain(value)])].map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, value))))),
        h("section", { class: "card" }, h("h3", {}, t("support.what_they_consent_to")), purposes(profile.consent)),
      ),
    ),
  );
}

/** @param {Decision} one */
function decision(one) {
  return h("li", {}, h("p", {}, rich("support.in", { placement: h("code", {}, one.placement), variant: h("b", {}, one.variant ?? t("support.the_default")) })), one.reasons.map((reason) => h("p", { class: "quiet", translate: "no" }, `${reason[0]?.toUpperCase() ?? ""}${reason.slice(1)}.`)));
}
