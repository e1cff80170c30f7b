/** The consent policy: read, changed as a form, tried against what arrived, published; its versions, and counts. */
import { all, api, ApiError, words } from "../api.js";
import { changes } from "../consent/policy.js";
import { h } from "../dom.js";
import { moment, plural } from "../format.js";
import { loaded } from "../states.js";
import { tabs } from "../tabs.js";
import { toast } from "../toast.js";
import { confirmDialog } from "./confirm-dialog.js";
import { consentCounts } from "./consent-counts.js";
import { policyForm } from "./consent-form.js";
import { problemList, trialResult } from "./consent-trial.js";
import { policyVersions } from "./consent-versions.js";

/** @typedef {import("../consent/policy.js").Policy} Policy */

const SPANS = [1, 7, 30];

/** @param {import("../app.js").Screen} screen */
export function consentView({ place, signal, query }) {
  const body = h("div");
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Consent policy")),
    h("p", { class: "lead" }, "What people are asked about, what each use of an event needs, and what is presumed where. Browser, edge and server all ask this policy; what it cannot decide is not allowed."),
    body,
  );
  const load = () => loaded(body, signal, () => api("consent/policy", { signal }), (current) => draw(current, current.policy));

  /** @param {any} current @param {Policy} draft */
  function draw(current, draft) {
    return [
      h(
        "p",
        { class: "policy-state" },
        h("span", { class: "badge badge-ok" }, `version ${current.version}`),
        h("span", {}, `in force since ${moment(current.published_at)}`),
        current.refolding && h("span", { class: "badge badge-held" }, "what was kept before is still being counted anew"),
      ),
      tabs({
        label: "Consent policy",
        name: "tab",
        chosen: query.get("tab"),
        items: [
          { key: "policy", name: "Policy", draw: (panel) => editor(panel, current, draft) },
          { key: "versions", name: "Versions", draw: (panel) => void loaded(panel, signal, () => all("consent/policies", signal), ({ data }) => policyVersions(data, current.version, restore)) },
          { key: "counts", name: "People who did not agree", draw: (panel) => consentCounts(panel, signal, current.policy) },
        ],
      }),
    ];
    /** An older version as a draft: it is tried and published as any other change. @param {any} version */
    function restore(version) {
      body.replaceChildren(...draw(current, { ...version.policy, version: current.version }));
      const first = /** @type {HTMLElement | null} */ (body.querySelector('[role="tab"]'));
      first?.click();
      toast(`Version ${version.version} is in the form. Nothing changes until it is published.`);
    }
  }

  /** @param {HTMLElement} panel @param {any} current @param {Policy} initial */
  function editor(panel, current, initial) {
    /** @type {Policy} */
    let draft = structuredClone(initial);
    const told = h("div", { class: "policy-told" });
    const sum = h("p", { role: "status" });
    const days = h("select", { "aria-label": "Compare with the events of" }, SPANS.map((count) => h("option", { value: count, selected: count === 7 }, `the last ${plural(count, "day")}`)));
    const review = h("button", { type: "button", class: "button button-main", click: () => void attempt() }, "See what would change");
    const discard = h("button", { type: "button", class: "button", click: () => confirmDialog({ title: "Discard your changes?", text: "The form shows the policy in force again.", button: "Discard changes", act: async () => start(current.policy) }) }, "Discard");
    const bar = h("div", { class: "policy-bar" }, sum, h("div", { class: "row-actions" }, discard, days, review));
    const form = h("div");

    const changed = () => {
      const count = changes(current.policy, draft).length;
      bar.hidden = count === 0;
      sum.textContent = `${plural(count, "change")} not published`;
      // What was found out of another draft would mislead.
      told.replaceChildren();
    };
    const start = (/** @type {Policy} */ policy) => {
      draft = structuredClone(policy);
      form.replaceChildren(policyForm(draft, (next) => {
        draft = next;
        changed();
      }));
      changed();
    };

    const attempt = async () => {
      review.disabled = true;
      told.replaceChildren(h("p", { role: "status" }, "Trying it against what arrived…"));
      const tried = structuredClone(draft);
      try {
        const answer = await api("consent/policy/try", { method: "POST", body: { days: Number(days.value), policy: tried }, signal });
        if (JSON.stringify(tried) !== JSON.stringify(draft)) return told.replaceChildren();
        told.replaceChildren(trialResult(answer, changes(current.policy, tried), () => publish(tried)));
      } catch (error) {
        if (!signal.aborted) told.replaceChildren(problemList(error));
      } finally {
        review.disabled = false;
      }
      const title = told.querySelector("h2");
      title?.focus({ preventScroll: true });
      told.scrollIntoView({ block: "start" });
    };

    const publish = async (/** @type {Policy} */ tried) => {
      try {
        const { version } = await api("consent/policy", { method: "POST", body: tried });
        toast(`Version ${version} is in force. Edges hear of it within five seconds.`);
        await load();
      } catch (error) {
        const meanwhile = error instanceof ApiError && error.status === 409;
        told.replaceChildren(problemList(meanwhile ? new Error(`${words(error)} Open the screen anew to see the policy in force; your changes are still in this form.`) : error));
      }
    };
    start(initial);
    panel.append(form, told, bar);
  }
  void load();
}
