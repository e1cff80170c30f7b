/** How many a definition reaches, asked while it is edited. */
import { api, ApiError, words } from "../api.js";
import { h } from "../dom.js";
import { number } from "../format.js";
import { avatar, personName } from "./people.js";

/** How long nobody may have typed before it is asked. */
const PAUSE = 300;
/** When a server that did not answer is asked again. */
const AGAIN = 2000;

/**
 * After a pause, and only the newest question counts.
 *
 * @param {HTMLElement} place @param {AbortSignal} signal
 * @param {{ seen: (answer: any) => void, refused: (error: ApiError | undefined) => void }} told `refused` with nothing when all is well
 */
export function livePreview(place, signal, { seen, refused }) {
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  let timer;
  let asking = new AbortController();
  const figure = h("p", { class: "big" }, "–");
  const note = h("p", { class: "quiet" });
  const sample = h("ul", { class: "sample", role: "list" });
  place.append(h("h2", {}, "Preview"), h("div", { role: "status" }, figure, note), sample);
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

  /** @param {unknown} definition @param {AbortSignal} newest */
  async function look(definition, newest) {
    place.setAttribute("aria-busy", "true");
    try {
      const answer = await api("audiences/preview", { method: "POST", body: { definition }, signal: newest });
      if (newest.aborted) return undefined;
      figure.textContent = `${answer.exact ? "" : "about "}${number(answer.count)}`;
      note.textContent = counted(answer);
      sample.replaceChildren(...(answer.sample ?? []).slice(0, 6).map(person));
      refused(undefined);
      seen(answer);
      return answer;
    } catch (problem) {
      if (newest.aborted) return undefined;
      blank(problem instanceof ApiError && problem.code === "invalid_definition" ? "The definition has a mistake." : words(problem));
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
    /** @param {unknown} definition nothing while it is not finished */
    ask(definition) {
      const newest = next();
      if (definition === undefined) return blank("Fill in what is missing to see who is meant.");
      timer = setTimeout(() => void look(definition, newest), PAUSE);
    },
    /** Asks at once. @param {unknown} definition @returns {Promise<any>} nothing when it was refused */
    now: (definition) => look(definition, next()),
  };
}

/** @param {any} answer */
function counted({ count, exact, looked_at: looked, count_at_least: least, count_at_most: most }) {
  if (exact) return count === 1 ? "person matches now" : "people match now";
  return `people match now; most likely between ${number(least)} and ${number(most)}, judging by ${number(looked)} people`;
}

/** @param {any} one */
function person(one) {
  const profile = { traits: {}, ...one };
  return h("li", {}, h("a", { class: "row-link", href: `#/people/${encodeURIComponent(one.id)}`, target: "_blank", rel: "noopener" }, avatar(profile), h("span", {}, personName(profile), h("span", { class: "sr" }, " (opens in a new tab)"))));
}
