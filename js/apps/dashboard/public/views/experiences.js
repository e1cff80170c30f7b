import { api, withQuery } from "../api.js";
import { h } from "../dom.js";
import { plain, plural } from "../format.js";
import { empty, loaded } from "../states.js";

/** @param {import("../app.js").Screen} screen */
export function experiencesView({ place, signal }) {
  const list = h("div");
  place.append(h("div", { class: "head" }, h("h1", {}, "Experiences"), h("a", { class: "button button-main", href: "#/experiences/new" }, "New experience")), list);
  const load = async () => {
    const [experiences, audiences] = await Promise.all([api(withQuery("experiences", { limit: 100 }), { signal }), api(withQuery("audiences", { limit: 100 }), { signal })]);
    return { experiences: experiences.data, names: new Map(audiences.data.map((/** @type {any} */ one) => [one.id, one.name])) };
  };
  void loaded(list, signal, load, ({ experiences, names }) => {
    if (experiences.length === 0) {
      return empty("No experiences yet", "An experience puts something in a placement, such as the hero of a shop, for the people of one audience.", h("a", { class: "button button-main", href: "#/experiences/new" }, "Make the first one"));
    }
    return h("ul", { class: "cards", role: "list" }, experiences.map((/** @type {any} */ one) => card(one, names)));
  });
}

/** @param {any} experience @param {Map<string, string>} names */
function card(experience, names) {
  const audience = experience.audience_id;
  return h(
    "li",
    { class: "card experience" },
    h("div", { class: "experience-head" }, h("h2", {}, experience.name), h("span", { class: `badge badge-${experience.enabled === false ? "held" : "ok"}` }, experience.enabled === false ? "off" : "on")),
    h(
      "p",
      {},
      "Shows ",
      plural(experience.variants.length, "variant"),
      " in ",
      h("code", {}, experience.placement),
      " to ",
      audience ? h("a", { href: `#/audiences/${audience}` }, names.get(audience) ?? audience) : "everybody",
      experience.holdout ? `, holding out ${Math.round(experience.holdout * 100)} %.` : ".",
    ),
    h("ul", { class: "variants", role: "list" }, experience.variants.map((/** @type {any} */ variant) => h(
      "li",
      {},
      h("p", {}, h("b", {}, variant.key), h("span", { class: "quiet" }, ` weight ${variant.weight ?? 1}`)),
      h("dl", { class: "facts" }, Object.entries(variant.value ?? {}).map(([key, value]) => h("div", {}, h("dt", {}, key), h("dd", {}, plain(value))))),
    ))),
  );
}
