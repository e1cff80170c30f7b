/** The rules by which identifiers become people: changed in a form, seen before they are published. */
import { call, words } from "../api.js";
import { h, icon } from "../dom.js";
import { moment, number } from "../format.js";
import { loaded } from "../states.js";
import { toast } from "../toast.js";
import { rich, t } from "../words.js";
import { beforeAfter } from "./before-after.js";
import { confirmDialog } from "./confirm-dialog.js";
import { besideFields } from "./field-mistakes.js";
import { checkbox, labelled, saving, select } from "./form-field.js";

/** @typedef {import("@headwater/api-client").IdentityRules} Rules */
/** @typedef {Rules["kinds"][number]} Kind */
/** @typedef {import("@headwater/api-client").IdentityRulesVersion} Version */
/** @typedef {import("@headwater/api-client").CurrentIdentityRules} Current */

const POLL = 1000;

/** @param {HTMLElement} panel @param {AbortSignal} signal */
export function rulesPanel(panel, signal) {
  const again = () => loaded(panel, signal, async () => {
    const [current, versions] = await Promise.all([call("GET /identity/rules", { signal }), call("GET /identity/rules/versions", { query: { limit: 20 }, signal })]);
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

/** How far publishing is. @param {HTMLElement} place @param {Current} current @param {AbortSignal} signal @param {() => void} done */
async function progress(place, current, signal, done) {
  let state = current;
  let was = false;
  while (state.reading || state.resolving > 0) {
    was = true;
    place.replaceChildren(state.reading
      ? h("div", { class: "notice notice-busy", role: "status" }, h("p", {}, t("identity.version_being_read", { version: state.reading.version, read: state.reading.read, of: state.reading.of })), h("progress", { max: state.reading.of || 1, value: state.reading.read, "aria-label": t("identity.events_read") }))
      : h("p", { class: "notice notice-busy", role: "status" }, t("identity.groups_of_identifiers_still_to", { resolving: state.resolving })));
    await new Promise((next) => setTimeout(next, POLL));
    if (signal.aborted) return;
    try {
      state = await call("GET /identity/rules", { signal });
    } catch {
      return;
    }
  }
  if (was) done();
}

/** @param {{ version: number, rules: unknown }} newest @param {() => void} again */
function form(newest, again) {
  const rules = structuredClone(/** @type {Rules} */ (newest.rules));
  const kinds = h("div", { class: "stack" });
  const shown = h("div", { class: "stack", role: "status" });
  const drawKinds = () => kinds.replaceChildren(...rules.kinds.map((kind, index) => kindRow(kind, index, rules.kinds, kindsChanged)));
  const kindsChanged = () => {
    changed();
    drawKinds();
  };
  drawKinds();
  const values = h("textarea", { class: "lines", spellcheck: "false", "data-path": "blocked.values" }, rules.blocked.values.join("\n"));
  const patterns = h("textarea", { class: "lines", spellcheck: "false", "data-path": "blocked.patterns" }, rules.blocked.patterns.join("\n"));
  const own = checkbox(t("identity.also_the_products_own_list"), rules.blocked.defaults);
  const conflict = select([["first_owner", t("identity.who_had_it_first")], ["last_owner", t("identity.who_had_it_last")], ["detach", t("identity.conflict_nobody")]], rules.conflict);
  const shared = select([["owner", t("identity.of_the_devices_owner")], ["by_time", t("identity.of_whoever_was_signed_in")]], rules.shared_devices);
  const radius = h("input", { type: "number", min: 2, value: rules.blast_radius, required: true, "data-path": "blast_radius" });
  const country = h("input", { value: rules.country ?? "", placeholder: "DE", translate: "no", autocomplete: "off", spellcheck: "false", "data-path": "country" });
  const signOut = h("textarea", { class: "lines", "data-path": "sign_out_events" }, rules.sign_out_events.join("\n"));
  const lines = (/** @type {HTMLTextAreaElement} */ field) => field.value.split("\n").map((line) => line.trim()).filter(Boolean);
  const written = () => ({
    ...rules,
    version: newest.version,
    blocked: { defaults: own.box.checked, values: lines(values), patterns: lines(patterns) },
    conflict: /** @type {Rules["conflict"]} */ (conflict.value),
    shared_devices: /** @type {Rules["shared_devices"]} */ (shared.value),
    sign_out_events: lines(signOut),
    blast_radius: Number(radius.value),
    country: country.value.trim().toUpperCase() || undefined,
  });
  const publish = h("button", { type: "button", class: "button", hidden: true, click: () => confirmDialog({ title: t("identity.publish_these_rules"), text: t("identity.they_hold_for_every_stored"), button: t("identity.publish"), act: async () => {
    await call("PUT /identity/rules", { body: written() });
    toast(t("identity.the_rules_are_published"));
    again();
  } }) }, t("identity.publish_asks"));
  /** @type {HTMLElement} */
  const body = saving(
    { class: "card form", label: t("identity.identity_rules"), save: t("identity.show_what_would_change"), also: [publish], act: () => besideFields(body, async () => {
      await call("POST /identity/rules/check", { body: written() });
      const told = await call("POST /identity/preview", { body: { rules: written() } });
      if ("changed" in told) shown.replaceChildren(effect(told));
      publish.hidden = false;
    }) },
    h("h2", {}, t("identity.version", { version: newest.version })),
    h("fieldset", { class: "plain", "data-path": "kinds" }, h("legend", {}, t("identity.kinds_of_identifiers_strongest_first")), kinds, addKind(rules.kinds, kindsChanged)),
    h("div", { class: "form-row" }, labelled(t("identity.who_keeps_what_several_claim"), conflict), labelled(t("identity.events_of_a_shared_device"), shared)),
    h("div", { class: "form-row" }, labelled(t("identity.hold_merges_beyond_so_many"), radius, t("identity.the_blast_radius_such_a")), labelled(t("identity.country"), country, t("identity.country_hint"))),
    h("div", { class: "form-row" }, labelled(t("identity.blocked_values_one_a_line"), values), labelled(t("identity.blocked_patterns_one_a_line"), patterns)),
    own.node,
    labelled(t("identity.events_that_say_that_somebody"), signOut),
  );
  // What was shown is of the rules as they were written then.
  const changed = () => {
    publish.hidden = true;
    shown.replaceChildren();
  };
  body.addEventListener("input", changed);
  return h("div", { class: "stack" }, body, shown);
}

/** @param {Kind} kind @param {number} index @param {Kind[]} kinds @param {() => void} draw */
function kindRow(kind, index, kinds, draw) {
  const limit = (/** @type {"most" | "shared_above"} */ name) => h("input", { type: "number", min: 1, value: kind[name] ?? "", placeholder: t("identity.no_limit"), "data-path": `kinds[${index}].${name}`, input: (/** @type {any} */ event) => {
    if (event.target.value) kind[name] = Number(event.target.value);
    else delete kind[name];
  } });
  const unique = checkbox(t("identity.one_value_is_one_person"), kind.unique, (on) => (kind.unique = on));
  const form = select([["text", t("identity.as_it_is")], ["email", t("identity.form_email")], ["phone", t("identity.form_phone")]], kind.form);
  form.addEventListener("change", () => (kind.form = /** @type {Kind["form"]} */ (form.value)));
  const move = (/** @type {number} */ by) => {
    kinds.splice(index, 1);
    kinds.splice(index + by, 0, kind);
    draw();
  };
  const button = (/** @type {string} */ name, /** @type {string} */ path, /** @type {() => void} */ click, off = false) => h("button", { type: "button", class: "icon-button", disabled: off, click }, icon(path), h("span", { class: "sr" }, name));
  return h(
    "div",
    { class: "group", role: "group", "aria-label": kind.kind, "data-path": `kinds[${index}]` },
    h("div", { class: "row-head" }, h("b", { class: "mono" }, kind.kind), h("span", {}, button(t("identity.stronger", { kind: kind.kind }), "M6 15l6-6 6 6", () => move(-1), index === 0), button(t("identity.weaker", { kind: kind.kind }), "M6 9l6 6 6-6", () => move(1), index === kinds.length - 1), button(t("identity.remove", { kind: kind.kind }), "M6 6l12 12M18 6 6 18", () => {
      kinds.splice(index, 1);
      draw();
    }, kinds.length === 1))),
    h("div", { class: "form-row" }, labelled(t("identity.written_as"), form), labelled(t("identity.at_most_so_many_a"), limit("most")), labelled(t("identity.of_nobody_when_seen_with"), limit("shared_above"))),
    unique.node,
  );
}

/** @param {Kind[]} kinds @param {() => void} draw */
function addKind(kinds, draw) {
  const name = h("input", { "aria-label": t("identity.name_of_another_kind"), placeholder: t("identity.kind_example"), autocomplete: "off" });
  return h("p", { class: "row-actions" }, name, h("button", { type: "button", class: "button", click: () => {
    const kind = name.value.trim();
    if (!kind) return name.focus();
    kinds.push({ kind, form: "text", unique: false });
    name.value = "";
    draw();
  } }, t("identity.add_a_kind")));
}

/** @param {import("@headwater/api-client").IdentityRulesPreview} told what other rules would do */
function effect(told) {
  const figure = (/** @type {string} */ name, /** @type {{ now: number, then: number }} */ pair) => h("div", { class: "card" }, h("span", { class: "quiet" }, name), h("b", { class: "big" }, number(pair.then)), h("span", { class: "quiet" }, t("identity.now_figure", { now: pair.now })));
  // Blocked evidence is told by its reason.
  const sum = (/** @type {Record<string, number>} */ counts) => Object.values(counts).reduce((all, count) => all + count, 0);
  const { changed, sample } = told;
  // Rules that read events otherwise show only the identifiers of what would be.
  const after = sample.after.map((one) => ({ ...one, identifiers: one.identifiers.map((id) => (typeof id === "string" ? parted(id) : id)) }));
  return h(
    "section",
    { class: "stack" },
    h("h2", {}, t("identity.what_would_change")),
    h("div", { class: "figures" }, figure(t("identity.people"), told.profiles), figure(t("identity.blocked_evidence"), { now: sum(told.blocked.now), then: sum(told.blocked.then) }), figure(t("identity.largest_person"), told.largest)),
    h("p", {}, changed.profiles === 0 ? (told.complete ? t("identity.nobody_would_change") : t("identity.nobody_of_newest_would_change", { count: told.limit })) : t("identity.people_would_change", { profiles: changed.profiles, merged: changed.merged, split: changed.split })),
    changed.profiles > 0 && beforeAfter({ before: sample.before, after }),
  );
}

/** @param {string} identifier `kind:value` */
function parted(identifier) {
  const at = identifier.indexOf(":");
  return { kind: identifier.slice(0, at), value: identifier.slice(at + 1) };
}

/** @param {Version[]} versions @param {number} current the one in force @param {number} newest @param {() => void} again */
function history(versions, current, newest, again) {
  const back = async (/** @type {Version} */ one) => {
    await call("PUT /identity/rules", { body: { .../** @type {Rules} */ (one.rules), version: newest } });
    toast(t("identity.version_published_again", { version: one.version }));
    again();
  };
  return h("section", {}, h("h2", {}, t("identity.published_versions")), versions.length === 0 ? h("p", { class: "quiet" }, t("identity.the_products_own_rules_never")) : h("ul", { class: "card flush rows-list", role: "list" }, versions.map((one) => h("li", {}, h("div", { class: "row-head" }, h("span", {}, h("b", {}, t("identity.version", { version: one.version })), h("span", { class: "quiet" }, " ", moment(one.published_at))), one.version === current ? h("span", { class: "badge badge-ok" }, t("identity.in_force")) : h("button", { type: "button", class: "button", click: () => back(one).catch((error) => toast(words(error))) }, rich("identity.publish_version_again", { version: one.version, sr: (inside) => h("span", { class: "sr" }, inside) })))))));
}
