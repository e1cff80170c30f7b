/** How far an audience is that looks at everybody. */
import { h } from "../dom.js";
import { moment } from "../format.js";
import { t } from "../words.js";

/** What it does, in words. @type {Record<string, string>} */
const STAGES = {
  counting: t("audiences.counting_the_events_that_the"),
  waiting: t("audiences.waiting_for_another_audience"),
  looking: t("audiences.looking_at_one_person_after"),
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
    h("progress", { max: 100, value: done, "aria-label": t("audiences.progress_of_name", { name }) }),
    h("span", {}, since ? t("audiences.stage_since", { stage: STAGES[stage] ?? t("audiences.working"), done, since: moment(since) }) : t("audiences.stage", { stage: STAGES[stage] ?? t("audiences.working"), done })),
  );
}
