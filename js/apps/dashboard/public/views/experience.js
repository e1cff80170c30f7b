import { call, rows, words } from "../api.js";
import { h } from "../dom.js";
import { inOneLine, moment, number, plain } from "../format.js";
import { loaded } from "../states.js";
import { tabs } from "../tabs.js";
import { toast } from "../toast.js";
import { rich, t } from "../words.js";
import { confirmDialog } from "./confirm-dialog.js";
import { span } from "./definition.js";
import { experienceForm } from "./experience-form.js";
import { stateOf } from "./experiences.js";
import { labelled, saving } from "./form-field.js";
import { resultsPanel } from "./experience-results.js";

/** @typedef {import("@headwater/api-client").StoredExperience} Experience */
/** @typedef {import("@headwater/api-client").Audience} Audience */
/** @typedef {import("@headwater/api-client").StoredPlacement} Placement */

/** @param {import("../app.js").Screen} screen */
export function experienceView({ place, signal, parts: [, id = ""], query }) {
  const again = () => loaded(place, signal, async () => {
    const [experience, audiences, placements] = await Promise.all([call("GET /experiences/{id}", { path: { id }, signal }), rows("GET /audiences", { signal }), rows("GET /placements", { signal })]);
    return { experience, audiences: audiences.data, placements: placements.data };
  }, (read) => show(read, signal, query, () => void again()));
  void again();
}

/** @param {{ experience: Experience, audiences: Audience[], placements: Placement[] }} read @param {AbortSignal} signal @param {URLSearchParams} query @param {() => void} again */
function show({ experience, audiences, placements }, signal, query, again) {
  const path = { id: experience.id };
  document.title = t("experiences.document_title", { name: experience.name });
  const turn = async () => {
    try {
      await call("PATCH /experiences/{id}", { path, body: { version: experience.version, enabled: !experience.enabled } });
      toast(experience.enabled ? t("experiences.paused_everybody_sees_what_is") : t("experiences.it_is_running"));
      again();
    } catch (error) {
      toast(words(error));
    }
  };
  const end = () => confirmDialog({ title: t("experiences.end_name_for_good", { name: experience.name }), text: t("experiences.nobody_sees_it_any_more"), button: t("experiences.end_it"), act: async () => {
    await call("POST /experiences/{id}/archive", { path, body: {} });
    toast(t("experiences.it_has_ended_what_was"));
    location.hash = "#/experiences";
  } });
  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/experiences" }, t("experiences.experiences"))),
    h("div", { class: "head" }, h("h1", {}, experience.name), stateOf(experience), h("div", { class: "head-actions" }, !experience.archived_at && h("button", { type: "button", class: "button", click: () => void turn() }, experience.enabled ? t("experiences.pause") : t("experiences.resume")), !experience.archived_at && h("button", { type: "button", class: "button", click: end }, t("experiences.end")))),
    tabs({ label: t("experiences.of_this_experience"), name: "tab", chosen: query.get("tab"), items: [
      { key: "about", name: t("experiences.what_it_does"), draw: (panel) => panel.append(...about(experience, audiences), preview(experience, signal)) },
      { key: "results", name: t("experiences.results"), draw: (panel) => resultsPanel(panel, experience.id, signal) },
      { key: "change", name: t("experiences.change"), draw: (panel) => panel.append(experienceForm({ audiences, placements, experience, saved: () => {
        toast(t("experiences.saved"));
        again();
      } })) },
    ] }),
  ];
}

