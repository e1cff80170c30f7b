/** How members sign in: the workspace's provider (OpenID Connect), and whom it lets in. */
import { api } from "../api.js";
import { h } from "../dom.js";
import { may, me } from "../session.js";
import { loaded } from "../states.js";
import { toast } from "../toast.js";
import { confirmDialog } from "./confirm-dialog.js";
import { checkbox, labelled, saving, select } from "./form-field.js";

/** @param {import("../app.js").Screen} screen */
export function signInSettingsView({ place, signal }) {
  const body = h("div", { class: "stack" });
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Sign-in")),
    h("p", { class: "lead" }, "Members come in by password, and, where you set one up, through your company's provider of identities (OpenID Connect)."),
    body,
  );
  const load = () => loaded(body, signal, async () => {
    const [settings, roles] = await Promise.all([api("sign-in/settings", { signal }), api("roles", { signal })]);
    return { settings, roles: roles.data };
  }, ({ settings, roles }) => [address(settings.redirect_url), form(settings, roles, () => void load())]);
  void load();
}

/** What the provider has to be told. @param {string | null} url */
function address(url) {
  const title = h("h2", {}, "At your provider");
  if (!url) {
    return h("section", { class: "card stack" }, title, h("p", {}, "The server does not know at which address browsers find it. Start it with ", h("code", {}, "headwater serve --public-url https://…"), ", and the button appears at the door."));
  }
  const field = h("input", { value: url, readonly: true, class: "mono" });
  const copy = h("button", { type: "button", class: "button", click: async () => {
    await navigator.clipboard.writeText(url).then(() => toast("Copied."), () => field.select());
  } }, "Copy");
  return h("section", { class: "card stack" }, title,
    h("p", {}, "Register Headwater as a web application with this redirect address. It asks for ", h("code", {}, "openid email profile"), ", by authorization code with PKCE."),
    labelled("Redirect address", field), h("p", { class: "row-actions" }, copy));
}

/** @param {any} settings @param {any[]} roles @param {() => void} again */
function form({ provider }, roles, again) {
  const change = may("members:write");
  const owner = may("ownership:write");
  const text = (/** @type {string} */ value, /** @type {object} */ more = {}) => h("input", { value, autocomplete: "off", spellcheck: "false", disabled: !change, ...more });
  const name = text(provider?.name ?? "", { required: true, maxlength: 60, placeholder: "Acme" });
  const issuer = text(provider?.issuer ?? "", { required: true, type: "url", placeholder: "https://login.example.com", disabled: !owner });
  const client = text(provider?.client_id ?? "", { required: true, disabled: !owner });
  const secret = text("", { type: "password", autocomplete: "new-password", disabled: !owner, placeholder: provider?.has_client_secret ? "Stays as it is" : "" });
  const domains = text((provider?.domains ?? []).join(", "), { placeholder: "example.com, example.org" });
  /** The roles that somebody may give: none that may do more than they, and no owner. */
  const given = roles.filter(({ role, scopes }) => role !== "owner" && scopes.every(may));
  const joins = select([["", "Nobody: they are invited"], ...given.map(({ role }) => /** @type {[string, string]} */ ([role, `Everybody of these domains, as ${role.replaceAll("_", " ")}`]))], provider?.join_role ?? "");
  joins.disabled = !change;
  const passwords = checkbox("Members who are no owners may also come in by password", provider?.passwords ?? true);
  passwords.box.disabled = !change;
  const card = saving({ class: "card stack", label: "Provider", save: provider ? "Save" : "Check and save", act: async () => {
    await api("sign-in/settings", { method: "PUT", body: {
      name: name.value, issuer: issuer.value, client_id: client.value, ...(secret.value ? { client_secret: secret.value } : {}),
      domains: domains.value.split(/[\s,]+/).filter(Boolean), ...(joins.value ? { join_role: joins.value } : {}), passwords: passwords.box.checked,
    } });
    toast("Saved: the provider answers as it should.");
    again();
  }, also: provider && owner ? [h("button", { type: "button", class: "button", click: () => confirmDialog({ title: `Take ${provider.name} away?`, text: "Members come in by password again. Who has none needs a link to a new password, which an admin makes.", button: "Take away", act: async () => {
    await api("sign-in/settings", { method: "DELETE" });
    toast("Members come in by password now.");
    again();
  } }) }, "Take away")] : [] },
  h("h2", {}, "Provider"),
  !owner && h("p", { class: "hint" }, "Who the provider is decides who may come in as an owner: an owner changes that."),
  labelled("Name", name, "The button at the door says “Sign in with” and this."),
  labelled("Issuer", issuer, "The address that the provider calls itself, written exactly so."),
  labelled("Client id", client),
  labelled("Client secret", secret, "Kept sealed and shown to nobody. Empty for a client without one."),
  h("h2", {}, "Whom it lets in"),
  h("p", { class: "hint" }, "Members and people who are invited, by an address that the provider has verified. From the first time on the provider's account counts, whatever its address."),
  labelled("Domains", domains, "Only addresses of these are matched and join; empty for all."),
  labelled("Who joins by themselves", joins),
  passwords.node,
  h("p", { class: "hint" }, "Owners can always come in by password, so that nobody is locked out."));
  if (!change) card.querySelector("button[type=submit]")?.remove();
  if (me()?.token) card.append(h("p", { class: "hint" }, "You work with a token. Try the button in another window before you take passwords away."));
  return card;
}
