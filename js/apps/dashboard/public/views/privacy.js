/** Privacy: what people asked for, who is not taken in again, and for how long events are kept. */
import { call } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../format.js";
import { empty, failed, loaded } from "../states.js";
import { t } from "../words.js";
import { newRequestDialog } from "./privacy-dialogs.js";
import { requestView } from "./privacy-request.js";
import { retentionView } from "./privacy-retention.js";
import { suppressionsView } from "./privacy-suppressions.js";
import { dueNote, KINDS, stateBadge, subjectText } from "./privacy-words.js";

const TABS = [["", t("privacy.requests")], ["suppressions", t("privacy.suppressions")], ["retention", t("privacy.retention")]];

/** @param {import("../app.js").Screen} screen */
export function privacyView(screen) {
  const { place, parts } = screen;
  if (parts[1] === "requests" && parts[2]) return requestView(screen);
  const tab = parts[1] ?? "";
  const tools = h("div", { class: "head-actions" });
  const body = h("div");
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("privacy.privacy_requests")), tools),
    h("nav", { class: "tabs", "aria-label": t("privacy.privacy") }, TABS.map(([key, name]) => h("a", { href: key ? `#/privacy/${key}` : "#/privacy", "aria-current": key === tab ? "page" : null }, name))),
    body,
  );
  if (tab === "suppressions") return suppressionsView(body, screen);
  if (tab === "retention") return retentionView(body, screen);
  return inbox(body, tools, screen);
}

/** @param {HTMLElement} body @param {HTMLElement} tools @param {import("../app.js").Screen} screen */
function inbox(body, tools, { signal, query }) {
  tools.append(h("button", { type: "button", class: "button button-main", click: () => newRequestDialog((request) => {
    location.hash = `#/privacy/requests/${request.id}`;
  }) }, t("privacy.new_request")));
  const list = h("div");
  const filter = (/** @type {string} */ name, /** @type {string} */ label, /** @type {string[][]} */ options) => {
    const select = h("select", { "aria-label": label, change: () => {
      if (select.value) query.set(name, select.value);
      else query.delete(name);
      history.replaceState(null, "", `#/privacy?${query}`);
      void load();
    } }, options.map(([value, text]) => h("option", { value, selected: value === (query.get(name) ?? "") }, text)));
    return select;
  };
  body.append(
    h("p", { class: "lead" }, t("privacy.what_people_ask_for_of")),
    h("div", { class: "tools privacy-tools" },
      filter("kind", t("privacy.kind"), [["", t("privacy.every_kind")], ...Object.entries(KINDS)]),
      filter("state", t("privacy.state"), [["", t("privacy.every_state")], ["received", t("privacy.check_identity")], ["verified", t("privacy.ready_to_start")], ["running", t("privacy.running")], ["done", t("privacy.done")], ["refused", t("privacy.refused")], ["cancelled", t("privacy.cancelled")]])),
    list,
  );
  const ask = (/** @type {string | undefined} */ cursor) => call("GET /privacy/requests", { query: { kind: query.get("kind") ?? undefined, state: query.get("state") ?? undefined, limit: 50, cursor }, signal });
  const load = () => loaded(list, signal, () => ask(undefined), (page) => {
    if (page.data.length > 0) return table(page, ask, signal);
    return query.size > 0 ? empty(t("privacy.nothing_found"), t("privacy.no_request_is_of_this")) : empty(t("privacy.no_requests_yet"), t("privacy.when_somebody_asks_what_you"));
  });
  void load();
}

/** @typedef {import("@headwater/api-client").PrivacyRequest} Request */
/** @typedef {{ data: Request[], next_cursor: string | null }} Page */

/** @param {Page} first @param {(cursor: string | undefined) => Promise<Page>} ask @param {AbortSignal} signal */
function table(first, ask, signal) {
  const rows = h("tbody", {}, first.data.map(row));
  let cursor = first.next_cursor;
  const more = h("button", { type: "button", class: "button", click: async () => {
    more.disabled = true;
    try {
      const page = await ask(cursor ?? undefined);
      rows.append(...page.data.map(row));
      cursor = page.next_cursor;
      more.disabled = false;
      if (!cursor) more.remove();
    } catch (error) {
      if (!signal.aborted) more.replaceWith(failed(error, () => location.reload()));
    }
  } }, t("privacy.show_more"));
  return [
    h("div", { class: "card flush scroll", tabindex: 0, role: "region", "aria-label": t("privacy.requests") },
      h("table", { class: "table privacy-requests" },
        h("thead", {}, h("tr", {}, [t("privacy.request"), t("privacy.person"), t("privacy.state"), t("privacy.due"), t("privacy.received")].map((name) => h("th", { scope: "col" }, name)))),
        rows)),
    ...(cursor ? [h("p", { class: "more" }, more)] : []),
  ];
}

/** @param {Request} request */
function row(request) {
  return h("tr", {},
    h("th", { scope: "row" }, h("a", { href: `#/privacy/requests/${request.id}` }, KINDS[request.kind] ?? request.kind)),
    h("td", { class: "privacy-subject" }, subjectText(request)),
    h("td", {}, stateBadge(request.state)),
    h("td", {}, dueNote(request)),
    h("td", {}, h("time", { class: "quiet", datetime: request.created_at }, moment(request.created_at))));
}
