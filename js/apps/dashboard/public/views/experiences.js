import { call, rows } from "../api.js";
import { h } from "../dom.js";
import { moment } from "../format.js";
import { empty, loaded } from "../states.js";
import { table } from "../table.js";
import { holdoutOfAll } from "./experiences-holdout.js";

/** @param {import("../app.js").Screen} screen */
export function experiencesView({ place, signal, query }) {
  const archived = query.get("ended") === "1";
  const list = h("div", { class: "stack" });
  const again = () => void draw();
  place.append(
    h("div", { class: "head" }, h("h1", {}, archived ? "Experiences that have ended" : "Experiences"), h("div", { class: "head-actions" }, h("a", { class: "button", href: archived ? "#/experiences" : "#/experiences?ended=1" }, archived ? "Those that run" : "Ended ones"), h("a", { class: "button button-main", href: "#/experiences/new" }, "New experience"))),
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
        ? empty("None has ended", "Experiences that are ended for good are kept here with what was measured.")
        : empty("No experiences yet", "An experience puts something in a placement, such as the hero of a shop, for the people of one audience.", h("a", { class: "button button-main", href: "#/experiences/new" }, "Make the first one"));
    }
    const audience = (/** @type {any} */ one) => (one.audience_id ? (audiences.find(({ id }) => id === one.audience_id)?.name ?? one.audience_id) : "everybody");
    return [table({
      label: "Experiences",
      file: "experiences",
      query,
      first,
      next: read,
      columns: [
        { key: "name", name: "Experience", text: (one) => one.name, cell: (one) => h("a", { href: `#/experiences/${one.id}` }, one.name) },
        { key: "state", name: "State", text: (one) => stateWord(one)[1], cell: stateOf },
        { key: "placement", name: "Placement", text: (one) => one.placement, cell: (one) => h("code", {}, one.placement) },
        { key: "audience", name: "For", text: audience, cell: (one) => (one.audience_id ? h("a", { href: `#/audiences/${one.audience_id}` }, audience(one)) : "everybody") },
        { key: "variants", name: "Variants", text: (one) => one.variants.map((/** @type {any} */ variant) => variant.key).join(", "), cell: (one) => one.variants.map((/** @type {any} */ variant) => variant.key).join(", ") },
        { key: "holdout", name: "Held out", num: true, off: true, text: (one) => one.holdout ?? 0, cell: (one) => `${Math.round((one.holdout ?? 0) * 100)} %` },
        { key: "priority", name: "Priority", num: true, off: true, text: (one) => one.priority ?? 0, cell: (one) => String(one.priority ?? 0) },
        { key: "updated", name: "Changed", text: (one) => one.updated_at, cell: (one) => moment(one.updated_at) },
      ],
    }), ...ofAll];
  });
  again();
}

/** @param {any} experience @returns {[string, string]} the badge's kind, and the word */
function stateWord({ enabled, archived_at: archived, starts_at: starts, ends_at: ends }) {
  if (archived) return ["duplicate", "ended"];
  if (!enabled) return ["held", "paused"];
  if (starts && new Date(starts) > new Date()) return ["retry", "planned"];
  if (ends && new Date(ends) <= new Date()) return ["duplicate", "over"];
  return ["ok", "running"];
}

/** Whether it runs. @param {any} experience */
export function stateOf(experience) {
  const [kind, word] = stateWord(experience);
  return h("span", { class: `badge badge-${kind}` }, word);
}
