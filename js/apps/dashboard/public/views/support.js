/** For who answers a customer: everything that is asked on the telephone, on one page. */
import { api } from "../api.js";
import { copyButton } from "../cells.js";
import { h } from "../dom.js";
import { identifierText, kindName, moment, plain } from "../format.js";
import { eventName } from "../live-feed.js";
import { empty, loaded } from "../states.js";
import { avatar, find, personName } from "./people.js";
import { purposes } from "./profile-consent.js";
import { readTimeline } from "./timeline.js";

/** @param {import("../app.js").Screen} screen */
export function supportView({ place, signal, query }) {
  const asked = query.get("q") ?? "";
  const field = h("input", { type: "search", value: asked, placeholder: "E-mail, telephone, order’s user id, anonymous id…", "aria-label": "Find a person" });
  const found = h("div");
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Support")),
    h("form", { class: "tools", role: "search", submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      location.hash = `#/support?q=${encodeURIComponent(field.value.trim())}`;
    } }, field, h("button", { type: "submit", class: "button button-main" }, "Find")),
    found,
  );
  if (!asked) {
    found.append(empty("Who is it about?", "Any identifier will do. You see who it is, what happened last, why they see what they see, and what they consent to."));
    field.focus();
    return;
  }
  void loaded(found, signal, () => read(asked, signal), (people) => (people.length === 0 ? empty("Nobody found", `No person has the identifier “${asked}”. Identifiers are matched whole: ask for another one.`) : h("div", { class: "stack" }, people.map(card))));
}

/** @param {string} asked @param {AbortSignal} signal */
async function read(asked, signal) {
  const people = await find(asked, signal);
  return Promise.all(people.map(async (profile) => {
    const path = `profiles/${encodeURIComponent(profile.id)}`;
    const [timeline, seen] = await Promise.all([readTimeline(path, signal), api("experiences/preview", { method: "POST", body: { profile: profile.id }, signal }).catch(() => ({ decisions: {} }))]);
    return { profile, events: timeline.data.slice(0, 8), decisions: /** @type {any[]} */ (Object.values(seen.decisions)) };
  }));
}

/** @typedef {{ profile: any, events: any[], decisions: any[] }} Person */

/** What stands in a ticket. @param {Person} person */
export function summary({ profile, events, decisions }) {
  const consent = Object.entries(profile.consent ?? {}).map(([purpose, given]) => `${kindName(purpose)} ${given ? "yes" : "no"}`);
  return [
    `${personName(profile)} (${profile.id})`,
    `Identifiers: ${(profile.identifiers ?? []).map(identifierText).join(", ")}`,
    `Audiences: ${(profile.audiences ?? []).map((/** @type {any} */ one) => one.name).join(", ") || "none"}`,
    `Consent: ${consent.join(", ") || "no choice is known"}`,
    ...decisions.map((one) => `Sees in ${one.placement}: ${one.variant ?? "the default"} (${(one.reasons ?? []).join("; ") || "no reason"})`),
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
    h("div", { class: "head person-head" }, avatar(profile), h("h2", {}, personName(profile)), h("div", { class: "head-actions" }, copyButton(summary(person), "Copy summary"), h("a", { class: "button", href: `#/people/${encodeURIComponent(profile.id)}` }, "All of this person"))),
    h(
      "div",
      { class: "two" },
      h(
        "div",
        { class: "stack" },
        h("section", { class: "card" }, h("h3", {}, "What happened last"), events.length === 0 ? h("p", { class: "quiet" }, "Nothing that consent allows to show.") : h("ul", { class: "short-list", role: "list" }, events.map((event) => h("li", {}, h("span", {}, eventName(event)), h("time", { class: "quiet num" }, moment(event.timestamp)))))),
        h("section", { class: "card" }, h("h3", {}, "Why they see what they see"), decisions.length === 0 ? h("p", { class: "quiet" }, "No experience is set up.") : h("ul", { class: "rows-list", role: "list" }, decisions.map(decision))),
      ),
      h(
        "div",
        { class: "stack" },
        h("section", { class: "card" }, h("h3", {}, "Who it is"), h("dl", { class: "facts" }, [...(profile.identifiers ?? []).map((/** @type {any} */ one) => [kindName(one.kind), one.value]), ...traits.map(([key, value]) => [kindName(key), plain(value)])].map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, value))))),
        h("section", { class: "card" }, h("h3", {}, "What they consent to"), purposes(profile.consent)),
      ),
    ),
  );
}

/** @param {any} one */
function decision(one) {
  return h("li", {}, h("p", {}, "In ", h("code", {}, one.placement), ": ", h("b", {}, one.variant ?? "the default")), (one.reasons ?? []).map((/** @type {string} */ reason) => h("p", { class: "quiet" }, `${reason[0]?.toUpperCase() ?? ""}${reason.slice(1)}.`)));
}
