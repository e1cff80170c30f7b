/** The share of all people who see the default everywhere, so that what all experiences do together can be measured. */
import { call } from "../api.js";
import { h } from "../dom.js";
import { number } from "../format.js";
import { toast } from "../toast.js";
import { t } from "../words.js";
import { besideFields } from "./field-mistakes.js";
import { formDialog, labelled } from "./form-dialog.js";

/** @param {number} share 0 to 1 @param {() => void} again */
export function holdoutOfAll(share, again) {
  const percent = Number((share * 100).toFixed(4));
  const change = () => {
    const field = h("input", { type: "number", min: 0, max: 100, step: "any", required: true, value: percent, "data-path": "share" });
    formDialog({
      title: t("experiences.holdout_title"),
      text: t("experiences.holdout_text"),
      fields: [labelled(t("experiences.holdout_percent"), field, t("experiences.holdout_hint"))],
      button: t("experiences.holdout_save"),
      act: () => besideFields(/** @type {HTMLElement} */ (field.form), async () => {
        const set = await call("PUT /experiences/holdout", { body: { share: Number((Number(field.value) / 100).toFixed(6)) } });
        toast(set.share > 0 ? t("experiences.holdout_set", { percent: number(Number((set.share * 100).toFixed(4))) }) : t("experiences.holdout_off"));
        again();
      }),
    });
  };
  return h(
    "section",
    { class: "card row-head", "aria-label": t("experiences.holdout_title") },
    h("div", {}, h("h2", {}, t("experiences.holdout_title")), h("p", { class: "quiet" }, share > 0 ? t("experiences.holdout_is", { percent: number(percent) }) : t("experiences.holdout_none"))),
    h("button", { type: "button", class: "button", click: change }, t("experiences.holdout_change")),
  );
}
