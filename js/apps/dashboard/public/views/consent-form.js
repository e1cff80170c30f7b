/** The consent policy as a form. Each change makes a new policy of it; whole parts are drawn anew only where their fields change. */
import { COUNTED, countries, placeName, purposeName, REGIMES, ruleWords, tidy, useName, usesOf, withoutPurpose } from "../consent/policy.js";
import { h, newId } from "../dom.js";
import { keepingFocus, labelled, removeButton } from "./fields.js";

/** @typedef {import("../consent/policy.js").Policy} Policy @typedef {import("../consent/policy.js").Rule} Rule */

const NECESSARY = "necessary";

/** @param {Policy} initial @param {(policy: Policy) => void} changed @returns {HTMLElement} */
export function policyForm(initial, changed) {
  let policy = initial;
  /** Places that stay open while the form is drawn anew. @type {Set<string>} */
  const open = new Set();
  const form = h("form", { class: "policy-form", "aria-label": "Consent policy", submit: (/** @type {Event} */ event) => event.preventDefault() });
  /** @type {Put} */
  const put = (change, redraw = false) => {
    policy = { ...policy, ...change(policy) };
    changed(policy);
    if (redraw) keepingFocus(form, draw);
  };
  const draw = () => form.replaceChildren(purposes(policy, put), uses(policy, put), gpc(policy, put), places(policy, put, open), categories(policy, put), counting(policy, put));
  draw();
  return form;
}

/** @typedef {(change: (now: Policy) => Partial<Policy>, redraw?: boolean) => void} Put changes the policy as it is now, which need not be the one that was drawn; `redraw` where other fields follow from it */

/** @param {string} title @param {string} text @param {...import("../dom.js").Child} children */
function part(title, text, ...children) {
  const id = newId();
  return h("section", { class: "card stack", "aria-labelledby": id }, h("div", {}, h("h2", { id }, title), h("p", { class: "quiet" }, text)), ...children);
}

/** @param {Policy} policy @param {Put} put */
function purposes(policy, put) {
  const set = (/** @type {number} */ index, /** @type {any} */ change) => put((now) => ({ purposes: now.purposes.map((one, at) => (at === index ? { ...one, ...change } : one)) }));
  const rows = policy.purposes.map((purpose, index) => {
    const own = purpose.name !== NECESSARY;
    const label = h("input", { "aria-label": `Label of ${purpose.name}`, value: purpose.label ?? "", placeholder: purpose.name, change: () => set(index, { label: label.value.trim() }) });
    const about = h("input", { "aria-label": `Description of ${purpose.name}`, value: purpose.description ?? "", placeholder: "What people read about it", change: () => set(index, { description: about.value.trim() }) });
    return h("li", { class: "purpose-row" }, h("code", {}, purpose.name), label, about, own ? removeButton(`Remove ${purpose.name}`, () => put((now) => withoutPurpose(now, purpose.name), true)) : h("span", {}));
  });
  const name = h("input", { autocomplete: "off", spellcheck: "false", placeholder: "market_research", keydown: (/** @type {KeyboardEvent} */ event) => event.key === "Enter" && add() });
  const add = () => {
    const wanted = name.value.trim();
    if (!wanted || policy.purposes.some((one) => one.name === wanted)) return name.focus();
    put((now) => ({ purposes: [...now.purposes, { name: wanted, label: "", description: "" }] }), true);
  };
  return part("Purposes", "What people are asked about. What is necessary is always allowed.", h("ul", { class: "purpose-list", role: "list" }, rows), h("div", { class: "add-row" }, labelled("New purpose", name, "Small letters, digits and _. Consent tools send this name."), h("button", { type: "button", class: "button", click: add }, "Add purpose")));
}

