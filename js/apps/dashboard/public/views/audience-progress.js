/** How far an audience is that looks at everybody. */
import { h } from "../dom.js";
import { moment } from "../format.js";

/** What it does, in words. @type {Record<string, string>} */
const STAGES = {
  counting: "Counting the events that the rules look at",
  waiting: "Waiting for another audience",
  looking: "Looking at one person after the other",
};

/** @param {number | undefined} share */
export function percent(share) {
  return Math.floor((share ?? 1) * 100);
}

/** @param {{ progress: number, stage?: string, started_at?: string }} build @param {string} name of what is built */
export function progressBar({ progress, stage = "", started_at: since }, name) {
  const done = percent(progress);
  return h(
    "span",
    { class: "build-progress" },
    h("progress", { max: 100, value: done, "aria-label": `Progress of ${name}` }),
    h("span", {}, `${STAGES[stage] ?? "Working"}: ${done} %${since ? `, since ${moment(since)}` : ""}`),
  );
}
