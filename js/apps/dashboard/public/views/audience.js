import { all, api, withQuery } from "../api.js";
import { h } from "../dom.js";
import { moment, number, plural } from "../format.js";
import { empty, loaded } from "../states.js";
import { changeList } from "./audience-changes.js";
import { progressBar } from "./audience-progress.js";
import { confirmDialog } from "./confirm-dialog.js";
import { sentence } from "./definition.js";
import { avatar, personName } from "./people.js";
import { onLines } from "./text-editor.js";
import { whyDialog } from "./why.js";

/** How often an audience that looks at everybody is asked whether it is done. */
const AGAIN = 1500;
/** So many of the last changes are shown. */
const MOST_SHOWN = 50;

/** @param {import("../app.js").Screen} screen */
export function audienceView({ place, signal, parts: [, id = ""] }) {
  const path = `audiences/${encodeURIComponent(id)}`;
  const load = () => loaded(place, signal, async () => {
    const [audience, others] = await Promise.all([api(path, { signal }), all("audiences", signal)]);
    return { audience, names: new Map(others.data.map((one) => [one.id, one.name])) };
  }, ({ audience, names }) => show(audience, path, (one) => names.get(one) ?? one, signal, load));
  void load();
}

/** @param {any} audience @param {string} path @param {(id: string) => string} nameOf @param {AbortSignal} signal @param {() => Promise<void>} again */
function show(audience, path, nameOf, signal, again) {
  document.title = `${audience.name} · Headwater`;
  const members = h("div");
  const changes = h("div");
  const size = h("p", { class: "big" }, number(audience.members));
  const progress = h("div", { role: "status" }, progressOf(audience, nameOf));
  /** @type {Map<string, any>} members by id, for the names of those who came and went */
  const people = new Map();
  const list = loaded(members, signal, () => api(withQuery(`${path}/members`, { limit: 100 }), { signal }), (page) => {
    for (const one of page.data) people.set(one.id, one);
    return memberList(page, audience);
  });
  void list.then(() => loaded(changes, signal, () => api(withQuery(`${path}/changes`, { order: "desc", limit: MOST_SHOWN }), { signal }), (page) => changesOf(page, people)));
  if (isBusy(audience)) void follow(path, signal, progress, size, nameOf, again);
  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/audiences" }, "Audiences")),
    h(
      "div",
      { class: "head" },
      h("h1", {}, audience.name),
      h("span", { class: `badge badge-${isBusy(audience) ? "held" : "ok"}` }, isBusy(audience) ? "looking at everybody" : "up to date"),
      h("span", { class: "head-actions" }, h("a", { class: "button", href: `#/audiences/${audience.id}/edit` }, "Change"), h("button", { type: "button", class: "button", click: () => remove(audience, path) }, "Delete")),
    ),
    progress,
    h(
      "div",
      { class: "card audience-card" },
      h("div", { class: "audience-size" }, size, h("p", { class: "quiet" }, audience.members === 1 ? "person now" : "people now")),
      h(
        "div",
        { class: "stack-small" },
        h("p", { class: "rule" }, `People who ${sentence(audience.definition, nameOf)}.`),
        h("p", { class: "quiet" }, `Version ${audience.version}, changed ${moment(audience.updated_at)}. `, h("span", { class: "mono" }, audience.id)),
        h("details", { class: "raw" }, h("summary", {}, "As text and as JSON"), h("pre", { class: "code code-wrap", tabindex: "0", "aria-label": "Definition as text" }, onLines(audience.text)), h("pre", { class: "code", tabindex: "0", "aria-label": "Definition as JSON" }, JSON.stringify(audience.definition, null, 2))),
      ),
    ),
    h(
      "div",
      { class: "audience" },
      h("section", { "aria-labelledby": "members" }, h("h2", { id: "members" }, "Members"), members),
      h("section", { "aria-labelledby": "changes" }, h("h2", { id: "changes" }, "Entering and leaving"), changes),
    ),
  ];
}

/** @param {any} audience */
function isBusy({ status, next }) {
  return status !== "ready" || Boolean(next);
}

