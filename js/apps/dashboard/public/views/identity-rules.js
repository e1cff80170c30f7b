/** The rules by which identifiers become people: changed in a form, seen before they are published. */
import { api, words } from "../api.js";
import { h, icon } from "../dom.js";
import { identifierText, moment, number, plural } from "../format.js";
import { loaded } from "../states.js";
import { toast } from "../toast.js";
import { beforeAfter } from "./before-after.js";
import { confirmDialog } from "./confirm-dialog.js";
import { checkbox, labelled, saving, select } from "./form-field.js";

const POLL = 1000;

/** @param {HTMLElement} panel @param {AbortSignal} signal */
export function rulesPanel(panel, signal) {
  const again = () => loaded(panel, signal, async () => {
    const [current, versions] = await Promise.all([api("identity/rules", { signal }), api("identity/rules/versions?limit=20", { signal })]);
    return { current, versions: versions.data };
  }, ({ current, versions }) => {
    const busy = h("div");
    void progress(busy, current, signal, () => void again());
    // What waits to come into force is the newest: a change is a change of that.
    const newest = versions[0] ?? { version: current.version, rules: current.rules };
    return [busy, form(newest, () => void again()), history(versions, current.version, newest.version, () => void again())];
  });
  void again();
}

/** How far publishing is. @param {HTMLElement} place @param {any} current @param {AbortSignal} signal @param {() => void} done */
async function progress(place, current, signal, done) {
  let state = current;
  let was = false;
  while (state.reading || state.resolving > 0) {
    was = true;
    place.replaceChildren(state.reading
      ? h("div", { class: "notice notice-busy", role: "status" }, h("p", {}, `Version ${state.reading.version} is being read over every stored event: ${number(state.reading.read)} of ${number(state.reading.of)}. Until it is done the former rules hold.`), h("progress", { max: state.reading.of || 1, value: state.reading.read, "aria-label": "Events read" }))
      : h("p", { class: "notice notice-busy", role: "status" }, `${plural(state.resolving, "group")} of identifiers still to be resolved.`));
    await new Promise((next) => setTimeout(next, POLL));
    if (signal.aborted) return;
    try {
      state = await api("identity/rules", { signal });
    } catch {
      return;
    }
  }
  if (was) done();
}

/** @param {{ version: number, rules: any }} newest @param {() => void} again */
function form(newest, again) {
  const rules = structuredClone(newest.rules);
  const kinds = h("div", { class: "stack" });
  const shown = h("div", { class: "stack", role: "status" });
  const drawKinds = () => kinds.replaceChildren(...rules.kinds.map((/** @type {any} */ kind, /** @type {number} */ index) => kindRow(kind, index, rules.kinds, drawKinds)));
  drawKinds();
  const values = h("textarea", { class: "lines", spellcheck: "false" }, rules.blocked.values.join("\n"));
  const patterns = h("textarea", { class: "lines", spellcheck: "false" }, rules.blocked.patterns.join("\n"));
  const own = checkbox("Also the product’s own list (null, guest, noreply@*, …)", rules.blocked.defaults);
  const conflict = select([["first_owner", "Who had it first"], ["last_owner", "Who had it last"], ["detach", "Nobody"]], rules.conflict);
  const shared = select([["owner", "Of the device’s owner"], ["by_time", "Of whoever was signed in at the time"]], rules.shared_devices);
  const radius = h("input", { type: "number", min: 2, value: rules.blast_radius, required: true });
  const signOut = h("textarea", { class: "lines" }, rules.sign_out_events.join("\n"));
  const lines = (/** @type {HTMLTextAreaElement} */ field) => field.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const written = () => ({ ...rules, version: newest.version, blocked: { defaults: own.box.checked, values: lines(values), patterns: lines(patterns) }, conflict: conflict.value, shared_devices: shared.value, sign_out_events: lines(signOut), blast_radius: Number(radius.value) });
  const publish = h("button", { type: "button", class: "button", hidden: true, click: () => confirmDialog({ title: "Publish these rules?", text: "They hold for every stored event. Rules that read events otherwise come into force when all are read. An older version can be published again.", button: "Publish", act: async () => {
    await api("identity/rules", { method: "PUT", body: written() });
    toast("The rules are published.");
    again();
  } }) }, "Publish…");
  const body = saving(
    { class: "card form", label: "Identity rules", save: "Show what would change", also: [publish], act: async () => {
      shown.replaceChildren(effect(await api("identity/preview", { method: "POST", body: { rules: written() } })));
      publish.hidden = false;
    } },
    h("h2", {}, `Version ${newest.version}`),
    h("fieldset", { class: "plain" }, h("legend", {}, "Kinds of identifiers, strongest first"), kinds, addKind(rules.kinds, drawKinds)),
    h("div", { class: "form-row" }, labelled("Who keeps what several claim", conflict), labelled("Events of a shared device are", shared)),
    labelled("Hold merges beyond so many identifiers", radius, "The blast radius: such a merge waits under Held merges."),
    h("div", { class: "form-row" }, labelled("Blocked values, one a line", values), labelled("Blocked patterns, one a line", patterns)),
    own.node,
    labelled("Events that say that somebody signed out", signOut),
  );
  // What was shown is of the rules as they were written then.
  body.addEventListener("input", () => {
    publish.hidden = true;
    shown.replaceChildren();
  });
  return h("div", { class: "stack" }, body, shown);
}

