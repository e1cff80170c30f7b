import { call, words } from "../api.js";
import { copyButton, onOff } from "../cells.js";
import { h } from "../dom.js";
import { moment } from "../format.js";
import { carriesConsent, sendTestEvent, snippetsOf } from "../snippets.js";
import { loaded } from "../states.js";
import { tabs } from "../tabs.js";
import { toast } from "../toast.js";
import { t } from "../words.js";
import { arrival } from "./arrival.js";
import { confirmDialog } from "./confirm-dialog.js";
import { labelled, saving, select } from "./form-field.js";
import { KINDS } from "./sources.js";

/** @typedef {import("@headwater/api-client").Source} Source */

/** @param {import("../app.js").Screen} screen */
export function sourceView({ place, signal, parts, query }) {
  const show = () => loaded(place, signal, () => call("GET /sources/{id}", { path: { id: parts[1] ?? "" }, signal }), (source) => screenOf(source, signal, query, show));
  void show();
}

/** @param {Source} source @param {AbortSignal} signal @param {URLSearchParams} query @param {() => Promise<void>} again */
function screenOf(source, signal, query, again) {
  document.title = `${source.name} · Headwater`;
  const turn = async (/** @type {boolean} */ enabled) => {
    await call("PATCH /sources/{id}", { path: { id: source.id }, body: { enabled } });
    toast(enabled ? t("source.on_again", { name: source.name }) : t("source.off_now", { name: source.name }));
    await again();
  };
  const off = h("button", { type: "button", class: "button", click: () => {
    if (!source.enabled) turn(true).catch((error) => toast(words(error)));
    else confirmDialog({ title: t("source.off_question", { name: source.name }), text: t("source.off_text"), button: t("source.off_button"), act: () => turn(false) });
  } }, source.enabled ? t("source.switch_off") : t("source.switch_on"));
  return [
    h("p", { class: "crumbs" }, h("a", { href: "#/sources" }, t("source.sources"))),
    h("div", { class: "head" }, h("h1", {}, source.name), onOff(source.enabled), h("span", { class: "quiet" }, t("source.made", { kind: KINDS.find(([key]) => key === source.kind)?.[1] ?? source.kind, at: moment(source.created_at) })), h("div", { class: "head-actions" }, off)),
    tabs({ label: t("source.tabs"), name: "tab", chosen: query.get("tab"), items: [
      { key: "install", name: t("source.install"), draw: (panel) => panel.append(...install(source, signal, again)) },
      { key: "settings", name: t("source.collects"), draw: (panel) => panel.append(settings(source, again)) },
    ] }),
  ];
}

/** The ways to send events, and whether they come. @param {Source} source @param {AbortSignal} signal */
export function snippetTabs(source, signal) {
  const items = snippetsOf(source).map(({ key, name, text }) => ({ key, name, draw: (/** @type {HTMLElement} */ panel) => panel.append(h("pre", { class: "code", tabindex: "0", "aria-label": t("source.code", { name }) }, text), h("p", {}, copyButton(text, t("source.copy_code")))) }));
  const place = h("div", { class: "stack" }, tabs({ label: t("source.how"), items }));
  place.append(arrival(signal, { waiting: t("source.waiting") }), h("p", { class: "row-actions" }, testButton(source, signal)));
  return place;
}

/** @param {Source} source @param {AbortSignal} signal */
export function testButton(source, signal) {
  const button = h("button", { type: "button", class: "button", click: async () => {
    button.disabled = true;
    try {
      const purposes = carriesConsent(source) ? (await call("GET /consent/policy", { signal })).policy.purposes : [];
      await sendTestEvent(source, purposes.map(({ name }) => name).filter((name) => name !== "necessary"));
      toast(t("source.test_sent"));
    } catch (error) {
      toast(words(error));
    }
    button.disabled = false;
  } }, t("source.test"));
  return button;
}

/** @param {Source} source @param {AbortSignal} signal @param {() => Promise<void>} again */
function install(source, signal, again) {
  const rotate = h("button", { type: "button", class: "button", click: () => confirmDialog({ title: t("source.rotate_question"), text: t("source.rotate_text"), button: t("source.rotate_button"), act: async () => {
    await call("POST /sources/{id}/rotate", { path: { id: source.id } });
    toast(t("source.rotated"));
    await again();
  } }) }, t("source.rotate"));
  return [
    h("section", { class: "card" }, h("div", { class: "row-head" }, h("h2", {}, t("source.write_key")), h("div", { class: "row-actions" }, copyButton(source.write_key), rotate)), h("p", { class: "mono" }, source.write_key), h("p", { class: "quiet" }, t("source.public"))),
    h("section", { class: "card" }, h("h2", {}, t("source.send")), snippetTabs(source, signal)),
  ];
}

/** @type {[import("@headwater/api-client").Bots, string][]} */
const BOTS = [["flag", t("source.bots_flag")], ["keep", t("source.bots_keep")], ["drop", t("source.bots_drop")]];
/** @type {[import("@headwater/api-client").IpPolicy, string][]} */
const ADDRESSES = [["truncate", t("source.address_truncate")], ["drop", t("source.address_drop")], ["keep", t("source.address_keep")]];

/** @param {Source} source @param {() => Promise<void>} again */
function settings(source, again) {
  const { bots, ip, rate_limits: limits } = source.collection;
  const name = h("input", { value: source.name, required: true });
  const origins = h("textarea", { class: "lines", spellcheck: "false" }, source.allowed_origins.join("\n"));
  const bot = select(BOTS, bots);
  const address = select(ADDRESSES, ip);
  const count = (/** @type {number} */ value) => h("input", { type: "number", min: 0, step: 1, value });
  const rates = { address: [count(limits.address.events_per_second), count(limits.address.burst)], write_key: [count(limits.write_key.events_per_second), count(limits.write_key.burst)] };
  const limit = ([each, burst] = rates.address) => ({ events_per_second: Number(each?.value), burst: Number(burst?.value) });
  return saving(
    { class: "card form narrow", label: t("source.collects"), save: t("source.save"), act: async () => {
      await call("PATCH /sources/{id}", { path: { id: source.id }, body: {
        name: name.value.trim(),
        allowed_origins: origins.value.split(/\s+/).filter(Boolean),
        collection: { bots: /** @type {import("@headwater/api-client").Bots} */ (bot.value), ip: /** @type {import("@headwater/api-client").IpPolicy} */ (address.value), rate_limits: { address: limit(rates.address), write_key: limit(rates.write_key) } },
      } });
      toast(t("source.saved"));
      await again();
    } },
    labelled(t("source.name"), name),
    labelled(t("source.origins"), origins, t("source.origins_hint")),
    labelled(t("source.bots"), bot),
    labelled(t("source.addresses"), address),
    h("fieldset", { class: "plain" }, h("legend", {}, t("source.limits")), h("div", { class: "form-row" }, labelled(t("source.address_rate"), /** @type {HTMLElement} */ (rates.address[0])), labelled(t("source.address_burst"), /** @type {HTMLElement} */ (rates.address[1]))), h("div", { class: "form-row" }, labelled(t("source.key_rate"), /** @type {HTMLElement} */ (rates.write_key[0])), labelled(t("source.key_burst"), /** @type {HTMLElement} */ (rates.write_key[1])))),
  );
}
