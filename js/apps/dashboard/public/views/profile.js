/** Everything about one person. */
import { call } from "../api.js";
import { h } from "../dom.js";
import { identifierText, inOneLine, kindName, plain } from "../format.js";
import { loaded } from "../states.js";
import { tabs } from "../tabs.js";
import { t } from "../words.js";
import { avatar, personName } from "./people.js";
import { audiencesOf } from "./profile-audiences.js";
import { consentOf } from "./profile-consent.js";
import { identityOf } from "./profile-identity.js";
import { traitsOf } from "./profile-traits.js";
import { readTimeline, timelineOf } from "./timeline.js";

/** @typedef {import("@headwater/api-client").Profile} Profile */

/** @param {import("../app.js").Screen} screen */
export function profileView({ place, signal, parts, query }) {
  const asked = parts.slice(1).join("/");
  const again = () => loaded(place, signal, () => call("GET /profiles/{reference}", { path: { reference: asked }, signal }), (profile) => show(profile, signal, query, () => void again()));
  void again();
}

/** @param {Profile} profile @param {AbortSignal} signal @param {URLSearchParams} query @param {() => void} again */
function show(profile, signal, query, again) {
  const name = personName(profile);
  document.title = t("profile.document_title", { name });
  const { id } = profile;
  const computed = Object.entries(profile.computed_traits);
  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/people" }, t("profile.people"))),
    h("div", { class: "head person-head" }, avatar(profile), h("div", {}, h("h1", {}, name), h("p", { class: "quiet mono" }, profile.id)), h("div", { class: "head-actions" }, h("a", { class: "button", href: `#/support?q=${encodeURIComponent(profile.id)}` }, t("profile.support_view")))),
    h(
      "div",
      { class: "two" },
      tabs({ label: t("profile.of_this_person"), name: "tab", chosen: query.get("tab"), items: [
        { key: "timeline", name: t("profile.timeline"), draw: (panel) => void loaded(panel, signal, () => readTimeline(id, signal), (page) => timelineOf(page, id, signal)) },
        { key: "traits", name: t("profile.traits"), draw: (panel) => void loaded(panel, signal, () => readTimeline(id, signal), (page) => traitsOf(profile, page.data)) },
        { key: "audiences", name: t("profile.audiences"), draw: (panel) => panel.append(audiencesOf(profile, name, signal)) },
        { key: "consent", name: t("profile.consent"), draw: (panel) => void consentOf(panel, profile, signal) },
        { key: "identity", name: t("profile.identity"), draw: (panel) => void identityOf(panel, profile, signal, again) },
      ] }),
      h(
        "div",
        { class: "stack" },
        identifiers(profile),
        h("section", { class: "card" }, h("h2", {}, t("profile.at_a_glance")), h("dl", { class: "facts" }, [
          [t("profile.audiences"), inOneLine(profile.audiences.map((one) => one.name)) || t("profile.none")],
          [t("profile.agreed_to"), inOneLine(Object.entries(profile.consent).filter(([, given]) => given).map(([purpose]) => kindName(purpose))) || t("profile.nothing_known")],
          ...computed.slice(0, 4).map(([key, value]) => [kindName(key), plain(value)]),
        ].map(([key, value]) => h("div", {}, h("dt", {}, key ?? ""), h("dd", {}, value ?? ""))))),
      ),
    ),
  ];
}

/** @param {Profile} profile */
function identifiers(profile) {
  return h(
    "section",
    { class: "card" },
    h("h2", {}, t("profile.identifiers")),
    h("dl", { class: "facts" }, profile.identifiers.map((one) => h("div", {}, h("dt", {}, kindName(one.kind)), h("dd", { class: "mono", title: identifierText(one) }, one.value)))),
  );
}
