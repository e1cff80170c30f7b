import { rows } from "../api.js";
import { h } from "../dom.js";
import { number } from "../format.js";
import { empty, loaded } from "../states.js";
import { t } from "../words.js";
import { percent } from "./audience-progress.js";
import { sentence } from "./definition.js";
import { keepingFocus } from "./fields.js";

/** @typedef {import("@headwater/api-client").Audience} Audience */

/** How often the list is asked while an audience looks at everybody. */
const AGAIN = 1500;

/** @param {import("../app.js").Screen} screen */
export function audiencesView({ place, signal }) {
  const list = h("div");
  place.append(h("div", { class: "head" }, h("h1", {}, t("audiences.audiences")), h("a", { class: "button button-main", href: "#/audiences/new" }, t("audiences.new_audience"))), list);
  void loaded(list, signal, () => rows("GET /audiences", { signal }), ({ data }) => show(data));
  /** While an audience looks at everybody, the list follows in place. */
  const follow = async () => {
    const found = await rows("GET /audiences", { signal }).catch(() => undefined);
    if (found && !signal.aborted) keepingFocus(list, () => list.replaceChildren(show(found.data)));
  };
  /** @param {Audience[]} data */
  function show(data) {
    if (data.length === 0) {
      return empty(t("audiences.no_audiences_yet"), t("audiences.an_audience_is_people_by"), h("a", { class: "button button-main", href: "#/audiences/new" }, t("audiences.make_the_first_one")));
    }
    if (data.some((audience) => buildOf(audience))) setTimeout(() => !signal.aborted && void follow(), AGAIN);
    const names = new Map(data.map(({ id, name }) => [id, name]));
    return h("ul", { class: "cards", role: "list" }, data.map((audience) => card(audience, (id) => names.get(id) ?? id)));
  }
}

/** What looks at everybody: the audience itself, or the definition that is to take over. @param {Audience} audience */
function buildOf(audience) {
  return audience.next ?? (audience.status === "ready" ? undefined : audience);
}

/** What its number is a number of. @param {Audience} audience */
function unit(audience) {
  const count = audience.members;
  const build = buildOf(audience);
  if (!build) return t("audiences.person_or_people", { count });
  const done = percent(build.progress);
  if (audience.next) return t("audiences.unit_version", { count, version: build.version, done });
  return t(build.stage === "counting" ? "audiences.unit_counting" : build.stage === "waiting" ? "audiences.unit_waiting" : "audiences.unit_looked_at", { count, done });
}

/** @param {Audience} audience @param {(id: string) => string} nameOf */
function card(audience, nameOf) {
  return h(
    "li",
    {},
    h(
      "a",
      { class: "card card-link", href: `#/audiences/${audience.id}` },
      h("div", {}, h("h2", {}, audience.name), h("p", { class: "quiet" }, t("audiences.people_who", { sentence: sentence(audience.definition, nameOf) }))),
      h("div", { class: "card-figure" }, h("p", { class: "big" }, number(audience.members)), h("p", { class: "quiet" }, unit(audience))),
    ),
  );
}
