import { call, rows } from "../api.js";
import { h } from "../dom.js";
import { moment, number } from "../format.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { t } from "../words.js";
import { holdoutOfAll } from "./experiences-holdout.js";

/** @typedef {import("@headwater/api-client").StoredExperience} Experience */

/** @param {import("../app.js").Screen} screen */
export function experiencesView({ place, signal, query }) {
  const archived = query.get("ended") === "1";
  const list = h("div", { class: "stack" });
  const again = () => void draw();
  place.append(
    h("div", { class: "head" }, h("h1", {}, archived ? t("experiences.experiences_that_have_ended") : t("experiences.experiences")), h("div", { class: "head-actions" }, h("a", { class: "button", href: archived ? "#/experiences" : "#/experiences?ended=1" }, archived ? t("experiences.those_that_run") : t("experiences.ended_ones")), h("a", { class: "button button-main", href: "#/experiences/new" }, t("experiences.new_experience")))),
    list,
  );
  const read = (/** @type {string} */ cursor = "") => call("GET /experiences", { query: { limit: 100, cursor, ...(archived ? { archived: true } : {}) }, signal });
  const draw = () => loaded(list, signal, async () => {
    const [first, audiences, holdout] = await Promise.all([read(), rows("GET /audiences", { signal }), call("GET /experiences/holdout", { signal })]);
    return { first, audiences: audiences.data, holdout };
  }, ({ first, audiences, holdout }) => {
    const ofAll = archived ? [] : [holdoutOfAll(holdout.share, again)];
    if (first.data.length === 0) {
      return archived
        ? empty(t("experiences.none_has_ended"), t("experiences.experiences_that_are_ended_for"))
        : empty(t("experiences.no_experiences_yet"), t("experiences.an_experience_puts_something_in"), h("a", { class: "button button-main", href: "#/experiences/new" }, t("experiences.make_the_first_one")));
    }
    const audience = (/** @type {Experience} */ one) => (one.audience_id ? (audiences.find(({ id }) => id === one.audience_id)?.name ?? one.audience_id) : t("experiences.for_everybody"));
    const variants = (/** @type {Experience} */ one) => one.variants.map(({ key }) => key).join(", ");
    return [table({
      label: t("experiences.experiences"),
      file: "experiences",
      query,
      first,
      next: read,
      columns: [
        { key: "name", name: t("experiences.experience"), text: (one) => one.name, cell: (one) => h("a", { href: `#/experiences/${one.id}` }, one.name) },
        { key: "state", name: t("experiences.state"), text: (one) => stateWord(one)[1], cell: stateOf },
        { key: "placement", name: t("experiences.placement"), text: (one) => one.placement, cell: (one) => h("code", {}, one.placement) },
        { key: "audience", name: t("experiences.for"), text: audience, cell: (one) => (one.audience_id ? h("a", { href: `#/audiences/${one.audience_id}` }, audience(one)) : audience(one)) },
        { key: "variants", name: t("experiences.variants"), text: variants, cell: variants },
        { key: "holdout", name: t("experiences.held_out"), num: true, off: true, text: (one) => one.holdout, cell: (one) => `${number(Math.round(one.holdout * 100))} %` },
        { key: "priority", name: t("experiences.priority"), num: true, off: true, text: (one) => one.priority, cell: (one) => number(one.priority) },
        { key: "updated", name: t("experiences.changed"), text: (one) => one.updated_at, cell: (one) => moment(one.updated_at) },
      ],
    }), ...ofAll];
  });
  again();
}

/** @param {Experience} experience @returns {[string, string]} the badge's kind, and the word */
function stateWord({ enabled, archived_at: archived, starts_at: starts, ends_at: ends }) {
  if (archived) return ["duplicate", t("experiences.state_ended")];
  if (!enabled) return ["held", t("experiences.state_paused")];
  if (starts && new Date(starts) > new Date()) return ["retry", t("experiences.state_planned")];
  if (ends && new Date(ends) <= new Date()) return ["duplicate", t("experiences.state_over")];
  return ["ok", t("experiences.state_running")];
}

/** Whether it runs. @param {Experience} experience */
export function stateOf(experience) {
  const [kind, word] = stateWord(experience);
  return h("span", { class: `badge badge-${kind}` }, word);
}
