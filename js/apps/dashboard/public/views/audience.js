import { call, rows } from "../api.js";
import { h } from "../dom.js";
import { moment, number } from "../format.js";
import { empty, loaded } from "../states.js";
import { rich, t } from "../words.js";
import { changeList } from "./audience-changes.js";
import { progressBar } from "./audience-progress.js";
import { confirmDialog } from "./confirm-dialog.js";
import { sentence } from "./definition.js";
import { avatar, personName } from "./people.js";
import { onLines } from "./text-editor.js";
import { whyDialog } from "./why.js";

/** @typedef {import("@headwater/api-client").Audience} Audience */
/** @typedef {import("@headwater/api-client").AudienceMember} Member */
/** @typedef {import("@headwater/api-client").AudienceChange} Change */

/** How often an audience that looks at everybody is asked whether it is done. */
const AGAIN = 1500;
/** So many of the last changes are shown. */
const MOST_SHOWN = 50;

/** @param {import("../app.js").Screen} screen */
export function audienceView({ place, signal, parts: [, id = ""] }) {
  const load = () => loaded(place, signal, async () => {
    const [audience, others] = await Promise.all([call("GET /audiences/{id}", { path: { id }, signal }), rows("GET /audiences", { signal })]);
    return { audience, names: new Map(others.data.map((one) => [one.id, one.name])) };
  }, ({ audience, names }) => show(audience, (one) => names.get(one) ?? one, signal, load));
  void load();
}

/** @param {Audience} audience @param {(id: string) => string} nameOf @param {AbortSignal} signal @param {() => Promise<void>} again */
function show(audience, nameOf, signal, again) {
  const path = { id: audience.id };
  document.title = t("audiences.document_title", { name: audience.name });
  const members = h("div");
  const changes = h("div");
  const size = h("p", { class: "big" }, number(audience.members));
  const progress = h("div", { role: "status" }, progressOf(audience, nameOf));
  /** @type {Map<string, Member>} members by id, for the names of those who came and went */
  const people = new Map();
  const list = loaded(members, signal, () => call("GET /audiences/{id}/members", { path, query: { limit: 100 }, signal }), (page) => {
    for (const one of page.data) people.set(one.id, one);
    return memberList(page, audience);
  });
  void list.then(() => loaded(changes, signal, () => call("GET /audiences/{id}/changes", { path, query: { order: "desc", limit: MOST_SHOWN }, signal }), (page) => changesOf(page, people)));
  if (isBusy(audience)) void follow(audience.id, signal, progress, size, nameOf, again);
  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/audiences" }, t("audiences.audiences"))),
    h(
      "div",
      { class: "head" },
      h("h1", {}, audience.name),
      h("span", { class: `badge badge-${isBusy(audience) ? "held" : "ok"}` }, isBusy(audience) ? t("audiences.looking_at_everybody") : t("audiences.up_to_date")),
      h("span", { class: "head-actions" }, h("a", { class: "button", href: `#/audiences/${audience.id}/edit` }, t("audiences.change")), h("button", { type: "button", class: "button", click: () => remove(audience) }, t("audiences.delete"))),
    ),
    progress,
    h(
      "div",
      { class: "card audience-card" },
      h("div", { class: "audience-size" }, size, h("p", { class: "quiet" }, t("audiences.is_unit", { count: audience.members }))),
      h(
        "div",
        { class: "stack-small" },
        h("p", { class: "rule" }, t("audiences.reads", { sentence: sentence(audience.definition, nameOf) })),
        h("p", { class: "quiet" }, rich("audiences.version_changed", { version: audience.version, at: moment(audience.updated_at), id: audience.id, mono: (inside) => h("span", { class: "mono" }, inside) })),
        h("details", { class: "raw" }, h("summary", {}, t("audiences.as_text_and_as_json")), h("pre", { class: "code code-wrap", tabindex: "0", "aria-label": t("audiences.definition_as_text") }, onLines(audience.text)), h("pre", { class: "code", tabindex: "0", "aria-label": t("audiences.definition_as_json") }, JSON.stringify(audience.definition, null, 2))),
      ),
    ),
    h(
      "div",
      { class: "audience" },
      h("section", { "aria-labelledby": "members" }, h("h2", { id: "members" }, t("audiences.members")), members),
      h("section", { "aria-labelledby": "changes" }, h("h2", { id: "changes" }, t("audiences.entering_and_leaving")), changes),
    ),
  ];
}

/** @param {Audience} audience */
function isBusy({ status, next }) {
  return status !== "ready" || Boolean(next);
}

