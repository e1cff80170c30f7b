import { call, rows, words } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../format.js";
import { may, me } from "../session.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { toast } from "../toast.js";
import { rich, t } from "../words.js";
import { confirmDialog } from "./confirm-dialog.js";
import { formDialog, labelled } from "./form-dialog.js";
import { secretDialog } from "./secret-dialog.js";

/**
 * @typedef {import("@headwater/api-client").ListedMember} ListedMember
 * @typedef {import("@headwater/api-client").Invitation} Invitation
 */

/** @param {string} role */
const roleName = (role) => role.replaceAll("_", " ");

/** @param {import("../app.js").Screen} screen */
export function membersView({ place, signal, query }) {
  const list = h("div");
  const waiting = h("div");
  const change = may("members:write");
  /** @type {import("@headwater/api-client").Role[]} */
  let roles = [];
  const load = () => loaded(list, signal, async () => {
    const [members, invitations, known] = await Promise.all([rows("GET /members", { signal }), rows("GET /invitations", { signal }), call("GET /roles", { signal })]);
    roles = known.data;
    return { members, invitations };
  }, ({ members, invitations }) => {
    waiting.replaceChildren(...(invitations.data.length > 0 ? [invitationsCard(invitations.data)] : []));
    return members.data.length > 0 ? memberTable(members.data) : empty(t("members.empty"), t("members.empty_text"));
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
    formDialog({ title: t("members.invite_title"), text: t("members.invite_text"), fields: [labelled(t("members.email"), email), labelled(t("members.role"), select), text], button: t("members.make_link"), act: async () => {
      const made = await call("POST /invitations", { body: { email: email.value, role: select.value } });
      secretDialog({ title: t("members.invitation_for", { email: made.email }), text: t("members.invitation_text"), label: t("members.link"), secret: `${location.origin}${made.path}` });
      void load();
    } });
  };
  const edit = (/** @type {ListedMember} */ member) => {
    const { select, text } = choice(member.role);
    formDialog({ title: t("members.role_of", { name: member.name }), text: t("members.role_text"), fields: [labelled(t("members.role"), select), text], button: t("members.change_role"), act: async () => {
      await call("PATCH /members/{id}", { path: { id: member.id }, body: { role: select.value } });
      toast(t("members.role_changed", { name: member.name, role: roleName(select.value) }));
      void load();
    } });
  };
  const reset = async (/** @type {ListedMember} */ member) => {
    const made = await call("POST /members/{id}/reset", { path: { id: member.id } });
    secretDialog({ title: t("members.new_password_for", { name: member.name }), text: t("members.reset_text"), label: t("members.link"), secret: `${location.origin}${made.path}` });
  };
  const remove = (/** @type {ListedMember} */ member) => confirmDialog({ title: t("members.remove_question", { name: member.name }), text: t("members.remove_text"), button: t("members.remove"), act: async () => {
    await call("DELETE /members/{id}", { path: { id: member.id } });
    toast(t("members.removed", { name: member.name }));
    void load();
  } });
  const memberTable = (/** @type {ListedMember[]} */ members) => table({
    label: t("members.title"), file: "members", query, first: { data: members },
    columns: [
      { key: "name", name: t("members.name"), text: ({ name }) => name, cell: ({ id, name }) => [name, id === me()?.member?.id && h("span", { class: "quiet" }, t("members.you"))] },
      { key: "email", name: t("members.email"), text: ({ email }) => email, cell: ({ email }) => email },
      { key: "role", name: t("members.role"), text: ({ role }) => roleName(role), cell: ({ role }) => roleName(role) },
      { key: "seen", name: t("members.seen"), text: (row) => row.last_seen_at ?? "", cell: (row) => (row.last_seen_at ? moment(row.last_seen_at) : t("members.never")) },
      ...(change ? [{ key: "act", name: t("members.change"), text: () => "", cell: (/** @type {ListedMember} */ row) => h("span", { class: "cell-actions" },
        h("button", { type: "button", class: "link-button", "aria-label": t("members.role_of", { name: row.name }), click: () => edit(row) }, t("members.role")),
        h("button", { type: "button", class: "link-button", "aria-label": t("members.new_password_for", { name: row.name }), click: () => reset(row).catch((error) => toast(words(error))) }, t("members.new_password")),
        h("button", { type: "button", class: "link-button", "aria-label": t("members.remove_of", { name: row.name }), click: () => remove(row) }, t("members.remove"))) }] : []),
    ],
  });
  const invitationsCard = (/** @type {Invitation[]} */ invitations) => h("section", { class: "card invitations" }, h("h2", {}, t("members.waiting")), h("ul", { role: "list", class: "plain-list" }, invitations.map((one) => h("li", {},
    h("span", {}, rich("members.invited", { email: one.email, role: roleName(one.role), at: moment(one.ends_at), b: (inside) => h("strong", {}, inside), quiet: (inside) => h("span", { class: "quiet" }, inside) })),
    change && h("button", { type: "button", class: "link-button", "aria-label": t("members.take_back_of", { email: one.email }), click: async () => {
      await call("DELETE /invitations/{id}", { path: { id: one.id } }).catch((error) => toast(words(error)));
      void load();
    } }, t("members.take_back"))))));
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("members.title")), change && h("button", { type: "button", class: "button button-main", click: invite }, t("members.invite"))),
    h("p", { class: "lead" }, t("members.lead")),
    list,
    waiting,
  );
  void load();
}
