/**
 * Mistakes that the server finds, said beside the fields that they are of. A field, or a group of them, names with
 * `data-path` where it stands in what is sent.
 *
 * @typedef {{ path: string, message: string }} Mistake
 */
import { ApiError } from "../api.js";
import { h, newId } from "../dom.js";
import { t } from "../words.js";

/**
 * Does what a form is for. What fails then is only what no field has to say.
 *
 * @template T
 * @param {HTMLElement} form @param {() => Promise<T>} act
 * @returns {Promise<T>}
 */
export async function besideFields(form, act) {
  for (const note of form.querySelectorAll(".field-mistake")) note.remove();
  for (const field of form.querySelectorAll("[aria-invalid]")) field.removeAttribute("aria-invalid");
  try {
    return await act();
  } catch (error) {
    const mistakes = mistakesOf(error);
    const elsewhere = mistakes.filter((mistake) => !tell(form, mistake));
    const beside = mistakes.length - elsewhere.length;
    if (beside === 0) throw error;
    /** @type {HTMLElement | null} */ (form.querySelector("[aria-invalid]"))?.focus();
    throw new Error([t("form.mend", { count: beside }), ...elsewhere.map(({ message }) => message)].join(" "), { cause: error });
  }
}

/** @param {unknown} error @returns {Mistake[]} */
function mistakesOf(error) {
  if (!(error instanceof ApiError)) return [];
  return error.details.errors ?? error.details.mistakes ?? [];
}

/** @param {HTMLElement} form @param {Mistake} mistake @returns {boolean} whether there is a field for it */
function tell(form, { path, message }) {
  const place = closest([.../** @type {NodeListOf<HTMLElement>} */ (form.querySelectorAll("[data-path]"))], path);
  if (!place) return false;
  for (let around = place.closest("details"); around; around = around.parentElement?.closest("details") ?? null) around.open = true;
  const note = h("p", { class: "form-error field-mistake", role: "alert", id: newId() }, message);
  const field = place.matches("input, select, textarea") ? place : undefined;
  if (field) {
    const described = field.getAttribute("aria-describedby");
    field.setAttribute("aria-invalid", "true");
    field.setAttribute("aria-describedby", [described, note.id].filter(Boolean).join(" "));
    field.addEventListener("input", () => {
      note.remove();
      field.removeAttribute("aria-invalid");
      if (described) field.setAttribute("aria-describedby", described);
      else field.removeAttribute("aria-describedby");
    }, { once: true });
    (field.closest(".field") ?? field.parentElement ?? field).append(note);
  } else {
    place.append(note);
  }
  return true;
}

/** The field of a path, or of what the path is in. @param {HTMLElement[]} places @param {string} path */
function closest(places, path) {
  for (let at = path; at; at = at.replace(/\.[^.[\]]*$|\[\d+\]$|^[^.[\]]+$/, "")) {
    const found = places.find(({ dataset }) => dataset.path === at);
    if (found) return found;
  }
  return undefined;
}