/** @param {Audience} audience @param {(id: string) => string} nameOf @returns {Node | string} */
function progressOf(audience, nameOf) {
  const { status, next, version } = audience;
  if (next) {
    return h("div", { class: "notice notice-busy" }, h("span", {}, rich("audiences.version_looks", { next: next.version, version, sentence: sentence(next.definition, nameOf), b: (inside) => h("b", {}, inside) })), progressBar(next, t("audiences.version", { version: next.version })));
  }
  if (status === "building") return h("div", { class: "notice notice-busy" }, t("audiences.building"), progressBar(audience, audience.name));
  if (status !== "ready") return h("div", { class: "notice notice-busy" }, t("audiences.rebuilding"), progressBar(audience, audience.name));
  return "";
}

/** @param {string} id @param {AbortSignal} signal @param {HTMLElement} progress @param {HTMLElement} size @param {(id: string) => string} nameOf @param {() => Promise<void>} again */
async function follow(id, signal, progress, size, nameOf, again) {
  while (!signal.aborted) {
    await new Promise((done) => setTimeout(done, AGAIN));
    const audience = await call("GET /audiences/{id}", { path: { id }, signal }).catch(() => undefined);
    if (signal.aborted || !audience) return;
    if (!isBusy(audience)) return void again();
    size.textContent = number(audience.members);
    progress.replaceChildren(progressOf(audience, nameOf));
  }
}

/** @param {Audience} audience */
function remove(audience) {
  confirmDialog({
    title: t("audiences.delete_name", { name: audience.name }),
    text: t("audiences.people_leave_it_and_its", { members: audience.members }),
    button: t("audiences.delete_audience"),
    act: async () => {
      await call("DELETE /audiences/{id}", { path: { id: audience.id } });
      location.hash = "#/audiences";
    },
  });
}

/** @param {{ data: Member[], next_cursor: string | null }} page @param {Audience} audience */
function memberList(page, audience) {
  if (page.data.length === 0) return empty(t("audiences.nobody_yet"), t("audiences.people_join_here_the_moment"), h("a", { class: "button", href: "#/people" }, t("audiences.see_people")));
  return [
    h("ul", { class: "card flush member-list", role: "list" }, page.data.map((one) => member(one, audience))),
    h("p", { class: "more-note" }, page.next_cursor ? t("audiences.first_of", { count: page.data.length, members: audience.members }) : t("audiences.people", { count: page.data.length })),
  ];
}

/** @param {Member} one an identified profile, and since when it belongs @param {Audience} audience */
function member(one, audience) {
  const name = personName(one);
  return h(
    "li",
    { class: "member" },
    h("a", { class: "row-link", href: `#/people/${encodeURIComponent(one.id)}` }, avatar(one), h("span", {}, name, h("small", {}, t("audiences.member_since", { since: moment(one.since) })))),
    h("button", { type: "button", class: "button", click: () => whyDialog({ audienceId: audience.id, profileId: one.id, person: name }) }, rich("audiences.why_of", { name, sr: (inside) => h("span", { class: "sr" }, inside) })),
  );
}

/** @param {{ data: Change[], next_cursor: string | null }} page newest first @param {Map<string, Member>} people */
function changesOf({ data, next_cursor: more }, people) {
  if (data.length === 0) return empty(t("audiences.nothing_has_changed_yet"), t("audiences.whoever_enters_or_leaves_from"));
  const subject = (/** @type {Change} */ { profile_id: id }) => {
    const known = people.get(id);
    return h("a", { href: `#/people/${encodeURIComponent(id)}` }, known ? personName(known) : id);
  };
  const left = new Set(data.filter(({ profile_id: id }) => !people.has(id)).map(({ profile_id: id }) => id));
  const list = changeList(data, subject);
  void nameThem(list, left);
  return [
    h("div", { class: "card flush" }, list),
    h("p", { class: "more-note" }, more ? t("audiences.last_shown", { count: data.length }) : t("audiences.changes", { count: data.length })),
  ];
}

/** Those who left are named as soon as they are known. @param {HTMLElement} list @param {Set<string>} ids */
async function nameThem(list, ids) {
  for (const id of [...ids].slice(0, MOST_SHOWN)) {
    const profile = await call("GET /profiles/{reference}", { path: { reference: id } }).catch(() => undefined);
    if (!profile || !list.isConnected) continue;
    for (const link of list.querySelectorAll(`a[href="#/people/${CSS.escape(id)}"]`)) link.textContent = personName(profile);
  }
}
