/** How often somebody may be shown an experience: several limits, all of which hold. */
import { h, icon } from "../dom.js";
import { spanParts, spanText } from "../rules/values.js";
import { t } from "../words.js";
import { gap, keepingFocus, spanGap } from "./fields.js";

/** @typedef {import("@headwater/api-client").FrequencyCap} FrequencyCap */

/** More are refused by the server. */
const MOST = 4;
const MOST_EXPOSURES = 20;

/** @param {readonly FrequencyCap[]} caps @returns {{ node: HTMLElement, written: () => FrequencyCap[] }} */
export function frequencyCaps(caps) {
  const limits = caps.map(({ exposures, within }) => ({ exposures: String(exposures), span: spanParts(within) ?? { amount: "", unit: "d" } }));
  const rows = h("div", { class: "stack" });
  const more = h("button", { type: "button", class: "button", click: () => {
    limits.push({ exposures: "3", span: { amount: "7", unit: "d" } });
    draw();
    /** @type {HTMLElement | null} */ (rows.lastElementChild?.querySelector("input"))?.focus();
  } }, t("experiences.add_limit"));
  const draw = () => {
    rows.replaceChildren(...limits.map((limit, index) => {
      const path = `frequency_caps[${index}]`;
      const row = h(
        "div",
        { class: "limit", role: "group", "aria-label": t("experiences.limit", { number: index + 1 }), "data-path": path },
        h("span", {}, t("experiences.at_most")),
        gap(t("experiences.exposures"), limit.exposures, (value) => (limit.exposures = value), { type: "number", min: 1, class: "gap-number" }),
        h("span", {}, t("experiences.times_within")),
        spanGap(t("experiences.within"), limit.span, () => {}),
        h("button", { type: "button", class: "icon-button", click: () => {
          limits.splice(index, 1);
          keepingFocus(rows, draw);
          if (limits.length === 0) more.focus();
        } }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, t("experiences.remove_limit", { number: index + 1 }))),
      );
      const [exposures, within] = row.querySelectorAll("input");
      exposures?.setAttribute("max", String(MOST_EXPOSURES));
      for (const [field, input] of /** @type {[string, HTMLInputElement | undefined][]} */ ([["exposures", exposures], ["within", within]])) {
        input?.setAttribute("required", "");
        input?.setAttribute("data-path", `${path}.${field}`);
      }
      return row;
    }));
    more.hidden = limits.length >= MOST;
  };
  draw();
  return {
    node: h("fieldset", { class: "plain", "data-path": "frequency_caps" }, h("legend", {}, t("experiences.limits")), h("p", { class: "hint" }, t("experiences.limits_hint")), rows, more),
    written: () => limits.map(({ exposures, span }) => ({ exposures: Number(exposures), within: spanText(span) ?? "" })),
  };
}
