import { api, withQuery } from "../api.js";
import { h } from "../dom.js";
import { identifierText, kindName, number, plural, shortId } from "../format.js";
import { empty, failed, loaded } from "../states.js";

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
  if (asked) void loaded(results, signal, () => find(asked, signal), (found) => (found.length ? list(found) : nobody(asked)));
  else void loaded(results, signal, () => api(withQuery("profiles", { limit: 50 }), { signal }), (page) => firstPage(page, signal));
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
async function find(text, signal) {
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

/** @param {any} page @param {AbortSignal} signal */
function firstPage(page, signal) {
  if (page.data.length === 0) {
    return empty("No people yet", "A profile appears with the first event that consent allows to be stored.", h("a", { class: "button", href: "#/live" }, "Watch live events"));
  }
  const table = list(page.data);
  const more = h("button", { type: "button", class: "button" }, "Show more");
  let cursor = page.next_cursor;
  const wrap = h("div", {}, table, cursor && h("p", { class: "more" }, more));
  more.addEventListener("click", async () => {
    more.disabled = true;
    try {
      const next = await api(withQuery("profiles", { limit: 50, cursor }), { signal });
      table.querySelector("tbody")?.append(...next.data.map(personRow));
      cursor = next.next_cursor;
      more.disabled = false;
      if (!cursor) more.remove();
    } catch (error) {
      if (!signal.aborted) more.replaceWith(failed(error, () => location.reload()));
    }
  });
  return wrap;
}

/** @param {any[]} people */
function list(people) {
  return h(
    "div",
    { class: "card flush scroll", tabindex: "0", role: "region", "aria-label": "People" },
    h(
      "table",
      { class: "table people" },
      h("thead", {}, h("tr", {}, ["Person", "Identifiers", "Audiences"].map((name) => h("th", { scope: "col" }, name)))),
      h("tbody", {}, people.map(personRow)),
    ),
  );
}

/** @param {any} profile */
function personRow(profile) {
  const identifiers = profile.identifiers ?? [];
  return h(
    "tr",
    {},
    h("th", { scope: "row" }, h("a", { class: "row-link", href: `#/people/${encodeURIComponent(profile.id)}` }, avatar(profile), h("span", {}, personName(profile), h("small", {}, profile.id)))),
    h("td", {}, identifiers.slice(0, 2).map((/** @type {any} */ one) => h("span", { class: "chip", title: identifierText(one) }, h("b", {}, kindName(one.kind)), shortId(one.value))), identifiers.length > 2 && h("span", { class: "quiet" }, `and ${number(identifiers.length - 2)} more`)),
    h("td", {}, audienceNames(profile) || h("span", { class: "quiet" }, profile.audiences ? "none" : plural(identifiers.length, "identifier"))),
  );
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