/** @param {any} kind @param {number} index @param {any[]} kinds @param {() => void} draw */
function kindRow(kind, index, kinds, draw) {
  const limit = (/** @type {"most" | "shared_above"} */ name) => h("input", { type: "number", min: 1, value: kind[name] ?? "", placeholder: "no limit", input: (/** @type {any} */ event) => {
    if (event.target.value) kind[name] = Number(event.target.value);
    else delete kind[name];
  } });
  const unique = checkbox("One value is one person", Boolean(kind.unique), (on) => (kind.unique = on));
  const form = select([["text", "as it is"], ["email", "e-mail"], ["phone", "telephone"]], kind.form);
  form.addEventListener("change", () => (kind.form = form.value));
  const move = (/** @type {number} */ by) => {
    kinds.splice(index, 1);
    kinds.splice(index + by, 0, kind);
    draw();
  };
  const button = (/** @type {string} */ name, /** @type {string} */ path, /** @type {() => void} */ click, off = false) => h("button", { type: "button", class: "icon-button", disabled: off, click }, icon(path), h("span", { class: "sr" }, `${name} ${kind.kind}`));
  return h(
    "div",
    { class: "group", role: "group", "aria-label": kind.kind },
    h("div", { class: "row-head" }, h("b", { class: "mono" }, kind.kind), h("span", {}, button("Stronger:", "M6 15l6-6 6 6", () => move(-1), index === 0), button("Weaker:", "M6 9l6 6 6-6", () => move(1), index === kinds.length - 1), button("Remove", "M6 6l12 12M18 6 6 18", () => {
      kinds.splice(index, 1);
      draw();
    }, kinds.length === 1))),
    h("div", { class: "form-row" }, labelled("Written as", form), labelled("At most so many a person", limit("most")), labelled("Of nobody when seen with more than", limit("shared_above"))),
    unique.node,
  );
}

/** @param {any[]} kinds @param {() => void} draw */
function addKind(kinds, draw) {
  const name = h("input", { "aria-label": "Name of another kind", placeholder: "crm_id", autocomplete: "off" });
  return h("p", { class: "row-actions" }, name, h("button", { type: "button", class: "button", click: () => {
    const kind = name.value.trim();
    if (!kind) return name.focus();
    kinds.push({ kind, form: "text", unique: false });
    name.value = "";
    draw();
  } }, "Add a kind"));
}

/** @param {any} told what other rules would do */
function effect(told) {
  const figure = (/** @type {string} */ name, /** @type {any} */ pair) => h("div", { class: "card" }, h("span", { class: "quiet" }, name), h("b", { class: "big" }, number(pair.then)), h("span", { class: "quiet" }, `now ${number(pair.now)}`));
  // Blocked evidence is told by its reason.
  const sum = (/** @type {Record<string, number>} */ counts) => Object.values(counts).reduce((all, count) => all + count, 0);
  const { changed, sample } = told;
  // Rules that read events otherwise show only the identifiers of what would be.
  const after = (sample.after ?? []).map((/** @type {any} */ one) => ({ ...one, identifiers: (one.identifiers ?? []).map((/** @type {any} */ id) => { const text = identifierText(id); const at = text.indexOf(":"); return { kind: text.slice(0, at), value: text.slice(at + 1) }; }) }));
  return h(
    "section",
    { class: "stack" },
    h("h2", {}, "What would change"),
    h("div", { class: "figures" }, figure("People", told.profiles), figure("Blocked evidence", { now: sum(told.blocked.now), then: sum(told.blocked.then) }), figure("Largest person", told.largest)),
    h("p", {}, changed.profiles === 0 ? `Nobody would change${told.complete ? "" : `, of the newest ${number(told.limit)} groups`}.` : `${plural(changed.profiles, "person", "people")} would change: ${number(changed.merged)} merged, ${number(changed.split)} split.`),
    changed.profiles > 0 && beforeAfter({ before: sample.before ?? [], after }),
  );
}

/** @param {any[]} versions @param {number} current the one in force @param {number} newest @param {() => void} again */
function history(versions, current, newest, again) {
  const back = async (/** @type {any} */ one) => {
    await api("identity/rules", { method: "PUT", body: { ...one.rules, version: newest } });
    toast(`Version ${one.version} is published again.`);
    again();
  };
  return h("section", {}, h("h2", {}, "Published versions"), versions.length === 0 ? h("p", { class: "quiet" }, "The product’s own rules, never changed.") : h("ul", { class: "card flush rows-list", role: "list" }, versions.map((one) => h("li", {}, h("div", { class: "row-head" }, h("span", {}, h("b", {}, `Version ${one.version}`), h("span", { class: "quiet" }, ` ${moment(one.published_at)}`)), one.version === current ? h("span", { class: "badge badge-ok" }, "in force") : h("button", { type: "button", class: "button", click: () => back(one).catch((error) => toast(words(error))) }, "Publish again", h("span", { class: "sr" }, ` version ${one.version}`)))))));
}
