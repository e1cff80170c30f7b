/** Why somebody's identifiers are one person, and taking some of them away. */
import { api, withQuery, words } from "../api.js";
import { h } from "../dom.js";
import { identifierText, moment } from "../format.js";
import { identityGraph } from "../identity-graph.js";
import { loaded } from "../states.js";
import { toast } from "../toast.js";
import { beforeAfter } from "./before-after.js";
import { explanation } from "./explain.js";
import { checkbox, labelled, saving, select } from "./form-field.js";

/** @param {HTMLElement} panel @param {any} profile @param {string} path @param {AbortSignal} signal @param {() => void} again */
export async function identityOf(panel, profile, path, signal, again) {
  await loaded(panel, signal, async () => {
    const [graph, why] = await Promise.all([api(`${path}/graph`, { signal }), api(`${path}/explain`, { signal })]);
    return { graph, why };
  }, ({ graph, why }) => {
    const told = h("div", { role: "status" }, h("p", { class: "quiet" }, "Choose a line to see the evidence behind it."));
    const drawing = identityGraph(graph, (edge) => {
      const link = why.links.find((/** @type {any} */ one) => one.a === edge.a && one.b === edge.b);
      told.replaceChildren(edge.blocked ? explanation({ links: [], blocked_merges: [edge] }) : explanation({ links: [link ?? edge] }));
    });
    const names = (profile.identifiers ?? []).map(identifierText);
    return [
      ...(drawing ? [h("section", { class: "card" }, h("h2", {}, "The picture"), drawing, told)] : []),
      h("section", { "aria-labelledby": "why" }, h("h2", { id: "why" }, "Why these identifiers are one person"), explanation(why)),
      ...(names.length > 1 ? [chain(names, path, signal), part(names, profile, path, again)] : []),
      history(graph.history ?? []),
    ];
  });
}

/** The shortest evidence between two. @param {string[]} names @param {string} path @param {AbortSignal} signal */
function chain(names, path, signal) {
  const options = names.map((name) => /** @type {[string, string]} */ ([name, name]));
  const from = select(options, names[0] ?? "");
  const to = select(options, names[names.length - 1] ?? "");
  const found = h("div", { role: "status" });
  return h("section", { class: "card form" }, h("h2", {}, "From one to another"), saving({ save: "Explain", act: async () => {
    const answer = await api(withQuery(`${path}/explain`, { from: from.value, to: to.value }), { signal });
    found.replaceChildren(answer.chain?.length ? explanation({ links: answer.chain }) : h("p", { class: "quiet" }, "It is the same one."));
  } }, h("div", { class: "form-row" }, labelled("From", from), labelled("To", to))), found);
}

/** Taking identifiers away, seen before it is done. @param {string[]} names @param {any} profile @param {string} path @param {() => void} again */
function part(names, profile, path, again) {
  /** @type {Set<string>} */
  const chosen = new Set();
  const reason = h("input", { autocomplete: "off", placeholder: "A shop’s tablet" });
  const shown = h("div", { class: "stack", role: "status" });
  const undo = async (/** @type {string} */ id) => {
    await api(`identity/decisions/${id}`, { method: "DELETE" });
    toast("Undone: they are one person again.");
    again();
  };
  const act = h("button", { type: "button", class: "button button-danger", hidden: true, click: async () => {
    act.disabled = true;
    try {
      const decided = await api(`${path}/unmerge`, { method: "POST", body: { identifiers: [...chosen], reason: reason.value.trim() } });
      toast("They are two people now.", { name: "Undo", act: () => undo(decided.id ?? decided.decision?.id).catch((error) => toast(words(error))) });
      again();
    } catch (error) {
      toast(words(error));
      act.disabled = false;
    }
  } }, "Part them");
  const boxes = names.map((name) => checkbox(name, false, (on) => {
    if (on) chosen.add(name);
    else chosen.delete(name);
    act.hidden = true;
    shown.replaceChildren();
  }).node);
  return h(
    "section",
    { class: "card form" },
    h("h2", {}, "These are two people"),
    h("p", { class: "quiet" }, "Choose what belongs to somebody else. Events, traits, audiences and consent become what they would have been without the link. It can be undone."),
    saving({ save: "Show what would happen", also: [act], act: async () => {
      if (chosen.size === 0) throw new Error("Choose the identifiers that belong to somebody else.");
      if (chosen.size === names.length) throw new Error("Leave at least one: choose only those of the other person.");
      const preview = await api("identity/preview", { method: "POST", body: { decision: { kind: "unmerge", profile: profile.id, identifiers: [...chosen] } } });
      shown.replaceChildren(beforeAfter(preview));
      act.hidden = false;
    } }, h("fieldset", { class: "plain" }, h("legend", {}, "Somebody else’s"), boxes), labelled("Reason", reason, "Stands in the history.")),
    shown,
  );
}

/** @param {any[]} entries */
function history(entries) {
  return h("section", {}, h("h2", {}, "What happened when"), h("ol", { class: "card flush rows-list", role: "list" }, entries.map((one) => h("li", {}, h("div", { class: "row-head" }, h("span", {}, h("b", {}, one.what), " ", [one.a, one.b].filter(Boolean).join(" and ")), h("time", { class: "quiet" }, moment(one.at))), one.reason && h("p", { class: "quiet" }, one.reason)))));
}
