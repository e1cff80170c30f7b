/** The way from an empty space to the first event, and what comes after it. Put away per browser. */
import { call } from "../api.js";
import { h } from "../dom.js";
import { t } from "../words.js";
import { labelled, select } from "./form-field.js";
import { newSource } from "./sources.js";
import { snippetTabs } from "./source.js";

const AWAY = "headwater_first_steps_away";

/** Whether this browser's reader has put the list away. */
function isAway() {
  try {
    return localStorage.getItem(AWAY) === "1";
  } catch {
    return false;
  }
}

/** @param {boolean} away */
function putAway(away) {
  try {
    localStorage.setItem(AWAY, away ? "1" : "");
  } catch {
    // Storage refused: it comes back with the next visit.
  }
}

/** @typedef {{ name: string, text: string, href: string, link: string, done: boolean }} Step */

/** What has been done so far. @param {AbortSignal} signal @param {boolean} arrived @returns {Promise<Step[]>} */
export async function steps(signal, arrived) {
  const one = { query: { limit: 1 }, signal };
  const [audiences, experiences, policy] = await Promise.all([call("GET /audiences", one), call("GET /experiences", one), call("GET /consent/policy", { signal })]);
  return [
    { name: t("first_steps.send"), text: t("first_steps.send_text"), href: "#/sources", link: t("first_steps.sources"), done: arrived },
    { name: t("first_steps.consent"), text: t("first_steps.consent_text"), href: "#/consent", link: t("first_steps.policy"), done: policy.version > 1 },
    { name: t("first_steps.audience"), text: t("first_steps.audience_text"), href: "#/audiences/new", link: t("first_steps.new_audience"), done: audiences.data.length > 0 },
    { name: t("first_steps.experience"), text: t("first_steps.experience_text"), href: "#/experiences/new", link: t("first_steps.new_experience"), done: experiences.data.length > 0 },
  ];
}

/** @param {Step[]} all */
export function checklist(all) {
  const place = h("section", { class: "card checklist-card", "aria-labelledby": "first-steps" });
  const draw = () => {
    const done = all.filter((step) => step.done).length;
    if (done === all.length || isAway()) {
      place.hidden = done === all.length;
      place.replaceChildren(h("div", { class: "row-head" }, h("p", { class: "quiet", id: "first-steps" }, t("first_steps.title_progress", { done, of: all.length })), h("button", { type: "button", class: "link-button", click: () => {
        putAway(false);
        draw();
      } }, t("first_steps.show"))));
      return;
    }
    place.replaceChildren(
      h("div", { class: "row-head" }, h("h2", { id: "first-steps" }, t("first_steps.title")), h("span", { class: "quiet" }, t("first_steps.progress", { done, of: all.length })), h("button", { type: "button", class: "link-button", click: () => {
        putAway(true);
        draw();
      } }, t("first_steps.put_away"))),
      h("ol", { class: "checklist", role: "list" }, all.map((step, index) => h("li", { class: step.done ? "done" : "" }, h("span", { class: "clause-mark" }, step.done ? h("span", { "aria-hidden": "true" }, "✓") : index + 1, step.done && h("span", { class: "sr" }, t("first_steps.done"))), h("span", {}, h("b", {}, step.name), h("span", { class: "quiet" }, ` ${step.text}`)), h("a", { href: step.href }, step.link)))),
    );
  };
  draw();
  return place;
}

/** Choose a source, send something, and watch it arrive. @param {import("@headwater/api-client").Source[]} sources @param {AbortSignal} signal */
export function firstEvent(sources, signal) {
  const site = sources.find(({ kind }) => kind === "website") ?? sources[0];
  const head = h("div", { class: "flow-head" }, h("div", {}, h("h2", { id: "flow" }, t("first_steps.flow")), h("p", { class: "quiet" }, t("first_steps.flow_text"))));
  if (!site) return [head, h("p", {}, h("button", { type: "button", class: "button button-main", click: newSource }, t("first_steps.make_source")))];
  const body = h("div");
  const choice = select(sources.map(({ id, name, kind }) => /** @type {[string, string]} */ ([id, `${name} (${kind})`])), site.id);
  let leaving = new AbortController();
  const draw = () => {
    leaving.abort();
    leaving = new AbortController();
    body.replaceChildren(snippetTabs(sources.find(({ id }) => id === choice.value) ?? site, AbortSignal.any([signal, leaving.signal])));
  };
  choice.addEventListener("change", draw);
  draw();
  return [head, labelled(t("first_steps.source"), choice), body];
}
