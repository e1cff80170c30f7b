/** The page of the server API for people: what `/api/openapi.json` says, and nothing else. */
import { h } from "../dom.js";
import { rich, t } from "../words.js";
import { curl } from "./curl.js";
import { shape } from "./shape.js";

/** @typedef {{ id: string, method: string, path: string, tag: string, operation: any, entry: HTMLElement, link: HTMLElement, words: string }} Entry */

const place = /** @type {HTMLElement} */ (document.querySelector("#docs"));

/** A slice's name as a heading. @param {string} tag */
const heading = (tag) => tag.charAt(0).toUpperCase() + tag.slice(1).replaceAll("_", " ");

/** @param {string} method */
const verb = (method) => h("span", { class: `verb verb-${method}` }, method.toUpperCase());

/** @param {any} document_ */
function show(document_) {
  const entries = Object.entries(document_.paths).flatMap(([path, methods]) => Object.entries(methods).map(([method, operation]) => make(document_, path, method, operation)));
  const tags = [...new Set(entries.map(({ tag }) => tag))].sort();
  const none = h("p", { class: "empty", hidden: true, role: "status" }, t("docs.none"));
  const sections = tags.map((tag) => {
    const own = entries.filter((entry) => entry.tag === tag);
    const section = h("section", { "aria-labelledby": `tag-${tag}` }, h("h2", { id: `tag-${tag}` }, heading(tag)), own.map(({ entry }) => entry));
    const group = h("div", { class: "docs-group" }, h("p", { class: "docs-tag" }, heading(tag)), h("ul", {}, own.map(({ link }) => h("li", {}, link))));
    return { own, section, group };
  });
  const search = h("input", { type: "search", id: "search", placeholder: t("docs.search"), autocomplete: "off", spellcheck: "false" });
  search.addEventListener("input", () => {
    const wanted = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    for (const { own, section, group } of sections) {
      for (const { entry, link, words } of own) {
        const hidden = !wanted.every((word) => words.includes(word));
        entry.hidden = hidden;
        if (link.parentElement) link.parentElement.hidden = hidden;
      }
      section.hidden = own.every(({ entry }) => entry.hidden);
      group.hidden = section.hidden;
    }
    none.hidden = sections.some(({ section }) => !section.hidden);
  });
  place.replaceChildren(
    h("aside", { class: "docs-side" },
      h("a", { class: "brand", href: "/", translate: "no" }, "Headwater"),
      h("label", { class: "sr", for: "search" }, t("docs.search")),
      search,
      h("nav", { "aria-label": t("docs.operations") }, sections.map(({ group }) => group)),
    ),
    h("main", { id: "operations", tabindex: "-1" },
      h("h1", {}, document_.info.title, " ", h("small", { class: "quiet" }, document_.info.version)),
      h("p", { class: "docs-lead" }, document_.info.description, " ", rich("docs.every_call", { code: (inside) => h("code", {}, inside) })),
      h("p", { class: "docs-lead" }, h("a", { href: "/api/openapi.json" }, t("docs.openapi")), " · ", h("a", { href: "/" }, t("docs.dashboard"))),
      none,
      sections.map(({ section }) => section),
    ),
  );
  const target = location.hash && document.getElementById(location.hash.slice(1));
  if (target) target.scrollIntoView();
}

/** @param {any} document_ @param {string} path @param {string} method @param {any} operation @returns {Entry} */
function make(document_, path, method, operation) {
  const id = operation.operationId;
  const short = path.replace("/api/v1", "");
  const link = h("a", { href: `#${id}` }, verb(method), h("span", { class: "mono" }, short.split(/(?=\/)/).flatMap((part) => [part, h("wbr")])));
  const example = operation.requestBody?.content["application/json"];
  const answers = Object.entries(operation.responses).map(([status, response]) => [status, resolved(document_, response)]);
  const entry = h("article", { class: "card docs-operation", id, "aria-labelledby": `${id}-name` },
    h("h3", { id: `${id}-name` }, verb(method), " ", h("code", {}, path)),
    h("p", {}, operation.summary, "."),
    h("p", { class: "quiet" }, leave(operation.security)),
    parameters(document_, operation.parameters),
    example && h("div", {}, h("h4", {}, t("docs.body")), shape(document_, example.schema)),
    h("h4", {}, t("docs.example")),
    code(curl(location.origin, method, path, operation), t("docs.with_curl", { method, path })),
    h("h4", {}, t("docs.answers")),
    h("dl", { class: "docs-answers" }, answers.map(([status, response]) => [h("dt", {}, h("span", { class: `badge ${status.startsWith("2") ? "badge-ok" : "badge-denied"}` }, status)), h("dd", {}, answer(document_, status, response))]).flat()),
  );
  const words = [method, path, operation.summary, id, operation.tags.join(" ")].join(" ").toLowerCase();
  return { id, method, path, tag: operation.tags[0], operation, entry, link, words };
}

/** What a caller has to hold. @param {Record<string, string[]>[]} security @returns {import("../dom.js").Child[]} */
function leave([one]) {
  if (!one) return [t("docs.no_token")];
  const scopes = Object.values(one).flat();
  return scopes.length > 0 ? rich("docs.needs_scope", { scopes: scopes.join(", "), code: (inside) => h("code", {}, inside) }) : [t("docs.signed_in")];
}

/** @param {any} document_ @param {any} response */
function resolved(document_, response) {
  return response.$ref ? document_.components.responses[response.$ref.split("/").pop()] : response;
}

/** @param {any} document_ @param {string} status @param {any} response */
function answer(document_, status, response) {
  if (!status.startsWith("2")) return h("code", {}, response.description);
  const kinds = Object.entries(response.content ?? {});
  return [h("p", {}, response.description), kinds.map(([kind, { schema }]) => (kind === "application/json" ? shape(document_, schema) : h("p", {}, rich("docs.as", { kind, code: (inside) => h("code", {}, inside) })))).flat()].flat();
}

/** @param {any} document_ @param {any[]} all */
function parameters(document_, all) {
  if (all.length === 0) return null;
  const rows = all.map(({ name, in: where, required, description, schema }) =>
    h("tr", {}, h("th", { scope: "row" }, h("code", {}, name), required && h("span", { class: "quiet" }, " ", t("docs.required"))), h("td", {}, where), h("td", {}, shape(document_, schema), description)));
  return h("div", { class: "docs-table", role: "region", tabindex: "0", "aria-label": t("docs.parameters") }, h("table", { class: "table" }, h("thead", {}, h("tr", {}, [t("docs.parameter"), t("docs.in"), t("docs.meaning")].map((name) => h("th", { scope: "col" }, name)))), h("tbody", {}, rows)));
}

/** @param {string} text @param {string} name */
function code(text, name) {
  const copy = h("button", { type: "button", class: "button docs-copy", click: async () => {
    await navigator.clipboard.writeText(text);
    copy.textContent = t("docs.copied");
    setTimeout(() => (copy.textContent = t("docs.copy")), 1500);
  } }, t("docs.copy"));
  return h("div", { class: "docs-code" }, h("pre", { tabindex: "0", role: "region", "aria-label": name }, h("code", {}, text)), copy);
}

try {
  const response = await fetch("/api/openapi.json");
  if (!response.ok) throw new Error(t("api.answered", { status: response.status }));
  show(await response.json());
} catch (error) {
  place.replaceChildren(h("main", { id: "operations" }, h("h1", {}, t("docs.title")), h("p", { role: "alert" }, t("docs.failed", { problem: String(error instanceof Error ? error.message : error) }))));
}
