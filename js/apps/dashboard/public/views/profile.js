/** Everything about one person. */
import { api } from "../api.js";
import { h } from "../dom.js";
import { identifierText, kindName, plain } from "../format.js";
import { loaded } from "../states.js";
import { tabs } from "../tabs.js";
import { avatar, personName } from "./people.js";
import { audiencesOf } from "./profile-audiences.js";
import { consentOf } from "./profile-consent.js";
import { identityOf } from "./profile-identity.js";
import { traitsOf } from "./profile-traits.js";
import { readTimeline, timelineOf } from "./timeline.js";

/** @param {import("../app.js").Screen} screen */
export function profileView({ place, signal, parts, query }) {
  const asked = parts.slice(1).join("/");
  const path = `profiles/${encodeURIComponent(asked)}`;
  const again = () => loaded(place, signal, () => api(path, { signal }), (profile) => show(profile, path, signal, query, () => void again()));
  void again();
}

/** @param {any} profile @param {string} path @param {AbortSignal} signal @param {URLSearchParams} query @param {() => void} again */
function show(profile, path, signal, query, again) {
  const name = personName(profile);
  document.title = `${name} · Headwater`;
  const computed = Object.entries(profile.computed_traits ?? {});
  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/people" }, "People")),
    h("div", { class: "head person-head" }, avatar(profile), h("div", {}, h("h1", {}, name), h("p", { class: "quiet mono" }, profile.id)), h("div", { class: "head-actions" }, h("a", { class: "button", href: `#/support?q=${encodeURIComponent(profile.id)}` }, "Support view"))),
    h(
      "div",
      { class: "two" },
      tabs({ label: "Of this person", name: "tab", chosen: query.get("tab"), items: [
        { key: "timeline", name: "Timeline", draw: (panel) => void loaded(panel, signal, () => readTimeline(path, signal), (page) => timelineOf(page, path, signal)) },
        { key: "traits", name: "Traits", draw: (panel) => void loaded(panel, signal, () => readTimeline(path, signal), (page) => traitsOf(profile, page.data)) },
        { key: "audiences", name: "Audiences", draw: (panel) => panel.append(audiencesOf(profile, name, path, signal)) },
        { key: "consent", name: "Consent", draw: (panel) => void consentOf(panel, profile, path, signal) },
        { key: "identity", name: "Identity", draw: (panel) => void identityOf(panel, profile, path, signal, again) },
      ] }),
      h(
        "div",
        { class: "stack" },
        identifiers(profile),
        h("section", { class: "card" }, h("h2", {}, "At a glance"), h("dl", { class: "facts" }, [
          ["Audiences", (profile.audiences ?? []).map((/** @type {any} */ one) => one.name).join(", ") || "none"],
          ["Agreed to", Object.entries(profile.consent ?? {}).filter(([, given]) => given).map(([purpose]) => kindName(purpose)).join(", ") || "nothing known"],
          ...computed.slice(0, 4).map(([key, value]) => [kindName(key), plain(value)]),
        ].map(([key, value]) => h("div", {}, h("dt", {}, key ?? ""), h("dd", {}, value ?? ""))))),
      ),
    ),
  ];
}

/** @param {any} profile */
function identifiers(profile) {
  return h(
    "section",
    { class: "card" },
    h("h2", {}, "Identifiers"),
    h("dl", { class: "facts" }, (profile.identifiers ?? []).map((/** @type {any} */ one) => h("div", {}, h("dt", {}, kindName(one.kind)), h("dd", { class: "mono", title: identifierText(one) }, one.value)))),
  );
}
