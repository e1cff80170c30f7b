/** The door: signing in, the first owner, and joining by a link. */
import { api, ApiError, words } from "../api.js";
import { h, newId } from "../dom.js";
import { providerWay } from "./sign-in-way.js";

/** What a password has to be; the server has the last word. */
const RULE = "At least 12 characters. A few words in a row are easy to keep in mind.";

/**
 * @param {HTMLElement} place
 * @param {{ title: string, lead?: string, fields: Node[], button: string, act: () => Promise<void>, problem?: string, after?: Node }} door
 */
function door(place, { title, lead, fields, button, act, problem = "", after }) {
  const error = h("p", { class: "form-error", role: "alert" }, problem);
  const submit = h("button", { type: "submit", class: "button button-main" }, button);
  const form = h(
    "form",
    { class: "card", submit: async (/** @type {Event} */ event) => {
      event.preventDefault();
      submit.disabled = true;
      error.textContent = "";
      try {
        await act();
      } catch (failure) {
        error.textContent = words(failure);
        submit.disabled = false;
        form.querySelector("input")?.focus();
      }
    } },
    h("p", { class: "brand" }, h("img", { src: "/favicon.svg", alt: "", width: 36, height: 36 }), "Headwater"),
    h("h1", {}, title),
    lead ? h("p", { class: "hint" }, lead) : null,
    fields,
    error,
    submit,
    after,
  );
  document.title = `${title} · Headwater`;
  place.replaceChildren(h("main", { class: "sign-in", id: "main" }, form));
  form.querySelector("input")?.focus();
}

/** @param {string} label @param {Record<string, any>} attributes @param {string} [hint] @returns {{ input: HTMLInputElement, field: HTMLElement }} */
function field(label, attributes, hint) {
  const id = newId();
  const input = h("input", { id, required: true, ...attributes, "aria-describedby": hint ? `${id}-hint` : null });
  return { input, field: h("div", { class: "door-field" }, h("label", { for: id }, label), input, hint ? h("p", { class: "hint", id: `${id}-hint` }, hint) : null) };
}

const email = () => field("Email", { type: "email", name: "email", autocomplete: "username", maxlength: 254 });
const newPassword = () => field("Password", { type: "password", name: "password", autocomplete: "new-password", minlength: 12, maxlength: 256 }, RULE);

/** @param {HTMLElement} place @param {() => void} done @param {string} [problem] what went wrong with a link */
export function signInView(place, done, problem) {
  const who = email();
  const password = field("Password", { type: "password", name: "password", autocomplete: "current-password", maxlength: 256 });
  const token = h("button", { type: "button", class: "link-button", click: () => tokenView(place, done) }, "Use a token instead");
  door(place, {
    title: "Sign in",
    fields: [who.field, password.field],
    button: "Sign in",
    problem,
    act: async () => {
      await api("session", { method: "POST", body: { email: who.input.value, password: password.input.value } });
      done();
    },
    after: h("div", { class: "door-after" }, providerWay((words) => signInProblem(place, words)), token, h("p", { class: "hint" }, "Password forgotten? An admin can make a link to a new one.")),
  });
}

/** Says what went wrong beside the button. @param {HTMLElement} place @param {string} text */
function signInProblem(place, text) {
  place.querySelector(".form-error")?.replaceChildren(text);
}

/** @param {HTMLElement} place @param {() => void} done */
function tokenView(place, done) {
  const token = field("Token of the server API", { type: "password", name: "token", autocomplete: "off", placeholder: "hwt_…" }, "You may do here what the token may.");
  door(place, {
    title: "Sign in with a token",
    fields: [token.field],
    button: "Sign in",
    act: async () => {
      await api("session/token", { method: "POST", body: { token: token.input.value.trim() } });
      done();
    },
    after: h("button", { type: "button", class: "link-button", click: () => signInView(place, done) }, "Use email and password instead"),
  });
}

/** @param {HTMLElement} place @param {string} token @param {() => void} done */
export function setupView(place, token, done) {
  if (!token) return spent(place, "The link of the first start has its secret at its end. Copy it whole from the terminal; a new start prints another.", done);
  const name = field("Your name", { name: "name", autocomplete: "name", maxlength: 100 });
  const who = email();
  const password = newPassword();
  door(place, {
    title: "Welcome to Headwater",
    lead: "Make the first account. It is the owner of this workspace and can invite the others.",
    fields: [name.field, who.field, password.field],
    button: "Create the workspace's owner",
    act: async () => {
      await api("setup", { method: "POST", body: { token, name: name.input.value, email: who.input.value, password: password.input.value } });
      done();
    },
  });
}

/** @param {HTMLElement} place @param {string} token @param {() => void} done */
export async function joinView(place, token, done) {
  /** @type {any} */
  let link;
  try {
    link = await api("join/check", { method: "POST", body: { token } });
  } catch (error) {
    return spent(place, error instanceof ApiError ? error.message : words(error), done);
  }
  const invited = link.kind === "invitation";
  const name = field("Your name", { name: "name", autocomplete: "name", maxlength: 100 });
  const who = field("Email", { type: "email", name: "email", autocomplete: "username", value: link.email, readonly: true });
  const password = newPassword();
  door(place, {
    title: invited ? "Join the workspace" : "Take a new password",
    lead: invited ? `You are invited as ${link.role.replaceAll("_", " ")}.` : "Your other sessions end when you do.",
    fields: invited ? [name.field, who.field, password.field] : [who.field, password.field],
    button: invited ? "Join" : "Save and sign in",
    act: async () => {
      await api("join", { method: "POST", body: { token, ...(invited ? { name: name.input.value } : {}), password: password.input.value } });
      done();
    },
  });
}

/** @param {HTMLElement} place @param {string} text @param {() => void} done */
function spent(place, text, done) {
  document.title = "Link not usable · Headwater";
  place.replaceChildren(
    h("main", { class: "sign-in", id: "main" },
      h("div", { class: "card door-spent" },
        h("p", { class: "brand" }, h("img", { src: "/favicon.svg", alt: "", width: 36, height: 36 }), "Headwater"),
        h("h1", {}, "This link cannot be used"),
        h("p", { role: "alert" }, text),
        h("p", {}, h("button", { type: "button", class: "button", click: done }, "Go to sign-in")))),
  );
}
