import { call, rows } from "../api.js";
import { h } from "../dom.js";
import { kindName } from "../format.js";
import { empty, loaded } from "../states.js";
import { rich, t } from "../words.js";
import { confirmDialog } from "./confirm-dialog.js";
import { percent } from "./audience-progress.js";
import { computedSentence } from "./definition.js";
import { keepingFocus } from "./fields.js";

/** @typedef {import("@headwater/api-client").ComputedTrait} Trait */

/** How often the list is asked while something is still being counted. */
const AGAIN = 1500;

/** What only those hear who do not see what it is about. */
const sr = (/** @type {import("../dom.js").Child[]} */ inside) => h("span", { class: "sr" }, inside);

/** @param {import("../app.js").Screen} screen */
export function computedTraitsView({ place, signal }) {
  const list = h("div");
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("traits.computed_traits")), h("a", { class: "button button-main", href: "#/computed-traits/new" }, t("traits.new_computed_trait"))),
    h("p", { class: "lead" }, t("traits.facts_about_a_person_that")),
    list,
  );
  const load = () => loaded(list, signal, () => rows("GET /computed_traits", { signal }), ({ data }) => show(data));
  /** While something is being counted, the list follows in place. */
  const follow = async () => {
    const found = await rows("GET /computed_traits", { signal }).catch(() => undefined);
    if (found && !signal.aborted) keepingFocus(list, () => list.replaceChildren(show(found.data)));
  };
  /** @param {Trait[]} traits */
  function show(traits) {
    if (traits.length === 0) {
      return empty(t("traits.no_computed_traits_yet"), t("traits.a_first_one_could_be"), h("a", { class: "button button-main", href: "#/computed-traits/new" }, t("traits.make_the_first_one")));
    }
    if (traits.some(({ status, next }) => status !== "ready" || next)) setTimeout(() => !signal.aborted && void follow(), AGAIN);
    return h("ul", { class: "card flush", role: "list" }, traits.map(row));
  }
  /** @param {Trait} trait */
  function row(trait) {
    const build = trait.next ?? trait;
    const done = percent(build.progress);
    const busy = trait.status !== "ready" || trait.next;
    return h(
      "li",
      { class: "computed" },
      h("div", {}, h("h2", {}, kindName(trait.key)), h("p", { class: "quiet" }, computedSentence(trait)), h("p", { class: "quiet mono" }, trait.key)),
      busy
        ? h("span", { class: "computed-progress" }, h("progress", { max: 100, value: done, "aria-label": t("traits.counting_what_is_stored_for", { key: trait.key }) }), h("span", { class: "quiet" }, trait.next ? t("traits.version_counted", { version: build.version, done }) : t("traits.done_counted", { done })))
        : h("span", { class: "badge badge-ok" }, t("traits.up_to_date")),
      h(
        "span",
        { class: "row-actions" },
        h("a", { class: "button", href: `#/computed-traits/${encodeURIComponent(trait.id)}` }, rich("traits.change_of", { key: trait.key, sr })),
        h("button", { type: "button", class: "button", click: () => remove(trait) }, rich("traits.delete_of", { key: trait.key, sr })),
      ),
    );
  }
  /** @param {Trait} trait */
  function remove(trait) {
    confirmDialog({
      title: t("traits.delete_key", { key: kindName(trait.key) }),
      text: t("traits.it_disappears_from_every_profile"),
      button: t("traits.delete_computed_trait"),
      act: async () => {
        await call("DELETE /computed_traits/{id}", { path: { id: trait.id } });
        await load();
      },
    });
  }
  void load();
}