/** @param {Experience} experience @param {Audience[]} audiences */
function about(experience, audiences) {
  const name = (/** @type {string} */ id) => audiences.find((one) => one.id === id)?.name ?? id;
  const total = experience.variants.reduce((sum, one) => sum + (one.audience_id ? 0 : one.weight), 0) || 1;
  /** @type {[string, import("../dom.js").Child | import("../dom.js").Child[]][]} */
  const facts = [
    [t("experiences.placement"), h("code", {}, experience.placement)],
    [t("experiences.for"), experience.audience_id ? h("a", { href: `#/audiences/${experience.audience_id}` }, name(experience.audience_id)) : t("experiences.for_everybody")],
    [t("experiences.when"), whenWords(experience)],
    [t("experiences.held_out"), experience.holdout ? t("experiences.held_out_share", { percent: number(Math.round(experience.holdout * 1000) / 10) }) : t("experiences.held_out_nobody")],
    [t("experiences.limits_short"), inOneLine((experience.frequency_caps ?? []).map(({ exposures, within }) => t("experiences.times_in", { exposures, within: span(within) }))) || t("experiences.as_often_as_it_comes")],
    [t("experiences.priority"), number(experience.priority)],
  ];
  return [
    h("section", { class: "card" }, h("dl", { class: "facts" }, facts.map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, value))))),
    h("section", {}, h("h2", {}, t("experiences.variants")), h("ul", { class: "variants", role: "list" }, experience.variants.map((variant) => h(
      "li",
      {},
      h("p", {}, variantWords(variant, name, total)),
      h("dl", { class: "facts" }, Object.entries(variant.value && typeof variant.value === "object" ? variant.value : { [t("experiences.shows")]: variant.value }).map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, plain(value))))),
    )))),
  ];
}

/** @param {Experience} experience */
function whenWords({ starts_at: starts, ends_at: ends }) {
  if (starts && ends) return t("experiences.from_until", { starts: moment(starts), ends: moment(ends) });
  if (starts) return t("experiences.from", { starts: moment(starts) });
  return ends ? t("experiences.until", { ends: moment(ends) }) : t("experiences.always");
}

/** Its name, and who gets it. @param {Experience["variants"][number]} variant @param {(id: string) => string} audience @param {number} total of all weights */
function variantWords({ key, enabled, audience_id: own, weight }, audience, total) {
  const tags = { b: (/** @type {import("../dom.js").Child[]} */ inside) => h("b", {}, inside), quiet: (/** @type {import("../dom.js").Child[]} */ inside) => h("span", { class: "quiet" }, inside) };
  if (enabled === false) return rich("experiences.variant_off", { key, ...tags });
  if (own) return rich("experiences.variant_for", { key, audience: audience(own), ...tags });
  return rich("experiences.variant_share", { key, percent: Math.round((weight / total) * 100), ...tags });
}

/** What somebody would see at the placement, and why. @param {Experience} experience @param {AbortSignal} signal */
function preview(experience, signal) {
  const who = h("input", { required: true, placeholder: t("experiences.person_example"), autocomplete: "off" });
  const when = h("input", { type: "datetime-local" });
  const shown = h("div", { role: "status" });
  return h("section", { class: "card form" }, h("h2", {}, t("experiences.what_would_somebody_see")), saving({ save: t("experiences.show"), act: async () => {
    const text = who.value.trim();
    const profile = /^prf_|^[a-z_]+:/.test(text) ? text : text.includes("@") ? `email:${text}` : `user_id:${text}`;
    const answer = await call("POST /experiences/preview", { body: { profile, placements: [experience.placement], ...(when.value ? { at: new Date(when.value).toISOString() } : {}) }, signal });
    const decision = answer.decisions[experience.placement];
    shown.replaceChildren(
      h("p", {}, rich(decision?.experience && decision.experience !== experience.id ? "experiences.would_see_other" : "experiences.would_see", { variant: decision?.variant ?? t("experiences.the_default"), b: (inside) => h("b", {}, inside) })),
      h("ul", { role: "list" }, (decision?.reasons ?? []).map((reason) => h("li", { class: "quiet" }, reason))),
      h("pre", { class: "code", tabindex: "0", "aria-label": t("experiences.what_is_shown") }, JSON.stringify(decision?.value ?? null, null, 2)),
    );
  } }, h("div", { class: "form-row" }, labelled(t("experiences.person"), who), labelled(t("experiences.when_now_if_empty"), when))), shown);
}
