import { api, words } from "../api.js";
import { copyButton, onOff } from "../cells.js";
import { h } from "../dom.js";
import { moment } from "../format.js";
import { carriesConsent, sendTestEvent, snippetsOf } from "../snippets.js";
import { loaded } from "../states.js";
import { tabs } from "../tabs.js";
import { toast } from "../toast.js";
import { arrival } from "./arrival.js";
import { confirmDialog } from "./confirm-dialog.js";
import { labelled, saving, select } from "./form-field.js";
import { KINDS } from "./sources.js";

/** @param {import("../app.js").Screen} screen */
export function sourceView({ place, signal, parts, query }) {
  const path = `sources/${encodeURIComponent(parts[1] ?? "")}`;
  const show = () => loaded(place, signal, () => api(path, { signal }), (source) => screenOf(source, path, signal, query, show));
  void show();
}

/** @param {any} source @param {string} path @param {AbortSignal} signal @param {URLSearchParams} query @param {() => Promise<void>} again */
function screenOf(source, path, signal, query, again) {
  document.title = `${source.name} · Headwater`;
  const turn = async (/** @type {boolean} */ enabled) => {
    await api(path, { method: "PATCH", body: { enabled } });
    toast(enabled ? `“${source.name}” takes events again.` : `“${source.name}” is off: its events are refused.`);
    await again();
  };
  const off = h("button", { type: "button", class: "button", click: () => {
    if (!source.enabled) turn(true).catch((error) => toast(words(error)));
    else confirmDialog({ title: `Switch “${source.name}” off?`, text: "Its events are refused from now on, and clients are told so. What is stored stays.", button: "Switch it off", act: () => turn(false) });
  } }, source.enabled ? "Switch off" : "Switch on");
  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/sources" }, "Sources")),
    h("div", { class: "head" }, h("h1", {}, source.name), onOff(source.enabled), h("span", { class: "quiet" }, `${KINDS.find(([key]) => key === source.kind)?.[1] ?? source.kind}, made ${moment(source.created_at)}`), h("div", { class: "head-actions" }, off)),
    tabs({ label: "Of this source", name: "tab", chosen: query.get("tab"), items: [
      { key: "install", name: "Install", draw: (panel) => panel.append(...install(source, path, signal, again)) },
      { key: "settings", name: "What it collects", draw: (panel) => panel.append(settings(source, path, again)) },
    ] }),
  ];
}

/** The ways to send events, and whether they come. @param {any} source @param {AbortSignal} signal */
export function snippetTabs(source, signal) {
  const items = snippetsOf(source).map(({ key, name, text }) => ({ key, name, draw: (/** @type {HTMLElement} */ panel) => panel.append(h("pre", { class: "code", tabindex: "0", "aria-label": `Code: ${name}` }, text), h("p", {}, copyButton(text, "Copy code"))) }));
  const place = h("div", { class: "stack" }, tabs({ label: "How to send events", items }));
  place.append(arrival(signal, { waiting: "Waiting for an event…" }), h("p", { class: "row-actions" }, testButton(source, signal)));
  return place;
}

/** @param {any} source @param {AbortSignal} signal */
export function testButton(source, signal) {
  const button = h("button", { type: "button", class: "button", click: async () => {
    button.disabled = true;
    try {
      const { policy } = carriesConsent(source) ? await api("consent/policy", { signal }) : { policy: { purposes: [] } };
      await sendTestEvent(source, policy.purposes.map((/** @type {any} */ one) => one.name ?? one).filter((/** @type {string} */ name) => name !== "necessary"));
      toast("A test event of a made-up visitor is sent.");
    } catch (error) {
      toast(words(error));
    }
    button.disabled = false;
  } }, "Send a test event for me");
  return button;
}

/** @param {any} source @param {string} path @param {AbortSignal} signal @param {() => Promise<void>} again */
function install(source, path, signal, again) {
  const rotate = h("button", { type: "button", class: "button", click: () => confirmDialog({ title: "Another write key?", text: "The key that is in use now is refused from that moment on: everything that sends with it needs the new one.", button: "Give another key", act: async () => {
    await api(`${path}/rotate`, { method: "POST" });
    toast("The source has another key. Put it wherever the former one was.");
    await again();
  } }) }, "Rotate key");
  return [
    h("section", { class: "card" }, h("div", { class: "row-head" }, h("h2", {}, "Write key"), h("div", { class: "row-actions" }, copyButton(source.write_key), rotate)), h("p", { class: "mono" }, source.write_key), h("p", { class: "quiet" }, "It is public: a page that sends with it shows it.")),
    h("section", { class: "card" }, h("h2", {}, "Send events"), snippetTabs(source, signal)),
  ];
}

/** @type {[string, string][]} */
const BOTS = [["flag", "Keep, with the bot’s name"], ["keep", "Keep as any other"], ["drop", "Refuse; only counted"]];
/** @type {[string, string][]} */
const ADDRESSES = [["truncate", "Shorten before anything is stored"], ["drop", "Do not store"], ["keep", "Store whole"]];

/** @param {any} source @param {string} path @param {() => Promise<void>} again */
function settings(source, path, again) {
  const { bots, ip, rate_limits: limits } = source.collection;
  const name = h("input", { value: source.name, required: true });
  const origins = h("textarea", { class: "lines", spellcheck: "false" }, source.allowed_origins.join("\n"));
  const bot = select(BOTS, bots);
  const address = select(ADDRESSES, ip);
  const count = (/** @type {number} */ value) => h("input", { type: "number", min: 0, step: 1, value });
  const rates = { address: [count(limits.address.events_per_second), count(limits.address.burst)], write_key: [count(limits.write_key.events_per_second), count(limits.write_key.burst)] };
  const limit = ([each, burst] = rates.address) => ({ events_per_second: Number(each?.value), burst: Number(burst?.value) });
  return saving(
    { class: "card form narrow", label: "What it collects", save: "Save", act: async () => {
      await api(path, { method: "PATCH", body: {
        name: name.value.trim(),
        allowed_origins: origins.value.split(/\s+/).filter(Boolean),
        collection: { bots: bot.value, ip: address.value, rate_limits: { address: limit(rates.address), write_key: limit(rates.write_key) } },
      } });
      toast("Saved. Edges hear of it within five seconds.");
      await again();
    } },
    labelled("Name", name),
    labelled("Allowed origins, one a line", origins, "Such as https://shop.example or https://*.example.org. Empty: every origin."),
    labelled("Bots", bot),
    labelled("Addresses of visitors", address),
    h("fieldset", { class: "plain" }, h("legend", {}, "Limits; 0 is none"), h("div", { class: "form-row" }, labelled("Each address: events a second", /** @type {HTMLElement} */ (rates.address[0])), labelled("Each address: at once", /** @type {HTMLElement} */ (rates.address[1]))), h("div", { class: "form-row" }, labelled("Write key: events a second", /** @type {HTMLElement} */ (rates.write_key[0])), labelled("Write key: at once", /** @type {HTMLElement} */ (rates.write_key[1])))),
  );
}
