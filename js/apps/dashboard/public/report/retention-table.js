/** Retention as a table whose cells are darker the more people came back. */
import { h } from "../dom.js";
import { number } from "../format.js";
import { bucketName, percent } from "./question.js";

/** Of ten shades the one of a share. @param {number} share */
const shade = (share) => Math.min(9, Math.floor(share * 10));

/** @param {any} retention the answer of the server @param {string} interval */
export function retentionTable(retention, interval) {
  const periods = Math.max(0, ...retention.cohorts.map((/** @type {any} */ cohort) => cohort.returned.length));
  const head = ["Began", "People", ...Array.from({ length: periods }, (_, period) => `${interval} ${period + 1}`)];
  return h(
    "div",
    { class: "card flush scroll", tabindex: "0", role: "region", "aria-label": "Retention" },
    h(
      "table",
      { class: "table retention" },
      h("thead", {}, h("tr", {}, head.map((name, index) => h("th", { scope: "col", class: index > 0 && "num" }, name)))),
      h("tbody", {}, retention.cohorts.map((/** @type {any} */ cohort) => h(
        "tr",
        {},
        h("th", { scope: "row" }, bucketName(cohort.start, interval)),
        h("td", { class: "num" }, number(cohort.people)),
        Array.from({ length: periods }, (_, period) => {
          const back = cohort.returned[period];
          if (back === undefined) return h("td", {});
          const share = cohort.people > 0 ? back / cohort.people : 0;
          return h("td", { class: `num shade-${shade(share)}`, title: `${number(back)} of ${number(cohort.people)}` }, cohort.people > 0 ? percent(share) : "–");
        }),
      ))),
    ),
  );
}
