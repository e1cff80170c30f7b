/** A policy as a form, and what it would do before it is published. */
import { api } from "../api.js";
import { h, icon } from "../dom.js";
import { kindName, number, plural } from "../format.js";
import { toast } from "../toast.js";
import { confirmDialog } from "./confirm-dialog.js";
import { checkbox, labelled, saving, select } from "./form-field.js";

/** @type {Record<string, string>} */
const USES = {
  store: "Keep anything on the device",
  send: "Send and keep an event",
  link: "Link a browser to a known person",
  traits: "Keep facts about the person",
  audiences: "Put the person into audiences",
  decisions: "Choose content for the person",
  destinations: "Hand anything to destinations",
};
/** @type {[string, string][]} */
const REGIMES = [["opt_in", "Ask first (opt-in)"], ["opt_out", "Allow until they object (opt-out)"]];

/** @param {any} current `{policy, version}` @param {() => void} again */
export function policyForm(current, again) {
  const policy = structuredClone(current.policy);
  const names = () => policy.purposes.map((/** @type {any} */ one) => one.name ?? one);
  const shown = h("div", { class: "stack", role: "status" });
  const parts = h("div", { class: "form" });
  /** @param {string[]} list @param {string} name @param {boolean} on */
  const put = (list, name, on) => (on ? [...list, name] : list.filter((one) => one !== name));
  const boxes = (/** @type {() => string[]} */ read, /** @type {(list: string[]) => void} */ write, /** @type {string[]} */ among) => h("div", { class: "form-row" }, among.map((name) => checkbox(kindName(name), read().includes(name), (on) => write(put(read(), name, on))).node));
  const draw = () => parts.replaceChildren(
    h("fieldset", { class: "plain" }, h("legend", {}, "What people are asked about"), policy.purposes.map((/** @type {any} */ one, /** @type {number} */ index) => purposeRow(one, index)), addPurpose()),
    h("fieldset", { class: "plain" }, h("legend", {}, "What each use needs, all of it"), [...Object.keys(USES), ...Object.keys(policy.uses).filter((use) => !USES[use])].map((use) => h("div", { role: "group", "aria-label": USES[use] ?? use }, h("p", {}, USES[use] ?? `Hand anything to ${use.replace("destination:", "")}`), boxes(() => policy.uses[use], (list) => (policy.uses[use] = list), names())))),
    h("fieldset", { class: "plain" }, h("legend", {}, "What Global Privacy Control denies"), boxes(() => policy.gpc_denies, (list) => (policy.gpc_denies = list), names().filter((/** @type {string} */ name) => name !== "necessary"))),
    h("div", { class: "form-row" }, rule("Everywhere else", () => policy.default, (value) => (policy.default = value)), rule("Where the place is not known", () => policy.unknown ?? "opt_in", (value) => (policy.unknown = value))),
    h("fieldset", { class: "plain" }, h("legend", {}, "Places with a rule of their own"), Object.keys(policy.jurisdictions ?? {}).map(placeRow), addPlace()),
  );
  /** @param {any} one @param {number} index */
  const purposeRow = (one, index) => {
    const name = one.name ?? one;
    const label = h("input", { "aria-label": `${name}: for people`, value: one.label ?? "", placeholder: "Name for people", input: () => (policy.purposes[index] = { ...about(one), label: label.value }) });
    const text = h("input", { "aria-label": `${name}: description`, value: one.description ?? "", placeholder: "What it means", input: () => (policy.purposes[index] = { ...about(policy.purposes[index]), description: text.value }) });
    return h("div", { class: "purpose-edit" }, h("code", {}, name), label, text, name !== "necessary" && h("button", { type: "button", class: "icon-button", click: () => {
      policy.purposes.splice(index, 1);
      for (const use of Object.keys(policy.uses)) policy.uses[use] = put(policy.uses[use], name, false);
      policy.gpc_denies = put(policy.gpc_denies, name, false);
      changed();
      draw();
    } }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, `Remove ${name}`)));
  };
  const about = (/** @type {any} */ one) => (typeof one === "string" ? { name: one } : one);
  const addPurpose = () => {
    const field = h("input", { "aria-label": "Name of another purpose", placeholder: "surveys", autocomplete: "off" });
    return h("p", { class: "row-actions" }, field, h("button", { type: "button", class: "button", click: () => {
      const name = field.value.trim();
      if (!name) return field.focus();
      policy.purposes.push({ name });
      changed();
      draw();
    } }, "Add a purpose"));
  };
  /** A rule is a word, or an object that has more; what it has more stays. @param {string} name @param {() => any} read @param {(value: any) => void} write */
  const rule = (name, read, write) => {
    const now = read();
    const choice = select(REGIMES, now.regime ?? now);
    choice.addEventListener("change", () => write(typeof now === "string" ? choice.value : { ...now, regime: choice.value }));
    return labelled(name, choice);
  };
  /** @param {string} place */
  const placeRow = (place) => h("div", { class: "place-edit" }, rule(place, () => policy.jurisdictions[place], (value) => (policy.jurisdictions[place] = value)), h("button", { type: "button", class: "icon-button", click: () => {
    delete policy.jurisdictions[place];
    changed();
    draw();
  } }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, `Remove ${place}`)));
  const addPlace = () => {
    const field = h("input", { "aria-label": "Country or region", placeholder: "DE or US-CA", autocomplete: "off" });
    return h("p", { class: "row-actions" }, field, h("button", { type: "button", class: "button", click: () => {
      const place = field.value.trim().toUpperCase();
      if (!place) return field.focus();
      policy.jurisdictions = { ...policy.jurisdictions, [place]: { regime: "opt_in" } };
      changed();
      draw();
    } }, "Add a place"));
  };
  const written = () => ({ ...policy, version: current.version });
  const publish = h("button", { type: "button", class: "button", hidden: true, click: () => confirmDialog({ title: "Publish this policy?", text: "The next batch of events is judged by it, and what is stored is counted anew. Browsers ask again when the version changes what they know. An older version can be published again.", button: "Publish", act: async () => {
    await api("consent/policy", { method: "POST", body: written() });
    toast("The policy is published.");
    again();
  } }) }, "Publish…");
  const form = saving(
    { class: "card form", label: "Consent policy", save: "Show what would change", also: [publish], act: async () => {
      await api("consent/policy/check", { method: "POST", body: written() });
      shown.replaceChildren(effect(await api("consent/policy/try", { method: "POST", body: { days: 7, policy: written() } })));
      publish.hidden = false;
    } },
    h("h2", {}, `Version ${current.version}`),
    parts,
  );
  // What was shown is of the policy as it was written then.
  const changed = () => {
    publish.hidden = true;
    shown.replaceChildren();
  };
  form.addEventListener("input", changed);
  draw();
  return h("div", { class: "stack" }, form, shown);
}

