/** Why somebody is in an audience, or is not: each rule with its answer and what it saw. */
import { call } from "../api.js";
import { h, icon } from "../dom.js";
import { inOneLine, kindName, moment, plain } from "../format.js";
import { loaded } from "../states.js";
import { rich, t } from "../words.js";
import { sentence } from "./definition.js";

/** @typedef {import("@headwater/api-client").Audience} Audience */
/** @typedef {import("@headwater/api-client").AudienceWhy} Why */
/** @typedef {import("@headwater/api-client").AudienceClause} Clause */

/** @param {{ audienceId: string, profileId: string, person: string }} asked */
export function whyDialog({ audienceId, profileId, person }) {
  const body = h("div", { class: "why" });
  const closing = new AbortController();
  const title = h("h2", { id: "why-title" }, t("why.title"));
  const dialog = h(
    "dialog",
    { class: "sheet", "aria-labelledby": "why-title", click: (/** @type {MouseEvent} */ click) => click.target === dialog && dialog.close(), close: () => {
      closing.abort();
      dialog.remove();
    } },
    h("div", { class: "sheet-in" }, h("div", { class: "sheet-head" }, title, h("button", { type: "button", class: "icon-button", click: () => dialog.close() }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, t("why.close")))), body),
  );
  document.body.append(dialog);
  dialog.showModal();
  const { signal } = closing;
  void loaded(body, signal, async () => {
    const [audience, why, all] = await Promise.all([call("GET /audiences/{id}", { path: { id: audienceId }, signal }), call("GET /audiences/{id}/members/{reference}", { path: { id: audienceId, reference: profileId }, signal }), call("GET /audiences", { query: { limit: 500 }, signal }).catch(() => undefined)]);
    return { audience, why, names: new Map(all?.data.map(({ id, name }) => [id, name])) };
  }, ({ audience, why, names }) => {
    title.textContent = t(why.member ? "why.in" : "why.not_in", { person, audience: audience.name });
    return explanation(audience, why, (id) => names.get(id) ?? id);
  });
}

/** @param {Audience} audience @param {Why} why @param {(id: string) => string} nameOf */
function explanation(audience, why, nameOf) {
  return [
    h(
      "p",
      { class: "quiet" },
      [why.member ? t("why.since", { since: moment(why.since) }) : "", why.consent ? "" : t("why.no_consent"), changeText(why.why.changes_at)].filter(Boolean).join(" "),
    ),
    h("ul", { class: "clauses", role: "list" }, clause(why.why, audience.definition, nameOf)),
    h("p", { class: "quiet" }, rich("why.as_of", { at: moment(why.evaluated_at), a: (inside) => h("a", { href: `#/audiences/${encodeURIComponent(audience.id)}` }, inside) })),
  ];
}

/** @param {string | undefined} at */
function changeText(at) {
  return at ? t("why.can_change", { at: moment(at) }) : t("why.time_alone");
}

/**
 * @param {Clause} given the rule's answer @param {any} definition the rule itself @param {(id: string) => string} nameOf
 * @returns {HTMLElement}
 */
function clause(given, definition, nameOf) {
  const inner = given.clauses ?? [];
  const rules = definition?.all ?? definition?.any ?? (definition?.not === undefined ? [] : [definition.not]);
  // While rules are being changed, the answer may be of other rules than those that were read.
  const known = rules.length === inner.length;
  // A rule that is denied is one sentence, and saw what the rule within it saw.
  const [only] = inner;
  const denied = known && definition?.not !== undefined && only?.clauses === undefined;
  const looked = denied ? seenWords(only?.seen, definition.not) : inner.length > 0 ? "" : known ? seenWords(given.seen, definition) : plain(given.seen ?? "");
  const joins = inner.length > 0 && !denied;
  const head = !known ? given.rule : joins ? t(definition.all ? "why.all" : definition.any ? "why.any" : "why.not") : capital(sentence(definition, nameOf));
  return h(
    "li",
    { class: given.holds ? "clause clause-yes" : "clause clause-no" },
    h("span", { class: "clause-mark" }, h("span", { "aria-hidden": "true" }, given.holds ? "✓" : "✗"), h("span", { class: "sr" }, t(given.holds ? "why.holds" : "why.holds_not"), " ")),
    h(
      "div",
      {},
      h("p", {}, head),
      looked && h("p", { class: "clause-seen" }, looked),
      !joins && given.changes_at && h("p", { class: "quiet" }, t("why.clause_can_change", { at: moment(given.changes_at) })),
      joins && h("ul", { class: "clauses", role: "list" }, inner.map((one, index) => clause(one, known ? rules[index] : undefined, nameOf))),
    ),
  );
}

/** What a rule looked at, in words. @param {any} found @param {any} definition */
export function seenWords(found, definition) {
  if (definition?.consent) return t(found === null ? "why.consent_unset" : found ? "why.consent_granted" : "why.consent_denied");
  if (definition?.audience) return t(found ? "why.in_it" : "why.not_in_it");
  if (definition?.identifier) return Array.isArray(found) && found.length ? t("why.identifiers", { kinds: inOneLine(found.map(kindName)) }) : t("why.no_identifiers");
  if (definition?.sequence) return t("why.steps", { steps: (found ?? []).map((/** @type {any} */ step) => (step.last ? t("why.step_last", { event: step.event, at: moment(step.last) }) : t("why.step_never", { event: step.event }))).join("; ") });
  if (definition?.aggregate) return found === null ? t("why.no_value") : t("why.value", { value: plain(found) });
  if (definition?.event !== undefined) return t("why.events", { count: found ?? 0 });
  if (definition?.date) return found?.[definition.date] === undefined ? t("why.nothing_known") : t("why.value", { value: dateText(found[definition.date]) });
  if (found && typeof found === "object" && !Array.isArray(found)) {
    const names = Object.entries(found);
    return names.length ? t("why.facts", { facts: names.map(([name, value]) => t("why.fact", { name: kindName(name), value: plain(value) })).join("; ") }) : t("why.nothing_known");
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
