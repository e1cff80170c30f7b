import { call, rows, words } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../format.js";
import { pickedLocale, pickLocale } from "../locale.js";
import { may, me } from "../session.js";
import { loaded } from "../states.js";
import { toast } from "../toast.js";
import { LANGUAGE, t } from "../words.js";
import { formDialog, labelled } from "./form-dialog.js";
import { secretDialog } from "./secret-dialog.js";

/** @param {import("../app.js").Screen} screen */
export function accountView({ place, signal }) {
  const now = me();
  place.append(h("div", { class: "head" }, h("h1", {}, t("account.title"))));
  if (now?.member) place.append(memberCard(now.member), sessionsCard(signal));
  else place.append(h("section", { class: "card" }, h("h2", {}, t("account.with_token")), h("p", {}, t("account.token_text", { name: now?.token?.name ?? "" }))));
  place.append(localeCard(), spacesCard());
}

/** @param {{ name: string, email: string, role: string }} member */
function memberCard(member) {
  const current = h("input", { type: "password", name: "current-password", autocomplete: "current-password", required: true });
  const next = h("input", { type: "password", name: "new-password", autocomplete: "new-password", required: true, minlength: 12, maxlength: 256 });
  const user = h("input", { type: "email", name: "email", autocomplete: "username", value: member.email, readonly: true });
  return h("section", { class: "card" },
    h("h2", {}, member.name),
    h("p", {}, member.email, " · ", member.role.replaceAll("_", " ")),
    h("button", { type: "button", class: "button", click: () => formDialog({ title: t("account.change"), text: t("account.change_text"), fields: [labelled(t("account.email"), user), labelled(t("account.password_until_now"), current), labelled(t("account.password_new"), next, t("account.password_rule"))], button: t("account.password_button"), act: async () => {
      await call("POST /session/password", { body: { current: current.value, new: next.value } });
      current.value = next.value = "";
      toast(t("account.password_changed"));
    } }) }, t("account.password_button")));
}

/** @param {AbortSignal} signal */
function sessionsCard(signal) {
  const list = h("div");
  const load = () => loaded(list, signal, () => rows("GET /sessions", { signal }), ({ data }) => h("ul", { role: "list", class: "plain-list" }, data.map((one) => h("li", {},
    h("span", {}, browser(one.agent), h("span", { class: "quiet" }, t("account.session", { address: one.address || t("account.unknown_address"), at: moment(one.last_seen_at) }))),
    one.current ? h("span", { class: "quiet" }, t("account.this_one")) : h("button", { type: "button", class: "link-button", click: async () => {
      await call("DELETE /sessions/{id}", { path: { id: one.id } }).catch((error) => toast(words(error)));
      void load();
    } }, t("account.end"))))));
  void load();
  return h("section", { class: "card" }, h("h2", {}, t("account.sessions")), list);
}

/** A browser by the commonest names, from what it says of itself. @param {string} agent */
function browser(agent) {
  const name = ["Edg/", "OPR/", "Firefox/", "Chrome/", "Safari/"].find((part) => agent.includes(part)) ?? "";
  const names = /** @type {Record<string, string>} */ ({ "Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari" });
  const system = ["Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux"].find((part) => agent.includes(part));
  const known = names[name] ?? t("account.some_browser");
  return system ? t("account.browser_on", { browser: known, system }) : known;
}

/** Those to pick from; which others there are, the browser says. */
const LOCALE_CHOICE = "ar-EG bg-BG cs-CZ da-DK de-AT de-CH de-DE el-GR en-AU en-CA en-GB en-IE en-IN en-NZ en-US en-ZA es-ES es-MX et-EE fi-FI fr-BE fr-CA fr-CH fr-FR he-IL hi-IN hr-HR hu-HU id-ID it-CH it-IT ja-JP ko-KR lt-LT lv-LV nb-NO nl-BE nl-NL pl-PL pt-BR pt-PT ro-RO sk-SK sl-SI sv-SE th-TH tr-TR uk-UA vi-VN zh-CN zh-TW".split(" ");

/** How dates and numbers are written for whoever uses this browser. */
function localeCard() {
  const picked = pickedLocale();
  const names = new Intl.DisplayNames([LANGUAGE], { type: "language", languageDisplay: "standard" });
  const choices = [...new Set([...LOCALE_CHOICE, ...(picked ? [picked] : [])])].map((locale) => ({ locale, name: names.of(locale) ?? locale })).sort((one, other) => one.name.localeCompare(other.name));
  const choice = h("select", { name: "locale", change: () => tell() }, h("option", { value: "", selected: picked === "" }, t("account.locale_browser")), choices.map(({ locale, name }) => h("option", { value: locale, selected: locale === picked }, name)));
  const sample = h("output", { class: "hint" });
  const tell = () => {
    const locales = choice.value || [...navigator.languages];
    const date = new Intl.DateTimeFormat(locales, { weekday: "short", day: "numeric", month: "short", year: "numeric", hour: "2-digit", minute: "2-digit" }).format(new Date());
    sample.textContent = t("account.locale_sample", { date, number: new Intl.NumberFormat(locales).format(1_234_567.89) });
  };
  tell();
  return h("form", { class: "card locale-form", submit: (/** @type {Event} */ event) => {
    event.preventDefault();
    pickLocale(choice.value);
    location.reload();
  } }, h("h2", {}, t("account.locale_title")), h("p", { class: "quiet" }, t("account.locale_text")), labelled(t("account.locale_label"), choice), sample, h("p", {}, h("button", { type: "submit", class: "button" }, t("account.locale_button"))));
}

function spacesCard() {
  const now = me();
  const add = () => {
    const name = h("input", { name: "name", required: true, maxlength: 60, autocomplete: "off", placeholder: t("account.space_placeholder") });
    formDialog({ title: t("account.make_space"), text: t("account.make_space_text"), fields: [labelled(t("account.name"), name)], button: t("account.make_space_button"), act: async () => {
      const made = await call("POST /spaces", { body: { name: name.value } });
      secretDialog({ title: t("account.space", { name: made.name }), text: t("account.space_text"), label: t("account.write_key"), secret: made.write_key, done: () => location.reload() });
    } });
  };
  return h("section", { class: "card" }, h("h2", {}, t("account.spaces")), h("ul", { role: "list", class: "plain-list" }, (now?.spaces ?? []).map(({ id, name }) => h("li", {}, h("span", {}, name, h("span", { class: "quiet" }, ` · ${id}`)), id === now?.space_id ? h("span", { class: "quiet" }, t("account.you_work_here")) : null))), may("settings:write") && now?.member ? h("p", {}, h("button", { type: "button", class: "button", click: add }, t("account.make_space"))) : null);
}
