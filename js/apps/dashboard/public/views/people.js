import { api, withQuery } from "../api.js";
import { h } from "../dom.js";
import { identifierChip } from "../cells.js";
import { identifierText, kindName, number, plain } from "../format.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";

/** @param {import("../app.js").Screen} screen */
export function peopleView({ place, signal, query }) {
  const asked = query.get("q") ?? "";
  const field = h("input", { type: "search", name: "q", value: asked, placeholder: "E-mail, user id, anonymous id or prf_…", "aria-label": "Find a person" });
  const results = h("div");
  place.append(
    h("div", { class: "head" }, h("h1", {}, "People")),
    h("form", { class: "tools", role: "search", submit: (/** @type {Event} */ event) => {
      event.preventDefault();
      const text = field.value.trim();
      location.hash = text ? `#/people?q=${encodeURIComponent(text)}` : "#/people";
    } }, field, h("button", { type: "submit", class: "button button-main" }, "Find")),
    results,
  );
  if (asked) void loaded(results, signal, () => find(asked, signal), (found) => (found.length ? list({ data: found }, query) : nobody(asked)));
  else void loaded(results, signal, () => api(withQuery("profiles", { limit: 50 }), { signal }), (page) => firstPage(page, signal, query));
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
  /** @type {Map<string, any>} */
  const found = new Map();
  for (const candidate of candidates(text)) {
    try {
      const profile = await api(`profiles/${encodeURIComponent(candidate)}`, { signal });
      found.set(profile.id, profile);
    } catch (error) {
      const status = /** @type {any} */ (error).status;
      // Nobody by that name, or a kind of identifier this space does not know.
      if (status !== 404 && status !== 400 && status !== 422) throw error;
    }
  }
  return [...found.values()];
}

/** @param {string} asked */
function nobody(asked) {
  return empty("Nobody found", `No profile has the identifier “${asked}”. Identifiers are matched whole, not in part.`, h("a", { class: "button", href: "#/people" }, "Show everybody"));
}

/** @param {any} page @param {AbortSignal} signal @param {URLSearchParams} query */
function firstPage(page, signal, query) {
  if (page.data.length === 0) {
    return empty("No people yet", "A profile appears with the first event that consent allows to be stored.", h("a", { class: "button", href: "#/live" }, "Watch live events"));
  }
  return list(page, query, (cursor) => api(withQuery("profiles", { limit: 50, cursor }), { signal }));
}

/** @param {any} first @param {URLSearchParams} query @param {(cursor: string) => Promise<any>} [next] */
function list(first, query, next) {
  return table({
    label: "People",
    file: "people",
    query,
    first,
    next,
    columns: [
      { key: "person", name: "Person", text: personName, cell: (one) => h("a", { class: "row-link", href: `#/people/${encodeURIComponent(one.id)}` }, avatar(one), h("span", {}, personName(one), h("small", {}, one.id))) },
      { key: "identifiers", name: "Identifiers", text: (one) => (one.identifiers ?? []).map(identifierText).join(" "), cell: identifierCells },
      { key: "audiences", name: "Audiences", text: audienceNames, cell: (one) => audienceNames(one) || h("span", { class: "quiet" }, "none") },
      { key: "traits", name: "Traits", off: true, text: (one) => facts(one.traits), cell: (one) => facts(one.traits) },
      { key: "computed", name: "Computed traits", off: true, text: (one) => facts(one.computed_traits), cell: (one) => facts(one.computed_traits) },
      { key: "consent", name: "Agreed to", off: true, text: agreed, cell: agreed },
    ],
  });
}

/** @param {any} profile */
function identifierCells({ identifiers = [] }) {
  return [...identifiers.slice(0, 2).map(identifierChip), identifiers.length > 2 && h("span", { class: "quiet" }, `and ${number(identifiers.length - 2)} more`)];
}

/** @param {Record<string, unknown> | undefined} values */
function facts(values) {
  return Object.entries(values ?? {}).map(([key, value]) => `${kindName(key)}: ${plain(value)}`).join("; ");
}

/** @param {any} profile */
function agreed({ consent }) {
  return Object.entries(consent ?? {}).filter(([, given]) => given).map(([purpose]) => kindName(purpose)).join(", ");
}

/** @param {any} profile */
function audienceNames(profile) {
  return (profile.audiences ?? []).map((/** @type {any} */ audience) => audience.name ?? audience).join(", ");
}

/** The best name a profile has. @param {any} profile */
export function personName(profile) {
  const traits = profile.traits ?? {};
  const named = traits.name ?? ([traits.firstName ?? traits.first_name, traits.lastName ?? traits.last_name].filter(Boolean).join(" ") || traits.email);
  if (typeof named === "string" && named) return named;
  const of = (/** @type {string} */ kind) => profile.identifiers?.find((/** @type {any} */ one) => one.kind === kind)?.value;
  return of("email") ?? of("user_id") ?? "Anonymous visitor";
}

/** @param {any} profile */
export function avatar(profile) {
  const name = personName(profile);
  const known = name !== "Anonymous visitor";
  const letters = known ? name.split(/[\s@._-]+/).filter(Boolean).slice(0, 2).map((/** @type {string} */ part) => part[0]?.toUpperCase()).join("") : "?";
  return h("span", { class: `avatar${known ? "" : " avatar-anonymous"}`, "aria-hidden": "true" }, letters);
}
