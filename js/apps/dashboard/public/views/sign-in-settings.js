/** How members sign in: the workspace's provider (OpenID Connect), and whom it lets in. */
import { call } from "../api.js";
import { h } from "../dom.js";
import { may, me } from "../session.js";
import { loaded } from "../states.js";
import { toast } from "../toast.js";
import { rich, t } from "../words.js";
import { confirmDialog } from "./confirm-dialog.js";
import { checkbox, labelled, saving, select } from "./form-field.js";

/** @param {import("../app.js").Screen} screen */
export function signInSettingsView({ place, signal }) {
  const body = h("div", { class: "stack" });
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("navigation.screen_sign_in"))),
    h("p", { class: "lead" }, t("signIn.lead")),
    body,
  );
  const load = () => loaded(body, signal, async () => {
    const [settings, roles] = await Promise.all([call("GET /sign-in/settings", { signal }), call("GET /roles", { signal })]);
    return { settings, roles: roles.data };
  }, ({ settings, roles }) => [address(settings.redirect_url), form(settings, roles, () => void load())]);
  void load();
}

/** What the provider has to be told. @param {string | null} url */
function address(url) {
  const title = h("h2", {}, t("signIn.at_provider"));
  if (!url) {
    return h("section", { class: "card stack" }, title, h("p", {}, rich("signIn.no_address", { code: (parts) => h("code", {}, ...parts) })));
  }
  const field = h("input", { value: url, readonly: true, class: "mono" });
  const copy = h("button", { type: "button", class: "button", click: async () => {
    await navigator.clipboard.writeText(url).then(() => toast(t("signIn.copied")), () => field.select());
  } }, t("signIn.copy"));
  return h("section", { class: "card stack" }, title,
    h("p", {}, rich("signIn.register", { code: (parts) => h("code", {}, ...parts) })),
    labelled(t("signIn.redirect"), field), h("p", { class: "row-actions" }, copy));
}

/** @param {any} settings @param {any[]} roles @param {() => void} again */
function form({ provider }, roles, again) {
  const change = may("members:write");
  const owner = may("ownership:write");
  const text = (/** @type {string} */ value, /** @type {object} */ more = {}) => h("input", { value, autocomplete: "off", spellcheck: "false", disabled: !change, ...more });
  const name = text(provider?.name ?? "", { required: true, maxlength: 60, placeholder: "Acme", translate: "no" });
  const issuer = text(provider?.issuer ?? "", { required: true, type: "url", placeholder: "https://login.example.com", translate: "no", disabled: !owner });
  const client = text(provider?.client_id ?? "", { required: true, disabled: !owner });
  const secret = text("", { type: "password", autocomplete: "new-password", disabled: !owner, placeholder: provider?.has_client_secret ? t("signIn.stays") : "" });
  const domains = text((provider?.domains ?? []).join(", "), { placeholder: "example.com, example.org", translate: "no" });
  /** The roles that somebody may give: none that may do more than they, and no owner. */
  const given = roles.filter(({ role, scopes }) => role !== "owner" && scopes.every(may));
  const joins = select([["", t("signIn.nobody")], ...given.map(({ role }) => /** @type {[string, string]} */ ([role, t("signIn.everybody", { role: role.replaceAll("_", " ") })]))], provider?.join_role ?? "");
  joins.disabled = !change;
  const passwords = checkbox(t("signIn.passwords"), provider?.passwords ?? true);
  passwords.box.disabled = !change;
  const card = saving({ class: "card stack", label: t("signIn.provider"), save: provider ? t("signIn.save") : t("signIn.check_and_save"), act: async () => {
    await call("PUT /sign-in/settings", { body: {
      name: name.value, issuer: issuer.value, client_id: client.value, ...(secret.value ? { client_secret: secret.value } : {}),
      domains: domains.value.split(/[\s,]+/).filter(Boolean), ...(joins.value ? { join_role: joins.value } : {}), passwords: passwords.box.checked,
    } });
    toast(t("signIn.saved"));
    again();
  }, also: provider && owner ? [h("button", { type: "button", class: "button", click: () => confirmDialog({ title: t("signIn.take_away_title", { name: provider.name }), text: t("signIn.take_away_text"), button: t("signIn.take_away"), act: async () => {
    await call("DELETE /sign-in/settings");
    toast(t("signIn.gone"));
    again();
  } }) }, t("signIn.take_away"))] : [] },
  h("h2", {}, t("signIn.provider")),
  !owner && h("p", { class: "hint" }, t("signIn.owner_changes")),
  labelled(t("signIn.name"), name, t("signIn.name_hint")),
  labelled(t("signIn.issuer"), issuer, t("signIn.issuer_hint")),
  labelled(t("signIn.client"), client),
  labelled(t("signIn.secret"), secret, t("signIn.secret_hint")),
  h("h2", {}, t("signIn.whom")),
  h("p", { class: "hint" }, t("signIn.whom_hint")),
  labelled(t("signIn.domains"), domains, t("signIn.domains_hint")),
  labelled(t("signIn.joins"), joins),
  passwords.node,
  h("p", { class: "hint" }, t("signIn.owners_always")));
  if (!change) card.querySelector("button[type=submit]")?.remove();
  if (me()?.token) card.append(h("p", { class: "hint" }, t("signIn.by_token")));
  return card;
}
