import { all, api } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../format.js";
import { may, me } from "../session.js";
import { loaded } from "../states.js";
import { toast } from "../toast.js";
import { formDialog, labelled } from "./form-dialog.js";
import { secretDialog } from "./secret-dialog.js";

/** @param {import("../app.js").Screen} screen */
export function accountView({ place, signal }) {
  const now = me();
  place.append(h("div", { class: "head" }, h("h1", {}, "Your account")));
  if (now?.member) place.append(memberCard(now.member), sessionsCard(signal));
  else place.append(h("section", { class: "card" }, h("h2", {}, "Signed in with a token"), h("p", {}, "You act as the token “", now?.token?.name ?? "", "”. An account of your own has a password and its own line in the audit log: ask somebody who manages members for an invitation.")));
  place.append(spacesCard());
}

/** @param {{ name: string, email: string, role: string }} member */
function memberCard(member) {
  const current = h("input", { type: "password", name: "current-password", autocomplete: "current-password", required: true });
  const next = h("input", { type: "password", name: "new-password", autocomplete: "new-password", required: true, minlength: 12, maxlength: 256 });
  const user = h("input", { type: "email", name: "email", autocomplete: "username", value: member.email, readonly: true });
  return h("section", { class: "card" },
    h("h2", {}, member.name),
    h("p", {}, member.email, " · ", member.role.replaceAll("_", " ")),
    h("button", { type: "button", class: "button", click: () => formDialog({ title: "Change your password", text: "Your other sessions end.", fields: [labelled("Email", user), labelled("Password until now", current), labelled("New password", next, "At least 12 characters. A few words in a row are easy to keep in mind.")], button: "Change password", act: async () => {
      await api("session/password", { method: "POST", body: { current: current.value, new: next.value } });
      current.value = next.value = "";
      toast("Your password is changed, and your other sessions have ended.");
    } }) }, "Change password"));
}

/** @param {AbortSignal} signal */
function sessionsCard(signal) {
  const list = h("div");
  const load = () => loaded(list, signal, () => all("sessions", signal), ({ data }) => h("ul", { role: "list", class: "plain-list" }, data.map((one) => h("li", {},
    h("span", {}, browser(one.agent), h("span", { class: "quiet" }, ` · from ${one.address || "an unknown address"} · last used ${moment(one.last_seen_at)}`)),
    one.current ? h("span", { class: "quiet" }, "this one") : h("button", { type: "button", class: "link-button", click: async () => {
      await api(`sessions/${one.id}`, { method: "DELETE" }).catch((error) => toast(error.message));
      void load();
    } }, "End")))));
  void load();
  return h("section", { class: "card" }, h("h2", {}, "Where you are signed in"), list);
}

/** A browser by the commonest names, from what it says of itself. @param {string} agent */
function browser(agent) {
  const name = ["Edg/", "OPR/", "Firefox/", "Chrome/", "Safari/"].find((part) => agent.includes(part)) ?? "";
  const names = /** @type {Record<string, string>} */ ({ "Edg/": "Edge", "OPR/": "Opera", "Firefox/": "Firefox", "Chrome/": "Chrome", "Safari/": "Safari" });
  const system = ["Windows", "Android", "iPhone", "iPad", "Mac OS X", "Linux"].find((part) => agent.includes(part));
  return [names[name] ?? "A browser", system].filter(Boolean).join(" on ");
}

function spacesCard() {
  const now = me();
  const add = () => {
    const name = h("input", { name: "name", required: true, maxlength: 60, autocomplete: "off", placeholder: "Staging" });
    formDialog({ title: "Make a space", text: "A space has its own sources, people and rules. It begins with a website source and a server source.", fields: [labelled("Name", name)], button: "Make the space", act: async () => {
      const made = await api("spaces", { method: "POST", body: { name: name.value } });
      secretDialog({ title: `Space “${made.name}”`, text: "Its website sends events with this key. Pick the space in the menu to work in it.", label: "Write key", secret: made.write_key, done: () => location.reload() });
    } });
  };
  return h("section", { class: "card" }, h("h2", {}, "Spaces"), h("ul", { role: "list", class: "plain-list" }, (now?.spaces ?? []).map(({ id, name }) => h("li", {}, h("span", {}, name, h("span", { class: "quiet" }, ` · ${id}`)), id === now?.space_id ? h("span", { class: "quiet" }, "you work here") : null))), may("settings:write") && now?.member ? h("p", {}, h("button", { type: "button", class: "button", click: add }, "Make a space")) : null);
}