/** @param {Policy} policy @param {Put} put */
function uses(policy, put) {
  const heads = policy.purposes;
  const toggle = (/** @type {string} */ use, /** @type {string} */ purpose, /** @type {boolean} */ on) => put((now) => {
    const needed = (now.uses[use] ?? []).filter((one) => one !== purpose);
    return { uses: { ...now.uses, [use]: on ? [...needed, purpose] : needed } };
  });
  const remove = (/** @type {string} */ use) => put((now) => ({ uses: Object.fromEntries(Object.entries(now.uses).filter(([key]) => key !== use)) }), true);
  const rows = usesOf(policy).map((use) => h(
    "tr",
    {},
    h("th", { scope: "row" }, useName(use), " ", use.startsWith("destination:") && removeButton(`Remove ${useName(use)}`, () => remove(use))),
    heads.map((purpose) => h("td", { class: "tick" }, h("input", { type: "checkbox", checked: policy.uses[use]?.includes(purpose.name) ?? false, "aria-label": `${useName(use)} needs ${purposeName(purpose)}`, change: (/** @type {any} */ event) => toggle(use, purpose.name, event.target.checked) }))),
  ));
  const id = h("input", { autocomplete: "off", spellcheck: "false", placeholder: "dst_mail" });
  const add = () => {
    const use = `destination:${id.value.trim()}`;
    if (!id.value.trim() || policy.uses[use]) return id.focus();
    put((now) => ({ uses: { ...now.uses, [use]: [...(now.uses.destinations ?? [])] } }), true);
  };
  return part(
    "What each use needs",
    "All ticked purposes have to be allowed. Whoever needs only what is necessary needs no agreement.",
    h("div", { class: "scroll-x", role: "region", tabindex: "0", "aria-label": "Purposes by use" }, h("table", { class: "table use-table" }, h("thead", {}, h("tr", {}, h("th", { scope: "col" }, "Use"), heads.map((purpose) => h("th", { scope: "col", class: "tick" }, purposeName(purpose))))), h("tbody", {}, rows))),
    h("details", { class: "raw" }, h("summary", {}, "A destination with needs of its own"), h("div", { class: "add-row" }, labelled("Id of the destination", id), h("button", { type: "button", class: "button", click: add }, "Add destination"))),
  );
}

/** Boxes for some of the purposes. @param {string} legend @param {Policy} policy @param {string[]} chosen @param {(names: string[]) => void} set */
function purposeBoxes(legend, policy, chosen, set) {
  const names = new Set(chosen);
  return h("fieldset", { class: "boxes" }, h("legend", {}, legend), policy.purposes.filter(({ name }) => name !== NECESSARY).map((purpose) => h("label", { class: "check" }, h("input", { type: "checkbox", checked: names.has(purpose.name), change: (/** @type {any} */ event) => {
    if (event.target.checked) names.add(purpose.name);
    else names.delete(purpose.name);
    set([...names]);
  } }), purposeName(purpose))));
}

/** @param {Policy} policy @param {Put} put */
function gpc(policy, put) {
  return part("Global Privacy Control", "What a browser's signal denies, whatever a banner says. A place may have a list of its own.", purposeBoxes("The signal denies", policy, policy.gpc_denies, (names) => put(() => ({ gpc_denies: names }))));
}

/** @param {Policy} policy @param {Put} put @param {Set<string>} open */
function places(policy, put, open) {
  const own = Object.entries(policy.jurisdictions ?? {}).sort(([one], [other]) => placeName(one).localeCompare(placeName(other)));
  const setOwn = (/** @type {string} */ code, /** @type {Rule | undefined} */ rule, redraw = false) => put((now) => {
    const { [code]: _, ...rest } = now.jurisdictions ?? {};
    return { jurisdictions: rule ? { ...rest, [code]: rule } : rest };
  }, redraw);
  const list = newId();
  const code = h("input", { list, autocomplete: "off", spellcheck: "false", placeholder: "DE or US-CA" });
  const add = () => {
    const wanted = code.value.trim().toUpperCase();
    if (!wanted || policy.jurisdictions?.[wanted]) return code.focus();
    open.add(wanted);
    setOwn(wanted, { ...policy.default }, true);
  };
  return part(
    "Places",
    "What is presumed of people who have said nothing. The closest rule is the whole rule: a region inherits nothing from its country.",
    h(
      "ul",
      { class: "place-list", role: "list" },
      place("Every other place", "default", policy, policy.default, open, (rule, redraw) => put(() => ({ default: rule }), redraw)),
      place("Unknown places", "unknown", policy, policy.unknown, open, (rule, redraw) => put(() => ({ unknown: rule }), redraw)),
      own.map(([key, rule]) => place(placeName(key), key, policy, rule, open, (changed, redraw) => setOwn(key, changed, redraw), () => setOwn(key, undefined, true))),
    ),
    h("div", { class: "add-row" }, labelled("Country or region", code, "The code of a country (DE), or of a region (US-CA)."), h("datalist", { id: list }, countries().map(([value, name]) => h("option", { value }, name))), h("button", { type: "button", class: "button", click: add }, "Add place")),
  );
}

/**
 * @param {string} name @param {string} code @param {Policy} policy @param {Rule} rule @param {Set<string>} open
 * @param {(rule: Rule, redraw?: boolean) => void} set @param {() => void} [remove]
 */
