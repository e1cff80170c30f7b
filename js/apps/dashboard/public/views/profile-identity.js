/** Why somebody's identifiers are one person, and taking some of them away. */
import { call, words } from "../api.js";
import { h } from "../dom.js";
import { identifierText, moment } from "../format.js";
import { identityGraph } from "../identity-graph.js";
import { loaded } from "../states.js";
import { toast } from "../toast.js";
import { t } from "../words.js";
import { beforeAfter } from "./before-after.js";
import { explanation } from "./explain.js";
import { checkbox, labelled, saving, select } from "./form-field.js";

/** @typedef {import("@headwater/api-client").Profile} Profile */
/** @typedef {import("@headwater/api-client").ProfileGraph} Graph */

/** @param {HTMLElement} panel @param {Profile} profile @param {AbortSignal} signal @param {() => void} again */
export async function identityOf(panel, profile, signal, again) {
  const path = { reference: profile.id };
  await loaded(panel, signal, async () => {
    const [graph, why] = await Promise.all([call("GET /profiles/{reference}/graph", { path, signal }), call("GET /profiles/{reference}/explain", { path, signal })]);
    return { graph, why: "links" in why ? why : { links: [], blocked_merges: [] } };
  }, ({ graph, why }) => {
    const told = h("div", { role: "status" }, h("p", { class: "quiet" }, t("profile.choose_a_line_to_see")));
    const drawing = identityGraph(graph, (edge) => {
      const between = (/** @type {{ a: string, b: string }} */ one) => one.a === edge.a && one.b === edge.b;
      told.replaceChildren(explanation(edge.blocked ? { links: [], blocked_merges: [{ a: edge.a, b: edge.b, blocked: edge.blocked, reason: edge.reason ?? edge.blocked }] } : { links: why.links.filter(between) }));
    });
    const names = profile.identifiers.map(identifierText);
    return [
      ...(drawing ? [h("section", { class: "card" }, h("h2", {}, t("profile.the_picture")), drawing, told)] : []),
      h("section", { "aria-labelledby": "why" }, h("h2", { id: "why" }, t("profile.why_these_identifiers_are_one")), explanation(why)),
      ...(names.length > 1 ? [chain(names, profile.id, signal), part(names, profile, again)] : []),
      history(graph.history),
    ];
  });
}

/** What happened, in words. @type {Record<string, string>} */
const HAPPENED = { linked: t("profile.linked"), blocked: t("profile.blocked"), merge: t("identity.merged"), keep_apart: t("identity.kept_apart"), unmerge: t("identity.parted") };

/** The shortest evidence between two. @param {string[]} names @param {string} reference @param {AbortSignal} signal */
function chain(names, reference, signal) {
  const options = names.map((name) => /** @type {[string, string]} */ ([name, name]));
  const from = select(options, names[0] ?? "");
  const to = select(options, names[names.length - 1] ?? "");
  const found = h("div", { role: "status" });
  return h("section", { class: "card form" }, h("h2", {}, t("profile.from_one_to_another")), saving({ save: t("profile.explain"), act: async () => {
    const answer = await call("GET /profiles/{reference}/explain", { path: { reference }, query: { from: from.value, to: to.value }, signal });
    found.replaceChildren("chain" in answer && answer.chain.length ? explanation({ links: answer.chain }) : h("p", { class: "quiet" }, t("profile.it_is_the_same_one")));
  } }, h("div", { class: "form-row" }, labelled(t("profile.from"), from), labelled(t("profile.to"), to))), found);
}

/** Taking identifiers away, seen before it is done. @param {string[]} names @param {Profile} profile @param {() => void} again */
function part(names, profile, again) {
  /** @type {Set<string>} */
  const chosen = new Set();
  const reason = h("input", { autocomplete: "off", placeholder: t("profile.a_shops_tablet") });
  const shown = h("div", { class: "stack", role: "status" });
  const undo = async (/** @type {string} */ id) => {
    await call("DELETE /identity/decisions/{id}", { path: { id } });
    toast(t("profile.undone_they_are_one_person"));
    again();
  };
  const act = h("button", { type: "button", class: "button button-danger", hidden: true, click: async () => {
    act.disabled = true;
    try {
      const decided = await call("POST /profiles/{reference}/unmerge", { path: { reference: profile.id }, body: { identifiers: [...chosen], reason: reason.value.trim() } });
      toast(t("profile.they_are_two_people_now"), { name: t("profile.undo"), act: () => void undo(decided.id).catch((error) => toast(words(error))) });
      again();
    } catch (error) {
      toast(words(error));
      act.disabled = false;
    }
  } }, t("profile.part_them"));
  const boxes = names.map((name) => checkbox(name, false, (on) => {
    if (on) chosen.add(name);
    else chosen.delete(name);
    act.hidden = true;
    shown.replaceChildren();
  }).node);
  return h(
    "section",
    { class: "card form" },
    h("h2", {}, t("profile.these_are_two_people")),
    h("p", { class: "quiet" }, t("profile.choose_what_belongs_to_somebody")),
    saving({ save: t("profile.show_what_would_happen"), also: [act], act: async () => {
      if (chosen.size === 0) throw new Error(t("profile.choose_the_identifiers_that_belong"));
      if (chosen.size === names.length) throw new Error(t("profile.leave_at_least_one_choose"));
      const preview = await call("POST /identity/preview", { body: { decision: { kind: "unmerge", profile: profile.id, identifiers: [...chosen] } } });
      if ("before" in preview) shown.replaceChildren(beforeAfter(preview));
      act.hidden = false;
    } }, h("fieldset", { class: "plain" }, h("legend", {}, t("profile.somebody_elses")), boxes), labelled(t("profile.reason"), reason, t("profile.stands_in_the_history"))),
    shown,
  );
}

/** @param {Graph["history"]} entries */
function history(entries) {
  return h("section", {}, h("h2", {}, t("profile.what_happened_when")), h("ol", { class: "card flush rows-list", role: "list" }, entries.map((one) => h("li", {}, h("div", { class: "row-head" }, h("span", {}, h("b", {}, HAPPENED[one.what] ?? one.what), " ", "a" in one ? t("identity.a_and_b", { a: one.a, b: one.b }) : ""), h("time", { class: "quiet" }, moment(one.at))), one.reason && h("p", { class: "quiet" }, one.reason)))));
}
