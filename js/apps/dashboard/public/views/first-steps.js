/** The way from an empty space to the first event, and what comes after it. Put away per browser. */
import { api, withQuery } from "../api.js";
import { h } from "../dom.js";
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
  const one = (/** @type {string} */ path) => api(withQuery(path, { limit: 1 }), { signal });
  const [audiences, experiences, policy] = await Promise.all([one("audiences"), one("experiences"), api("consent/policy", { signal })]);
  return [
    { name: "Send the first event", text: "From a page, a program, or this dashboard.", href: "#/sources", link: "Sources", done: arrived },
    { name: "Say what consent your visitors give", text: "The policy that every event is judged by. A new space asks first.", href: "#/consent", link: "Consent policy", done: policy.version > 1 },
    { name: "Make the first audience", text: "People by rule, counted while you write it.", href: "#/audiences/new", link: "New audience", done: audiences.data.length > 0 },
    { name: "Show them something", text: "An experience fills a place on your pages for an audience.", href: "#/experiences/new", link: "New experience", done: experiences.data.length > 0 },
  ];
}

/** @param {Step[]} all */
export function checklist(all) {
  const place = h("section", { class: "card checklist-card", "aria-labelledby": "first-steps" });
  const draw = () => {
    const done = all.filter((step) => step.done).length;
    if (done === all.length || isAway()) {
      place.hidden = done === all.length;
      place.replaceChildren(h("div", { class: "row-head" }, h("p", { class: "quiet", id: "first-steps" }, `First steps: ${done} of ${all.length} done`), h("button", { type: "button", class: "link-button", click: () => {
        putAway(false);
        draw();
      } }, "Show them")));
      return;
    }
    place.replaceChildren(
      h("div", { class: "row-head" }, h("h2", { id: "first-steps" }, "First steps"), h("span", { class: "quiet" }, `${done} of ${all.length} done`), h("button", { type: "button", class: "link-button", click: () => {
        putAway(true);
        draw();
      } }, "Put away")),
      h("ol", { class: "checklist", role: "list" }, all.map((step, index) => h("li", { class: step.done ? "done" : "" }, h("span", { class: "clause-mark" }, step.done ? h("span", { "aria-hidden": "true" }, "✓") : index + 1, step.done && h("span", { class: "sr" }, "Done: ")), h("span", {}, h("b", {}, step.name), h("span", { class: "quiet" }, ` ${step.text}`)), h("a", { href: step.href }, step.link)))),
    );
  };
  draw();
  return place;
}

/** Choose a source, send something, and watch it arrive. @param {any[]} sources @param {AbortSignal} signal */
export function firstEvent(sources, signal) {
  const site = sources.find(({ kind }) => kind === "website") ?? sources[0];
  const head = h("div", { class: "flow-head" }, h("div", {}, h("h2", { id: "flow" }, "Send your first event"), h("p", { class: "quiet" }, "Put this where your visitors are, or let this dashboard send one. The line below turns green when it arrives.")));
  if (!site) return [head, h("p", {}, h("button", { type: "button", class: "button button-main", click: newSource }, "Make a source"))];
  const body = h("div");
  const choice = select(sources.map(({ id, name, kind }) => /** @type {[string, string]} */ ([id, `${name} (${kind})`])), site.id);
  let leaving = new AbortController();
  const draw = () => {
    leaving.abort();
    leaving = new AbortController();
    body.replaceChildren(snippetTabs(sources.find(({ id }) => id === choice.value), AbortSignal.any([signal, leaving.signal])));
  };
  choice.addEventListener("change", draw);
  draw();
  return [head, labelled("Source", choice), body];
}