/** @param {any} audience @param {(id: string) => string} nameOf @returns {Node | string} */
function progressOf(audience, nameOf) {
  const { status, next, version } = audience;
  if (next) {
    return h("div", { class: "notice notice-busy" }, h("b", {}, `Version ${next.version} is looking at everybody. `), `Until it has, version ${version} serves. Coming: people who ${sentence(next.definition, nameOf)}.`, progressBar(next, `version ${next.version}`));
  }
  if (status === "building") return h("div", { class: "notice notice-busy" }, "Everybody is being looked at for the first time; the number of people grows until that is done.", progressBar(audience, audience.name));
  if (status !== "ready") return h("div", { class: "notice notice-busy" }, "Everybody is being looked at again, since something that the rules read has changed. Who is in it stays until then.", progressBar(audience, audience.name));
  return "";
}

/** @param {string} path @param {AbortSignal} signal @param {HTMLElement} progress @param {HTMLElement} size @param {(id: string) => string} nameOf @param {() => Promise<void>} again */
async function follow(path, signal, progress, size, nameOf, again) {
  while (!signal.aborted) {
    await new Promise((done) => setTimeout(done, AGAIN));
    const audience = await api(path, { signal }).catch(() => undefined);
    if (signal.aborted || !audience) return;
    if (!isBusy(audience)) return void again();
    size.textContent = number(audience.members);
    progress.replaceChildren(progressOf(audience, nameOf));
  }
}

/** @param {any} audience @param {string} path */
function remove(audience, path) {
  confirmDialog({
    title: `Delete ${audience.name}?`,
    text: `${plural(audience.members, "person leaves", "people leave")} it, and its rules and history are gone. People and their events stay.`,
    button: "Delete audience",
    act: async () => {
      await api(path, { method: "DELETE" });
      location.hash = "#/audiences";
    },
  });
}

/** @param {any} page @param {any} audience */
function memberList(page, audience) {
  if (page.data.length === 0) return empty("Nobody yet", "People join here the moment their events match the rules. Open a person to see what is missing.", h("a", { class: "button", href: "#/people" }, "See people"));
  return [
    h("ul", { class: "card flush member-list", role: "list" }, page.data.map((/** @type {any} */ one) => member(one, audience))),
    h("p", { class: "more-note" }, page.next_cursor ? `The first ${number(page.data.length)} of ${number(audience.members)}.` : plural(page.data.length, "person", "people")),
  ];
}

/** @param {any} one */
function profileOf(one) {
  return { traits: {}, ...one, identifiers: one.identifiers ?? [] };
}

/** @param {any} one an identified profile, and since when it belongs @param {any} audience */
function member(one, audience) {
  const profile = profileOf(one);
  const name = personName(profile);
  return h(
    "li",
    { class: "member" },
    h("a", { class: "row-link", href: `#/people/${encodeURIComponent(one.id)}` }, avatar(profile), h("span", {}, name, h("small", {}, `since ${moment(one.since)}`))),
    h("button", { type: "button", class: "button", click: () => whyDialog({ audienceId: audience.id, profileId: one.id, person: name }) }, "Why?", h("span", { class: "sr" }, ` ${name}`)),
  );
}

/** @param {{ data: any[], next_cursor: string | null }} page newest first @param {Map<string, any>} people */
function changesOf({ data, next_cursor: more }, people) {
  if (data.length === 0) return empty("Nothing has changed yet", "Whoever enters or leaves from now on stands here, with what did it.");
  const subject = (/** @type {any} */ change) => h("a", { href: `#/people/${encodeURIComponent(change.profile_id)}` }, people.has(change.profile_id) ? personName(profileOf(people.get(change.profile_id))) : change.profile_id);
  const left = new Set(data.filter(({ profile_id: id }) => !people.has(id)).map(({ profile_id: id }) => id));
  const list = changeList(data, subject);
  void nameThem(list, left);
  return [
    h("div", { class: "card flush" }, list),
    h("p", { class: "more-note" }, more ? `The last ${number(data.length)}; the server API has all that are kept.` : plural(data.length, "change")),
  ];
}

/** Those who left are named as soon as they are known. @param {HTMLElement} list @param {Set<string>} ids */
async function nameThem(list, ids) {
  for (const id of [...ids].slice(0, MOST_SHOWN)) {
    const profile = await api(`profiles/${encodeURIComponent(id)}`).catch(() => undefined);
    if (!profile || !list.isConnected) continue;
    for (const link of list.querySelectorAll(`a[href="#/people/${CSS.escape(id)}"]`)) link.textContent = personName(profile);
  }
}
