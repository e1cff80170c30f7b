/** Merging suggestions without asking: what it rests on, what stops it, and what it would do. */
import { call, rows } from "../api.js";
import { identifierChip, onOff } from "../cells.js";
import { h } from "../dom.js";
import { identifierText, moment, number } from "../format.js";
import { loaded } from "../states.js";
import { toast } from "../toast.js";
import { rich, t } from "../words.js";
import { formDialog } from "./form-dialog.js";
import { checkbox, labelled, saving } from "./form-field.js";

/** @typedef {import("@headwater/api-client").AutomaticMatching} Setting */
/** @typedef {import("@headwater/api-client").Suggestion} Suggestion */
/** @typedef {import("@headwater/api-client").MatchingRun} Run */

/** Suggestions that are looked at, and those of them that are shown. */
const MOST = 500;
const SHOWN = 5;

/** @param {HTMLElement} panel @param {AbortSignal} signal */
export function automaticPanel(panel, signal) {
  const again = () => loaded(panel, signal, async () => {
    const [setting, open, runs] = await Promise.all([
      call("GET /identity/matching/automatic", { signal }),
      rows("GET /identity/suggestions", { query: { status: "open" }, signal }, MOST),
      call("GET /identity/matching", { query: { limit: 1 }, signal }),
    ]);
    return { setting, open, run: runs.data[0] };
  }, ({ setting, open, run }) => [state(setting, run, () => void again()), evidence(setting), effect(setting, open), form(setting, () => void again())]);
  void again();
}

/** @param {Setting} setting @param {Run | undefined} run @param {() => void} again */
function state(setting, run, again) {
  const { on, merged } = setting;
  const off = () => {
    const back = checkbox(t("automatic.take_back", { count: merged }), false);
    formDialog({
      title: t("automatic.off_title"),
      text: t("automatic.off_text"),
      fields: merged > 0 ? [back.node] : [],
      button: t("automatic.turn_off"),
      act: async () => {
        const now = await call("PUT /identity/matching/automatic", { body: { on: false, take_back: back.box.checked } });
        toast(t("automatic.turned_off", { count: now.taken_back ?? 0 }));
        again();
      },
    });
  };
  return h(
    "section",
    { class: "card stack-small" },
    h("div", { class: "row-head" }, h("h2", {}, t("automatic.title"), " ", onOff(on)), on && h("button", { type: "button", class: "button", click: off }, t("automatic.turn_off_asks"))),
    h("p", {}, on ? t("automatic.is_on", { percent: percent(setting.precision) }) : t("automatic.is_off")),
    h("p", { class: "quiet" }, rich("automatic.merged", { count: merged, a: (inside) => h("a", { href: "#/identity?tab=decisions&by=matching" }, inside) }), " ", lastRun(run)),
  );
}

/** What the last matching merged. @param {Run | undefined} run */
function lastRun(run) {
  const told = /** @type {{ merged: number, reason?: string } | undefined | null} */ (run?.automatic);
  if (!told) return "";
  const at = moment(run?.ended_at);
  return told.reason ? t("automatic.run_stopped", { at, reason: told.reason }) : t("automatic.run_merged", { at, count: told.merged });
}

/** What people's answers say. @param {Setting} setting */
function evidence({ threshold, reason }) {
  if (!threshold) return h("section", { class: "notice stack" }, h("h2", {}, t("automatic.stopped")), h("p", {}, t("automatic.stopped_by", { reason: reason ?? "" })), h("p", {}, rich("automatic.answer_more", { a: (inside) => h("a", { href: "#/identity" }, inside) })));
  return h(
    "section",
    {},
    h("h2", {}, t("automatic.rests_on")),
    h("div", { class: "figures" }, figure(t("automatic.strong_enough"), t("automatic.bits", { weight: threshold.weight })), figure(t("automatic.right"), t("automatic.of", { accepted: threshold.accepted, reviewed: threshold.reviewed })), figure(t("automatic.surely"), `${percent(threshold.precision_at_least)} %`)),
    h("p", { class: "quiet" }, t("automatic.bound")),
  );
}

/** @param {string} name @param {string} value */
function figure(name, value) {
  return h("div", { class: "card" }, h("span", { class: "quiet" }, name), h("b", { class: "big" }, value));
}

/** Which open suggestions are as strong as that. @param {Setting} setting @param {{ data: Suggestion[], complete: boolean }} open */
function effect({ threshold }, { data, complete }) {
  if (!threshold) return h("p", { class: "quiet" }, t("automatic.no_effect", { count: data.length }));
  const weight = (/** @type {Suggestion} */ one) => /** @type {{ weight: number }} */ (one.waterfall).weight;
  const strong = data.filter((one) => weight(one) >= threshold.weight);
  return h(
    "section",
    { class: "stack-small" },
    h("h2", {}, t("automatic.would")),
    h("p", {}, t(complete ? "automatic.would_merge" : "automatic.would_merge_of_first", { strong: strong.length, open: data.length })),
    strong.length > 0 && h("ul", { class: "card flush rows-list", role: "list", "aria-label": t("automatic.strongest") }, strong.slice(0, SHOWN).map((one) => h("li", {}, h("div", { class: "row-head" }, h("span", {}, [one.a, one.b].map((end) => identifierChip(identifierText(end)))), h("span", { class: "quiet num" }, t("automatic.bits", { weight: weight(one) })))))),
    h("p", { class: "quiet" }, t("automatic.never")),
  );
}

/** @param {Setting} setting @param {() => void} again */
function form({ on, precision }, again) {
  const share = h("input", { type: "number", min: 80, max: 99.9, step: "any", required: true, value: percent(precision) });
  return saving(
    { class: "card form narrow", label: t("automatic.title"), save: t(on ? "automatic.save" : "automatic.turn_on"), act: async () => {
      await call("PUT /identity/matching/automatic", { body: { on: true, precision: Number(share.value) / 100 } });
      toast(t("automatic.turned_on"));
      again();
    } },
    labelled(t("automatic.share"), share, t("automatic.share_hint")),
  );
}

/** @param {number} share */
function percent(share) {
  return Math.round(share * 1000) / 10;
}
