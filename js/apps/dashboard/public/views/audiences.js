import { all } from "../api.js";
import { h } from "../dom.js";
import { number } from "../format.js";
import { empty, loaded } from "../states.js";
import { sentence } from "./definition.js";

/** @param {import("../app.js").Screen} screen */
export function audiencesView({ place, signal }) {
  const list = h("div");
  place.append(h("div", { class: "head" }, h("h1", {}, "Audiences"), h("a", { class: "button button-main", href: "#/audiences/new" }, "New audience")), list);
  void loaded(list, signal, () => all("audiences", signal), ({ data }) => {
    if (data.length === 0) {
      return empty("No audiences yet", "An audience is people by rule, such as everybody who looked at sneakers three times this month. Memberships change as events arrive, and as time passes.", h("a", { class: "button button-main", href: "#/audiences/new" }, "Make the first one"));
    }
    const names = new Map(data.map(({ id, name }) => [id, name]));
    return h("ul", { class: "cards", role: "list" }, data.map((audience) => card(audience, (id) => names.get(id) ?? id)));
  });
}

/** @param {any} audience @param {(id: string) => string} nameOf */
function card(audience, nameOf) {
  return h(
    "li",
    {},
    h(
      "a",
      { class: "card card-link", href: `#/audiences/${audience.id}` },
      h("div", {}, h("h2", {}, audience.name), h("p", { class: "quiet" }, `People who ${sentence(audience.definition, nameOf)}`)),
      h("div", { class: "card-figure" }, h("p", { class: "big" }, number(audience.members)), h("p", { class: "quiet" }, audience.status === "building" ? "people, still counting" : audience.members === 1 ? "person" : "people")),
    ),
  );
}
