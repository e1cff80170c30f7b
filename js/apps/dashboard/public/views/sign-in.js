import { api, ApiError } from "../api.js";
import { h, newId } from "../dom.js";
import { forgetToken, keepToken } from "../session.js";

/** @param {HTMLElement} place @param {() => void} done */
export function signInView(place, done) {
  const id = newId();
  const field = h("input", { id, name: "token", type: "password", autocomplete: "current-password", required: true, placeholder: "hwt_…", "aria-describedby": `${id}-hint ${id}-error` });
  const error = h("p", { class: "form-error", role: "alert", id: `${id}-error` });
  const button = h("button", { type: "submit", class: "button button-main" }, "Sign in");
  const submit = async (/** @type {Event} */ event) => {
    event.preventDefault();
    button.disabled = true;
    keepToken(field.value.trim());
    try {
      await api("sources");
      done();
    } catch (problem) {
      forgetToken();
      error.textContent =
        problem instanceof ApiError && problem.status === 401
          ? "This token is not known here. Copy it whole, it starts with hwt_."
          : problem instanceof Error ? problem.message : String(problem);
      button.disabled = false;
      field.focus();
    }
  };
  document.title = "Sign in · Headwater";
  place.replaceChildren(
    h(
      "main",
      { class: "sign-in", id: "main" },
      h("form", { class: "card", submit },
        h("p", { class: "brand" }, h("img", { src: "/favicon.svg", alt: "", width: 36, height: 36 }), "Headwater"),
        h("h1", {}, "Sign in"),
        h("label", { for: id }, "Token of the server API"),
        field,
        h("p", { class: "hint", id: `${id}-hint` }, "The terminal prints it when Headwater starts for the first time. It stays in this tab and goes only to this server."),
        error,
        button,
      ),
    ),
  );
  field.focus();
}
