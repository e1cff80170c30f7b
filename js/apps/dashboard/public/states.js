/** Loading, empty and failed: each screen has all three. */
import { ApiError, words } from "./api.js";
import { h } from "./dom.js";
import { t } from "./words.js";

/**
 * Shows a skeleton, then what was loaded, or the error with a way to try again.
 *
 * @template T
 * @param {HTMLElement} place
 * @param {AbortSignal} signal
 * @param {() => Promise<T>} load
 * @param {(data: T) => Node | Node[]} show
 */
export async function loaded(place, signal, load, show) {
  place.setAttribute("aria-busy", "true");
  const skeleton = setTimeout(() => place.replaceChildren(loading()), 120);
  try {
    const data = await load();
    if (signal.aborted) return;
    clearTimeout(skeleton);
    const nodes = show(data);
    place.replaceChildren(...(Array.isArray(nodes) ? nodes : [nodes]));
  } catch (error) {
    clearTimeout(skeleton);
    if (signal.aborted) return;
    place.replaceChildren(failed(error, () => void loaded(place, signal, load, show)));
  } finally {
    clearTimeout(skeleton);
    place.removeAttribute("aria-busy");
  }
}

export function loading() {
  return h("div", { class: "skeleton", role: "status" }, h("span", { class: "sr" }, t("states.loading")), h("i"), h("i"), h("i"), h("i"));
}

/** @param {string} title @param {string} text @param {...Node} actions */
export function empty(title, text, ...actions) {
  return h("div", { class: "empty" }, h("p", { class: "empty-title" }, title), h("p", {}, text), actions.length > 0 && h("p", { class: "empty-act" }, actions));
}

/** @param {unknown} error @param {() => void} retry */
export function failed(error, retry) {
  const known = error instanceof ApiError;
  if (known && error.status === 401) document.dispatchEvent(new Event("signed-out"));
  return h(
    "div",
    { class: "failed", role: "alert" },
    h("p", { class: "empty-title" }, known && error.status === 403 ? t("states.not_allowed") : t("states.failed")),
    h("p", {}, words(error)),
    h("p", { class: "empty-act" }, h("button", { type: "button", class: "button", click: retry }, t("states.again"))),
  );
}
