/** The door: signing in, the first owner, and joining by a link. */
import { call, words } from "../api.js";
import { h, newId } from "../dom.js";
import { t } from "../words.js";
import { providerWay } from "./sign-in-way.js";

/** What a password has to be; the server has the last word. */
const RULE = t("door.rule");

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
    h("p", { class: "brand", translate: "no" }, h("img", { src: "/favicon.svg", alt: "", width: 36, height: 36 }), "Headwater"),
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

const email = () => field(t("door.email"), { type: "email", name: "email", autocomplete: "username", maxlength: 254 });
const newPassword = () => field(t("door.password"), { type: "password", name: "password", autocomplete: "new-password", minlength: 12, maxlength: 256 }, RULE);

/** @param {HTMLElement} place @param {() => void} done @param {string} [problem] what went wrong with a link */
export function signInView(place, done, problem) {
  const who = email();
  const password = field(t("door.password"), { type: "password", name: "password", autocomplete: "current-password", maxlength: 256 });
  const token = h("button", { type: "button", class: "link-button", click: () => tokenView(place, done) }, t("door.use_token"));
  door(place, {
    title: t("door.sign_in"),
    fields: [who.field, password.field],
    button: t("door.sign_in"),
    problem,
    act: async () => {
      await call("POST /session", { body: { email: who.input.value, password: password.input.value } });
      done();
    },
    after: h("div", { class: "door-after" }, providerWay((words) => signInProblem(place, words)), token, h("p", { class: "hint" }, t("door.forgotten"))),
  });
}

/** Says what went wrong beside the button. @param {HTMLElement} place @param {string} text */
function signInProblem(place, text) {
  place.querySelector(".form-error")?.replaceChildren(text);
}

/** @param {HTMLElement} place @param {() => void} done */
function tokenView(place, done) {
  const token = field(t("door.token"), { type: "password", name: "token", autocomplete: "off", placeholder: t("door.token_example") }, t("door.token_hint"));
  door(place, {
    title: t("door.with_token"),
    fields: [token.field],
    button: t("door.sign_in"),
    act: async () => {
      await call("POST /session/token", { body: { token: token.input.value.trim() } });
      done();
    },
    after: h("button", { type: "button", class: "link-button", click: () => signInView(place, done) }, t("door.use_password")),
  });
}

/** @param {HTMLElement} place @param {string} token @param {() => void} done */
export function setupView(place, token, done) {
  if (!token) return spent(place, t("door.no_secret"), done);
  const name = field(t("door.your_name"), { name: "name", autocomplete: "name", maxlength: 100 });
  const who = email();
  const password = newPassword();
  door(place, {
    title: t("door.welcome"),
    lead: t("door.welcome_lead"),
    fields: [name.field, who.field, password.field],
    button: t("door.create_owner"),
    act: async () => {
      await call("POST /setup", { body: { token, name: name.input.value, email: who.input.value, password: password.input.value } });
      done();
    },
  });
}

/** @param {HTMLElement} place @param {string} token @param {() => void} done */
export async function joinView(place, token, done) {
  let link;
  try {
    link = await call("POST /join/check", { body: { token } });
  } catch (error) {
    return spent(place, words(error), done);
  }
  const invited = link.kind === "invitation";
  const name = field(t("door.your_name"), { name: "name", autocomplete: "name", maxlength: 100 });
  const who = field(t("door.email"), { type: "email", name: "email", autocomplete: "username", value: link.email, readonly: true });
  const password = newPassword();
  door(place, {
    title: invited ? t("door.join") : t("door.new_password"),
    lead: invited ? t("door.invited", { role: link.role.replaceAll("_", " ") }) : t("door.sessions_end"),
    fields: invited ? [name.field, who.field, password.field] : [who.field, password.field],
    button: invited ? t("door.join_button") : t("door.save_password"),
    act: async () => {
      await call("POST /join", { body: { token, ...(invited ? { name: name.input.value } : {}), password: password.input.value } });
      done();
    },
  });
}

/** @param {HTMLElement} place @param {string} text @param {() => void} done */
function spent(place, text, done) {
  document.title = `${t("door.spent_title")} · Headwater`;
  place.replaceChildren(
    h("main", { class: "sign-in", id: "main" },
      h("div", { class: "card door-spent" },
        h("p", { class: "brand", translate: "no" }, h("img", { src: "/favicon.svg", alt: "", width: 36, height: 36 }), "Headwater"),
        h("h1", {}, t("door.spent")),
        h("p", { role: "alert" }, text),
        h("p", {}, h("button", { type: "button", class: "button", click: done }, t("door.to_sign_in"))))),
  );
}