/** @param {any} tried */
function effect(tried) {
  const uses = Object.entries(tried.uses ?? {});
  const refused = Object.values(tried.refused ?? {});
  const { people } = tried;
  /** @type {any[]} */
  const memberships = Object.values(people?.memberships ?? {});
  const lost = refused.length > 0 || uses.some(([, use]) => /** @type {any} */ (use).lost.events + /** @type {any} */ (use).gained.events > 0);
  return h(
    "section",
    { class: "stack" },
    h("h2", {}, "What would change"),
    h("p", {}, `Tried over ${plural(tried.stored.events, "stored event")} of the last 7 days${tried.stored.complete ? "" : ", the youngest"}. ${lost ? "" : "Nothing would change for them."}`),
    h("div", { class: "card flush scroll", tabindex: "0", role: "region", "aria-label": "Uses" }, h("table", { class: "table" }, h("thead", {}, h("tr", {}, ["Use", "Allowed now", "Then", "Gained", "Lost"].map((name, index) => h("th", { scope: "col", class: index ? "num" : null }, name)))), h("tbody", {}, uses.map(([key, value]) => {
      const use = /** @type {any} */ (value);
      return h("tr", {}, h("th", { scope: "row" }, USES[key] ?? key, use.lost.samples[0] && h("small", { class: "quiet sample-reason" }, use.lost.samples[0].reason)), [use.allowed_now, use.allowed_then, use.gained.events, use.lost.events].map((count) => h("td", { class: "num" }, number(count))));
    })))),
    people && h("p", {}, `Of ${plural(people.people, "person", "people")}: ${number(people.profiles.now)} profiles now, ${number(people.profiles.then)} then; ${number(people.links.now)} links between identifiers now, ${number(people.links.then)} then.`),
    memberships.length > 0 && h("ul", { class: "card flush rows-list", role: "list" }, memberships.map((one) => h("li", {}, `${one.name}: ${number(one.now)} members now, ${number(one.then)} then.`))),
  );
}
