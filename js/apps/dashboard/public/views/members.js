import { all, api } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../format.js";
import { may, me } from "../session.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { toast } from "../toast.js";
import { confirmDialog } from "./confirm-dialog.js";
import { formDialog, labelled } from "./form-dialog.js";
import { secretDialog } from "./secret-dialog.js";

/** @param {string} role */
const roleName = (role) => role.replaceAll("_", " ");

/** @param {import("../app.js").Screen} screen */
export function membersView({ place, signal, query }) {
  const list = h("div");
  const waiting = h("div");
  const change = may("members:write");
  /** @type {any[]} */
  let roles = [];
  const load = () => loaded(list, signal, async () => {
    const [members, invitations, known] = await Promise.all([all("members", signal), all("invitations", signal), api("roles", { signal })]);
    roles = known.data;
    return { members, invitations };
  }, ({ members, invitations }) => {
    waiting.replaceChildren(...(invitations.data.length > 0 ? [invitationsCard(invitations.data)] : []));
    return members.data.length > 0 ? memberTable(members.data) : empty("Nobody is a member yet", "You work with a token. Invite somebody, so that each person has an account of their own.");
  });
  /** The roles that somebody may give: none that may do more than they. */
  const given = () => roles.filter(({ scopes }) => scopes.every(may));
  const choice = (/** @type {string} */ now) => {
    const text = h("p", { class: "hint" });
    const select = h("select", { name: "role", change: () => say() }, given().map(({ role }) => h("option", { value: role, selected: role === now }, roleName(role))));
    const say = () => (text.textContent = roles.find(({ role }) => role === select.value)?.words ?? "");
    say();
    return { select, text };
  };
  const invite = () => {
    const email = h("input", { type: "email", name: "email", required: true, autocomplete: "off" });
    const { select, text } = choice("marketer");
    formDialog({ title: "Invite somebody", text: "You get a link to send them yourself.", fields: [labelled("Email", email), labelled("Role", select), text], button: "Make the link", act: async () => {
      const made = await api("invitations", { method: "POST", body: { email: email.value, role: select.value } });
      secretDialog({ title: `Invitation for ${made.email}`, text: "Send this link. It is shown only now, works once, and ends after 7 days.", label: "Link", secret: `${location.origin}${made.path}` });
      void load();
    } });
  };
  const edit = (/** @type {any} */ member) => {
    const { select, text } = choice(member.role);
    formDialog({ title: `Role of ${member.name}`, text: "They are signed out and come back with the new role.", fields: [labelled("Role", select), text], button: "Change role", act: async () => {
      await api(`members/${member.id}`, { method: "PATCH", body: { role: select.value } });
      toast(`${member.name} is now ${roleName(select.value)}.`);
      void load();
    } });
  };
  const reset = async (/** @type {any} */ member) => {
    const made = await api(`members/${member.id}/reset`, { method: "POST", body: {} });
    secretDialog({ title: `New password for ${member.name}`, text: "Send this link. It is shown only now, works once, and ends after a day.", label: "Link", secret: `${location.origin}${made.path}` });
  };
  const remove = (/** @type {any} */ member) => confirmDialog({ title: `Remove ${member.name}?`, text: "Their sessions end at once. What they did stays in the audit log.", button: "Remove", act: async () => {
    await api(`members/${member.id}`, { method: "DELETE" });
    toast(`${member.name} was removed.`);
    void load();
  } });
  const memberTable = (/** @type {any[]} */ members) => table({
    label: "Members", file: "members", query, first: { data: members },
    columns: [
      { key: "name", name: "Name", text: ({ name }) => name, cell: ({ id, name }) => [name, id === me()?.member?.id && h("span", { class: "quiet" }, " (you)")] },
      { key: "email", name: "Email", text: ({ email }) => email, cell: ({ email }) => email },
      { key: "role", name: "Role", text: ({ role }) => roleName(role), cell: ({ role }) => roleName(role) },
      { key: "seen", name: "Last seen", text: (row) => row.last_seen_at ?? "", cell: (row) => (row.last_seen_at ? moment(row.last_seen_at) : "never") },
      ...(change ? [{ key: "act", name: "Change", text: () => "", cell: (/** @type {any} */ row) => h("span", { class: "cell-actions" },
        h("button", { type: "button", class: "link-button", "aria-label": `Role of ${row.name}`, click: () => edit(row) }, "Role"),
        h("button", { type: "button", class: "link-button", "aria-label": `New password for ${row.name}`, click: () => reset(row).catch((error) => toast(error.message)) }, "New password"),
        h("button", { type: "button", class: "link-button", "aria-label": `Remove ${row.name}`, click: () => remove(row) }, "Remove")) }] : []),
    ],
  });
  const invitationsCard = (/** @type {any[]} */ invitations) => h("section", { class: "card invitations" }, h("h2", {}, "Invited, not joined yet"), h("ul", { role: "list", class: "plain-list" }, invitations.map((one) => h("li", {},
    h("span", {}, h("strong", {}, one.email), " as ", roleName(one.role), h("span", { class: "quiet" }, ` · ends ${moment(one.ends_at)}`)),
    change && h("button", { type: "button", class: "link-button", "aria-label": `Take back the invitation of ${one.email}`, click: async () => {
      await api(`invitations/${one.id}`, { method: "DELETE" }).catch((error) => toast(error.message));
      void load();
    } }, "Take back")))));
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Members"), change && h("button", { type: "button", class: "button button-main", click: invite }, "Invite")),
    h("p", { class: "lead" }, "Who may sign in, and what their role lets them do."),
    list,
    waiting,
  );
  void load();
}
