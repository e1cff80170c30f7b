import { all, api, withQuery, words } from "../api.js";
import { h } from "../dom.js";
import { moment, plain } from "../format.js";
import { loaded } from "../states.js";
import { tabs } from "../tabs.js";
import { toast } from "../toast.js";
import { confirmDialog } from "./confirm-dialog.js";
import { span } from "./definition.js";
import { experienceForm } from "./experience-form.js";
import { stateOf } from "./experiences.js";
import { labelled, saving } from "./form-field.js";
import { resultsPanel } from "./experience-results.js";

/** @param {import("../app.js").Screen} screen */
export function experienceView({ place, signal, parts, query }) {
  const path = `experiences/${encodeURIComponent(parts[1] ?? "")}`;
  const again = () => loaded(place, signal, async () => {
    const [experience, audiences, placements] = await Promise.all([api(path, { signal }), all("audiences", signal), all("placements", signal)]);
    return { experience, audiences: audiences.data, placements: placements.data };
  }, (read) => show(read, path, signal, query, () => void again()));
  void again();
}

/** @param {any} read @param {string} path @param {AbortSignal} signal @param {URLSearchParams} query @param {() => void} again */
function show({ experience, audiences, placements }, path, signal, query, again) {
  document.title = `${experience.name} · Headwater`;
  const turn = async () => {
    try {
      await api(path, { method: "PATCH", body: { version: experience.version, enabled: !experience.enabled } });
      toast(experience.enabled ? "Paused: everybody sees what is behind it." : "It is running.");
      again();
    } catch (error) {
      toast(words(error));
    }
  };
  const end = () => confirmDialog({ title: `End “${experience.name}” for good?`, text: "Nobody sees it any more, and it cannot be started again. What was measured stays.", button: "End it", act: async () => {
    await api(`${path}/archive`, { method: "POST", body: {} });
    toast("It has ended. What was measured stays.");
    location.hash = "#/experiences";
  } });
  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/experiences" }, "Experiences")),
    h("div", { class: "head" }, h("h1", {}, experience.name), stateOf(experience), h("div", { class: "head-actions" }, !experience.archived_at && h("button", { type: "button", class: "button", click: () => void turn() }, experience.enabled ? "Pause" : "Resume"), !experience.archived_at && h("button", { type: "button", class: "button", click: end }, "End…"))),
    tabs({ label: "Of this experience", name: "tab", chosen: query.get("tab"), items: [
      { key: "about", name: "What it does", draw: (panel) => panel.append(...about(experience, audiences), preview(experience, signal)) },
      { key: "results", name: "Results", draw: (panel) => resultsPanel(panel, path, signal) },
      { key: "change", name: "Change", draw: (panel) => panel.append(experienceForm({ audiences, placements, experience, saved: () => {
        toast("Saved.");
        again();
      } })) },
    ] }),
  ];
}

/** @param {any} experience @param {any[]} audiences */
function about(experience, audiences) {
  const name = (/** @type {string} */ id) => audiences.find((one) => one.id === id)?.name ?? id;
  const total = experience.variants.reduce((/** @type {number} */ sum, /** @type {any} */ one) => sum + (one.audience_id ? 0 : (one.weight ?? 1)), 0) || 1;
  /** @type {[string, import("../dom.js").Child | import("../dom.js").Child[]][]} */
  const facts = [
    ["Placement", h("code", {}, experience.placement)],
    ["For", experience.audience_id ? h("a", { href: `#/audiences/${experience.audience_id}` }, name(experience.audience_id)) : "everybody"],
    ["When", experience.starts_at || experience.ends_at ? `${experience.starts_at ? `from ${moment(experience.starts_at)} ` : ""}${experience.ends_at ? `until ${moment(experience.ends_at)}` : ""}` : "always"],
    ["Held out", experience.holdout ? `${Math.round(experience.holdout * 1000) / 10} % see the default` : "nobody"],
    ["At most", (experience.frequency_caps ?? []).map((/** @type {any} */ cap) => `${cap.exposures} times in ${span(cap.within)}`).join(", ") || "as often as it comes"],
    ["Priority", String(experience.priority ?? 0)],
  ];
  return [
    h("section", { class: "card" }, h("dl", { class: "facts" }, facts.map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, value))))),
    h("section", {}, h("h2", {}, "Variants"), h("ul", { class: "variants", role: "list" }, experience.variants.map((/** @type {any} */ variant) => h(
      "li",
      {},
      h("p", {}, h("b", {}, variant.key), h("span", { class: "quiet" }, variant.enabled === false ? " off" : variant.audience_id ? ` for ${name(variant.audience_id)}` : ` ${Math.round(((variant.weight ?? 1) / total) * 100)} %`)),
      h("dl", { class: "facts" }, Object.entries(variant.value && typeof variant.value === "object" ? variant.value : { shows: variant.value }).map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, plain(value))))),
    )))),
  ];
}

/** What somebody would see at the placement, and why. @param {any} experience @param {AbortSignal} signal */
function preview(experience, signal) {
  const who = h("input", { required: true, placeholder: "email:ada@example.org or user_id:ada", autocomplete: "off" });
  const when = h("input", { type: "datetime-local" });
  const shown = h("div", { role: "status" });
  return h("section", { class: "card form" }, h("h2", {}, "What would somebody see?"), saving({ save: "Show", act: async () => {
    const text = who.value.trim();
    const profile = /^prf_|^[a-z_]+:/.test(text) ? text : text.includes("@") ? `email:${text}` : `user_id:${text}`;
    const answer = await api("experiences/preview", { method: "POST", body: { profile, placements: [experience.placement], ...(when.value ? { at: new Date(when.value).toISOString() } : {}) }, signal });
    const decision = answer.decisions[experience.placement];
    shown.replaceChildren(
      h("p", {}, "They would see ", h("b", {}, decision?.variant ?? "the default"), decision?.experience && decision.experience !== experience.id ? " of another experience." : "."),
      h("ul", { role: "list" }, (decision?.reasons ?? []).map((/** @type {string} */ reason) => h("li", { class: "quiet" }, reason))),
      h("pre", { class: "code", tabindex: "0", "aria-label": "What is shown" }, JSON.stringify(decision?.value ?? null, null, 2)),
    );
  } }, h("div", { class: "form-row" }, labelled("Person", who), labelled("When (now if empty)", when))), shown);
}
