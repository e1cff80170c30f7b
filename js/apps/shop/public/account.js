/** Sign-in and sign-out. There is no password: the shop only has to say who somebody is. */
import { money } from "../shared/catalogue.js";
import { customer, orders, signIn, signOut } from "./bag.js";
import { el, find } from "./dom.js";
import { tell, userIdOf } from "./tracking.js";

export function startAccount() {
  const form = /** @type {HTMLFormElement | null} */ (find("[data-signin]"));
  show();
  form?.addEventListener("submit", (event) => {
    event.preventDefault();
    const data = new FormData(form);
    const email = String(data.get("email") ?? "").trim();
    const name = String(data.get("name") ?? "").trim();
    const userId = userIdOf(email);
    signIn({ userId, email, name });
    tell("identify", userId, { email, name });
    tell("track", "Signed In", { method: "email" });
    show();
    find("main")?.focus();
  });
  find("[data-signout]")?.addEventListener("click", () => {
    tell("track", "Signed Out");
    tell("reset");
    signOut();
    show();
    find("main")?.focus();
  });
}

function show() {
  const who = customer();
  const form = find("[data-signin]");
  const signed = find("[data-signed]");
  const title = find("[data-account-title]");
  const lead = find("[data-account-lead]");
  if (!form || !signed || !title || !lead) return;
  lead.dataset.signedOut ??= lead.textContent ?? "";
  form.hidden = Boolean(who);
  signed.hidden = !who;
  if (!who) {
    title.textContent = "Sign in";
    lead.textContent = lead.dataset.signedOut;
    return;
  }
  title.textContent = `Hello, ${who.name}`;
  lead.textContent = "You are signed in for this tab.";
  find("[data-signed-facts]")?.replaceChildren(
    ...[["E-mail", who.email], ["User id", who.userId]].map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value))),
  );
  const all = orders();
  find("[data-orders]")?.replaceChildren(
    all.length === 0
      ? el("p", { class: "quiet" }, "None yet.")
      : el("ul", { class: "mini", role: "list" }, ...all.map((order) => el("li", {}, `${order.id} · ${money(order.total)}`))),
  );
}
