import { ApiError, call } from "../api.js";
import { h } from "../dom.js";
import { identifierChip } from "../cells.js";
import { identifierText, kindName, number, plain } from "../format.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { t } from "../words.js";

/** @typedef {import("@headwater/api-client").Profile} Profile */
/** @typedef {import("@headwater/api-client").ProfileIdentifier} Identifier */
/** @typedef {{ data: Profile[], next_cursor?: string | null }} Page */
/** @typedef {{ identifiers?: Identifier[] | null, traits?: Record<string, unknown> }} Named what a name is made of */

/** @param {import("../app.js").Screen} screen */
export function peopleView({ place, signal, query }) {
  const asked = query.get("q") ?? "";
  const field = h("input", { type: "search", name: "q", value: asked, placeholder: t("people.search_example"), "aria-label": t("people.find_a_person") });
  const results = h("div");
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("people.people"))),
    h("form", { class: "tools", role: "search", submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      const text = field.value.trim();
      location.hash = text ? `#/people?q=${encodeURIComponent(text)}` : "#/people";
    } }, field, h("button", { type: "submit", class: "button button-main" }, t("people.find"))),
    results,
  );
  if (asked) void loaded(results, signal, () => find(asked, signal), (found) => (found.length ? list({ data: found }, query) : nobody(asked)));
  else void loaded(results, signal, () => call("GET /profiles", { query: { limit: 50 }, signal }), (page) => firstPage(page, signal, query));
}

/**
 * The search box takes what people have at hand; a bare value is tried as each kind it could be.
 *
 * @param {string} text
 */
export function candidates(text) {
  if (/^prf_/.test(text)) return [text];
  if (/^[a-z_]+:.+/.test(text)) return [text];
  if (text.includes("@")) return [`email:${text.toLowerCase()}`, `user_id:${text}`];
  return [`user_id:${text}`, `anonymous_id:${text}`, `email:${text}`, `phone:${text}`];
}

/** @param {string} text @param {AbortSignal} signal */
export async function find(text, signal) {
  /** @type {Map<string, Profile>} */
  const found = new Map();
  for (const candidate of candidates(text)) {
    try {
      const profile = await call("GET /profiles/{reference}", { path: { reference: candidate }, signal });
      found.set(profile.id, profile);
    } catch (error) {
      // Nobody by that name, or a kind of identifier this space does not know.
      if (!(error instanceof ApiError && [400, 404, 422].includes(error.status))) throw error;
    }
  }
  return [...found.values()];
}

/** @param {string} asked */
function nobody(asked) {
  return empty(t("people.nobody_found"), t("people.no_profile_has_the_identifier", { asked }), h("a", { class: "button", href: "#/people" }, t("people.show_everybody")));
}

/** @param {Page} page @param {AbortSignal} signal @param {URLSearchParams} query */
function firstPage(page, signal, query) {
  if (page.data.length === 0) {
    return empty(t("people.no_people_yet"), t("people.a_profile_appears_with_the"), h("a", { class: "button", href: "#/live" }, t("people.watch_live_events")));
  }
  return list(page, query, (cursor) => call("GET /profiles", { query: { limit: 50, cursor }, signal }));
}

/** @param {Page} first @param {URLSearchParams} query @param {(cursor: string) => Promise<Page>} [next] */
function list(first, query, next) {
  return table({
    label: t("people.people"),
    file: "people",
    query,
    first,
    next,
    columns: [
      { key: "person", name: t("people.person"), text: personName, cell: (one) => h("a", { class: "row-link", href: `#/people/${encodeURIComponent(one.id)}` }, avatar(one), h("span", {}, personName(one), h("small", {}, one.id))) },
      { key: "identifiers", name: t("people.identifiers"), text: (one) => one.identifiers.map(identifierText).join(" "), cell: identifierCells },
      { key: "audiences", name: t("people.audiences"), text: audienceNames, cell: (one) => audienceNames(one) || h("span", { class: "quiet" }, t("people.none")) },
      { key: "traits", name: t("people.traits"), off: true, text: (one) => facts(one.traits), cell: (one) => facts(one.traits) },
      { key: "computed", name: t("people.computed_traits"), off: true, text: (one) => facts(one.computed_traits), cell: (one) => facts(one.computed_traits) },
      { key: "consent", name: t("people.agreed_to"), off: true, text: agreed, cell: agreed },
    ],
  });
}

/** @param {Profile} profile */
function identifierCells({ identifiers }) {
  return [...identifiers.slice(0, 2).map(identifierChip), identifiers.length > 2 && h("span", { class: "quiet" }, t("people.and_more", { count: identifiers.length - 2 }))];
}

/** @param {Record<string, unknown>} values */
function facts(values) {
  return Object.entries(values).map(([key, value]) => `${kindName(key)}: ${plain(value)}`).join("; ");
}

/** @param {Profile} profile */
function agreed({ consent }) {
  return Object.entries(consent).filter(([, given]) => given).map(([purpose]) => kindName(purpose)).join(", ");
}

/** @param {Profile} profile */
function audienceNames({ audiences }) {
  return audiences.map(({ name }) => name).join(", ");
}

/** The best name a profile has. @param {Named} profile */
export function personName(profile) {
  return knownName(profile) ?? t("people.anonymous_visitor");
}

/** @param {Named} profile @returns {string | undefined} */
function knownName({ traits = {}, identifiers }) {
  const named = traits.name ?? ([traits.firstName ?? traits.first_name, traits.lastName ?? traits.last_name].filter(Boolean).join(" ") || traits.email);
  if (typeof named === "string" && named) return named;
  const of = (/** @type {string} */ kind) => identifiers?.find((one) => one.kind === kind)?.value;
  return of("email") ?? of("user_id");
}

/** @param {Named} profile */
export function avatar(profile) {
  const name = knownName(profile);
  const letters = name ? name.split(/[\s@._-]+/).filter(Boolean).slice(0, 2).map((part) => part[0]?.toUpperCase()).join("") : "?";
  return h("span", { class: `avatar${name ? "" : " avatar-anonymous"}`, "aria-hidden": "true" }, letters);
}
