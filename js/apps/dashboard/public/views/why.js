/** Why somebody is in an audience, or is not: each rule with its answer and what it saw. */
import { api } from "../api.js";
import { h, icon } from "../dom.js";
import { kindName, moment, plain, plural } from "../format.js";
import { loaded } from "../states.js";
import { sentence } from "./definition.js";

/** @param {{ audienceId: string, profileId: string, person: string }} asked */
export function whyDialog({ audienceId, profileId, person }) {
  const body = h("div", { class: "why" });
  const closing = new AbortController();
  const title = h("h2", { id: "why-title" }, "Why?");
  const dialog = h(
    "dialog",
    { class: "sheet", "aria-labelledby": "why-title", click: (/** @type {MouseEvent} */ click) => click.target === dialog && dialog.close(), close: () => {
      closing.abort();
      dialog.remove();
    } },
    h("div", { class: "sheet-in" }, h("div", { class: "sheet-head" }, title, h("button", { type: "button", class: "icon-button", click: () => dialog.close() }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, "Close"))), body),
  );
  document.body.append(dialog);
  dialog.showModal();
  const path = `audiences/${encodeURIComponent(audienceId)}`;
  const { signal } = closing;
  void loaded(body, signal, async () => {
    const [audience, why, all] = await Promise.all([api(path, { signal }), api(`${path}/members/${encodeURIComponent(profileId)}`, { signal }), api("audiences?limit=500", { signal }).catch(() => ({ data: [] }))]);
    return { audience, why, names: new Map(all.data.map((/** @type {any} */ one) => [one.id, one.name])) };
  }, ({ audience, why, names }) => {
    title.textContent = `${person} is ${why.member ? "" : "not "}in ${audience.name}`;
    return explanation(audience, why, (id) => names.get(id) ?? id);
  });
}

/** @param {any} audience @param {any} why @param {(id: string) => string} nameOf */
function explanation(audience, why, nameOf) {
  return [
    h(
      "p",
      { class: "quiet" },
      why.member ? `Since ${moment(why.since)}. ` : "",
      why.consent ? "" : "Their consent does not allow audiences to look at them, whatever the rules say. ",
      changeText(why.why.changes_at),
    ),
    h("ul", { class: "clauses", role: "list" }, clause(why.why, audience.definition, nameOf)),
    h("p", { class: "quiet" }, `As of ${moment(why.evaluated_at)}. `, h("a", { href: `#/audiences/${encodeURIComponent(audience.id)}` }, "The audience")),
  ];
}

/** @param {string | undefined} at */
function changeText(at) {
  return at ? `If nothing happens, this can change by itself on ${moment(at)}.` : "Time alone does not change this.";
}

/**
 * @param {any} given the rule's answer @param {any} definition the rule itself @param {(id: string) => string} nameOf
 * @returns {HTMLElement}
 */
function clause(given, definition, nameOf) {
  const inner = given.clauses ?? [];
  const rules = definition?.all ?? definition?.any ?? (definition?.not === undefined ? [] : [definition.not]);
  // While rules are being changed, the answer may be of other rules than those that were read.
  const known = rules.length === inner.length;
  // A rule that is denied is one sentence, and saw what the rule within it saw.
  const denied = known && definition?.not !== undefined && inner[0].clauses === undefined;
  const looked = denied ? seenWords(inner[0].seen, definition.not) : inner.length > 0 ? "" : known ? seenWords(given.seen, definition) : plain(given.seen ?? "");
  const joins = inner.length > 0 && !denied;
  const head = !known ? given.rule : joins ? (definition.all ? "All of these:" : definition.any ? "At least one of these:" : "Not so:") : capital(sentence(definition, nameOf));
  return h(
    "li",
    { class: given.holds ? "clause clause-yes" : "clause clause-no" },
    h("span", { class: "clause-mark" }, h("span", { "aria-hidden": "true" }, given.holds ? "✓" : "✗"), h("span", { class: "sr" }, given.holds ? "Holds: " : "Does not hold: ")),
    h(
      "div",
      {},
      h("p", {}, head),
      looked && h("p", { class: "clause-seen" }, looked),
      !joins && given.changes_at && h("p", { class: "quiet" }, `Can change by itself on ${moment(given.changes_at)}.`),
      joins && h("ul", { class: "clauses", role: "list" }, inner.map((/** @type {any} */ one, /** @type {number} */ index) => clause(one, known ? rules[index] : undefined, nameOf))),
    ),
  );
}

/** What a rule looked at, in words. @param {any} found @param {any} definition */
export function seenWords(found, definition) {
  if (definition?.consent) return `They ${found === null ? "made no choice" : found ? "agreed" : "refused"}.`;
  if (definition?.audience) return found ? "They are in it." : "They are not in it.";
  if (definition?.identifier) return Array.isArray(found) && found.length ? `Identifiers: ${found.map(kindName).join(", ")}.` : "No identifiers.";
  if (definition?.sequence) return (found ?? []).map((/** @type {any} */ step) => (step.last ? `${step.event} last on ${moment(step.last)}` : `${step.event} never`)).join("; ").concat(".");
  if (definition?.aggregate) return found === null ? "No value." : `It is ${plain(found)}.`;
  if (definition?.event !== undefined) return `${plural(found ?? 0, "such event")}.`;
  if (definition?.date) return found?.[definition.date] === undefined ? "Nothing is known of it." : `It is ${dateText(found[definition.date])}.`;
  if (found && typeof found === "object" && !Array.isArray(found)) {
    const names = Object.entries(found);
    return names.length ? `${names.map(([name, value]) => `${kindName(name)}: ${plain(value)}`).join("; ")}.` : "Nothing is known of it.";
  }
  return found === null || found === undefined ? "" : plain(found);
}

/** @param {unknown} value */
function dateText(value) {
  const text = typeof value === "string" && /^\d{4}-/.test(value) ? moment(value) : "–";
  return text === "–" ? plain(value) : text;
}

/** @param {string} text */
function capital(text) {
  return `${text[0]?.toUpperCase() ?? ""}${text.slice(1)}`;
}
