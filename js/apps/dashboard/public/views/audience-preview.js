/** How many a definition reaches, asked while it is edited. */
import { ApiError, call, words } from "../api.js";
import { h } from "../dom.js";
import { number } from "../format.js";
import { t } from "../words.js";
import { avatar, personName } from "./people.js";

/** @typedef {import("@headwater/api-client").AudiencePreview} Preview */
/** @typedef {import("@headwater/api-client").AudienceRule} Rule */

/** How long nobody may have typed before it is asked. */
const PAUSE = 300;
/** When a server that did not answer is asked again. */
const AGAIN = 2000;

/**
 * After a pause, and only the newest question counts.
 *
 * @param {HTMLElement} place @param {AbortSignal} signal
 * @param {{ seen: (answer: Preview) => void, refused: (error: ApiError | undefined) => void }} told `refused` with nothing when all is well
 */
export function livePreview(place, signal, { seen, refused }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asking = new AbortController();
  const figure = h("p", { class: "big" }, "–");
  const note = h("p", { class: "quiet" });
  const sample = h("ul", { class: "sample", role: "list" });
  place.append(h("h2", {}, t("audiences.preview")), h("div", { role: "status" }, figure, note), sample);
  const blank = (/** @type {string} */ text) => {
    figure.textContent = "–";
    note.textContent = text;
    sample.replaceChildren();
  };
  const stop = () => {
    clearTimeout(timer);
    asking.abort();
    place.removeAttribute("aria-busy");
  };
  blank("");
  signal.addEventListener("abort", stop);

  /** @param {Rule | string} definition @param {AbortSignal} newest */
  async function look(definition, newest) {
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await call("POST /audiences/preview", { body: { definition }, signal: newest });
      if (newest.aborted) return undefined;
      figure.textContent = answer.exact ? number(answer.count) : t("audiences.about", { count: answer.count });
      note.textContent = counted(answer);
      sample.replaceChildren(...answer.sample.slice(0, 6).map(person));
      refused(undefined);
      seen(answer);
      return answer;
    } catch (problem) {
      if (newest.aborted) return undefined;
      blank(problem instanceof ApiError && problem.code === "invalid_definition" ? t("audiences.the_definition_has_a_mistake") : words(problem));
      refused(problem instanceof ApiError ? problem : undefined);
      // Nobody should have to type again because the server was away for a moment.
      if (!(problem instanceof ApiError) || problem.status === 0 || problem.status >= 500) timer = setTimeout(() => void look(definition, newest), AGAIN);
      return undefined;
    } finally {
      if (!newest.aborted) place.removeAttribute("aria-busy");
    }
  }

  const next = () => {
    stop();
    asking = new AbortController();
    return asking.signal;
  };
  return {
    /** @param {Rule | string | undefined} definition nothing while it is not finished */
    ask(definition) {
      const newest = next();
      if (definition === undefined) return blank(t("audiences.fill_in_what_is_missing"));
      timer = setTimeout(() => void look(definition, newest), PAUSE);
    },
    /** Asks at once. @param {Rule | string} definition @returns {Promise<Preview | undefined>} nothing when it was refused */
    now: (definition) => look(definition, next()),
  };
}

/** @param {Preview} answer */
function counted({ count, exact, looked_at: looked, count_at_least: least, count_at_most: most }) {
  return exact ? t("audiences.match_now", { count }) : t("audiences.match_now_estimated", { count, least, most, looked });
}

/** @param {Preview["sample"][number]} profile */
function person(profile) {
  return h("li", {}, h("a", { class: "row-link", href: `#/people/${encodeURIComponent(profile.id)}`, target: "_blank", rel: "noopener" }, avatar(profile), h("span", {}, personName(profile), h("span", { class: "sr" }, " ", t("audiences.new_tab")))));
}