function place(name, code, policy, rule, open, set, remove) {
  const words = h("span", { class: "quiet" }, ruleWords(policy, rule));
  /** @type {Rule} */
  let now = rule;
  const put = (/** @type {Partial<Rule>} */ change, redraw = false) => {
    now = tidy({ ...now, ...change });
    words.textContent = ruleWords(policy, now);
    set(now, redraw);
  };
  const choice = (/** @type {[string, string][]} */ options, /** @type {string} */ selected, /** @type {(value: string) => void} */ chosen) => {
    const select = h("select", { change: () => chosen(select.value) }, options.map(([value, text]) => h("option", { value, selected: value === selected }, text)));
    return select;
  };
  const regime = labelled("Presumed", choice(REGIMES, rule.regime, (value) => put({ regime: /** @type {any} */ (value) })));
  const counted = labelled("Counted without agreement", choice(COUNTED, rule.counting ?? "", (value) => put({ counting: /** @type {any} */ (value || undefined) })));
  const apart = policy.purposes.filter((purpose) => purpose.name !== NECESSARY).map((purpose) => labelled(purposeName(purpose), choice([["", "As the place"], ["opt_in", "Ask first"], ["opt_out", "Until refused"]], rule.purposes?.[purpose.name] ?? "", (value) => {
    const { [purpose.name]: _, ...rest } = now.purposes ?? {};
    put({ purposes: value ? { ...rest, [purpose.name]: /** @type {any} */ (value) } : rest });
  })));
  const box = h("label", { class: "check" }, h("input", { type: "checkbox", checked: Boolean(rule.gpc_denies), change: (/** @type {any} */ event) => put({ gpc_denies: event.target.checked ? [...policy.gpc_denies] : undefined }, true) }), "Its own list for Global Privacy Control");
  const details = h(
    "details",
    { open: open.has(code), toggle: () => (details.open ? open.add(code) : open.delete(code)) },
    h("summary", {}, h("b", {}, name), remove && name !== code && h("code", { class: "quiet" }, code), words),
    h("div", { class: "place-in" }, h("div", { class: "form-row" }, regime, counted), h("fieldset", { class: "boxes" }, h("legend", {}, "Single purposes that differ"), h("div", { class: "form-row" }, apart)), box, rule.gpc_denies && purposeBoxes(`In ${name} the signal denies`, policy, rule.gpc_denies, (names) => put({ gpc_denies: names })), remove && h("p", {}, h("button", { type: "button", class: "button", click: remove }, `Remove ${name}`))),
  );
  return h("li", {}, details);
}

/** @param {Policy} policy @param {Put} put */
function categories(policy, put) {
  const all = policy.categories ?? {};
  const name = h("input", { autocomplete: "off", spellcheck: "false", placeholder: "C0002" });
  const add = () => {
    const wanted = name.value.trim();
    if (!wanted || all[wanted]) return name.focus();
    put((now) => ({ categories: { ...now.categories, [wanted]: [] } }), true);
  };
  return part(
    "Names of your consent tool",
    "Where a banner calls its choices otherwise: which purposes each of its names stands for.",
    Object.keys(all).length > 0 && h("ul", { class: "category-list", role: "list" }, Object.entries(all).map(([key, names]) => h("li", {}, purposeBoxes(key, policy, names, (chosen) => put((now) => ({ categories: { ...now.categories, [key]: chosen } }))), removeButton(`Remove ${key}`, () => put((now) => ({ categories: Object.fromEntries(Object.entries(now.categories ?? {}).filter(([other]) => other !== key)) }), true))))),
    h("div", { class: "add-row" }, labelled("Name in the tool", name), h("button", { type: "button", class: "button", click: add }, "Add name")),
  );
}

/** @param {Policy} policy @param {Put} put */
function counting(policy, put) {
  const on = policy.counting;
  const lines = (/** @type {string} */ text) => text.split("\n").map((line) => line.trim()).filter(Boolean);
  const area = (/** @type {"events" | "pages"} */ key, /** @type {string} */ placeholder) => {
    const field = h("textarea", { class: "lines", rows: 3, spellcheck: "false", placeholder, change: () => put((now) => now.counting ? { counting: { ...now.counting, [key]: lines(field.value) } } : {}) }, on?.[key].join("\n") ?? "");
    return field;
  };
  const least = h("input", { type: "number", min: 10, value: on?.minimum_group ?? 20, change: () => put((now) => now.counting ? { counting: { ...now.counting, minimum_group: Number(least.value) } } : {}) });
  return part(
    "Counting people who do not agree",
    "A number by day and country, without anything on the device. It takes both: what is counted here, and of whom in each place's rule. Whether that is lawful without consent is for you to know.",
    h("label", { class: "check" }, h("input", { type: "checkbox", checked: Boolean(on), change: (/** @type {any} */ event) => put(() => ({ counting: event.target.checked ? { minimum_group: 20, events: [], pages: [] } : undefined }), true) }), "Count some events and pages"),
    on && h("div", { class: "form-row" }, labelled("Events, one a line", area("events", "Order Completed")), labelled("Pages, one a line", area("pages", "/prices")), labelled("Smallest group shown", least, "10 or more")),
  );
}
