/** Retention as a table whose cells are darker the more people came back. */
import { h } from "../dom.js";
import { number } from "../format.js";
import { t } from "../words.js";
import { bucketName, share } from "./question.js";

/** Of ten shades the one of a share. @param {number} part */
const shade = (part) => Math.min(9, Math.floor(part * 10));

/** @param {import("@headwater/api-client").Retention} retention @param {import("./question.js").Interval} interval */
export function retentionTable(retention, interval) {
  const periods = Math.max(0, ...retention.cohorts.map((cohort) => cohort.returned.length));
  const head = [t("reports.began"), t("reports.people"), ...Array.from({ length: periods }, (_, period) => t(`reports.period_${interval}`, { number: period + 1 }))];
  return h(
    "div",
    { class: "card flush scroll", tabindex: "0", role: "region", "aria-label": t("reports.retention") },
    h(
      "table",
      { class: "table retention" },
      h("thead", {}, h("tr", {}, head.map((name, index) => h("th", { scope: "col", class: index > 0 && "num" }, name)))),
      h("tbody", {}, retention.cohorts.map((cohort) => h(
        "tr",
        {},
        h("th", { scope: "row" }, bucketName(cohort.start, interval)),
        h("td", { class: "num" }, number(cohort.people)),
        Array.from({ length: periods }, (_, period) => {
          const back = cohort.returned[period];
          if (back === undefined) return h("td", {});
          const part = cohort.people > 0 ? back / cohort.people : 0;
          return h("td", { class: `num shade-${shade(part)}`, title: t("reports.back_of", { back, people: cohort.people }) }, cohort.people > 0 ? share(part) : "–");
        }),
      ))),
    ),
  );
}
