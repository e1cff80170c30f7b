import { all, api } from "../api.js";
import { h } from "../dom.js";
import { kindName } from "../format.js";
import { empty, loaded } from "../states.js";
import { confirmDialog } from "./confirm-dialog.js";
import { percent } from "./audience-progress.js";
import { computedSentence } from "./definition.js";
import { keepingFocus } from "./fields.js";

/** How often the list is asked while something is still being counted. */
const AGAIN = 1500;

/** @param {import("../app.js").Screen} screen */
export function computedTraitsView({ place, signal }) {
  const list = h("div");
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Computed traits"), h("a", { class: "button button-main", href: "#/computed-traits/new" }, "New computed trait")),
    h("p", { class: "lead" }, "Facts about a person that follow from their events: how many orders, how much spent, which category last. Audiences can look at them."),
    list,
  );
  const load = () => loaded(list, signal, () => all("computed_traits", signal), ({ data }) => show(data));
  /** While something is being counted, the list follows in place. */
  const follow = async () => {
    const found = await all("computed_traits", signal).catch(() => undefined);
    if (found && !signal.aborted) keepingFocus(list, () => list.replaceChildren(show(found.data)));
  };
  /** @param {any[]} traits */
  function show(traits) {
    if (traits.length === 0) {
      return empty("No computed traits yet", "A first one could be the number of orders, or the sum that a person spent in the last year. What is stored already is counted too.", h("a", { class: "button button-main", href: "#/computed-traits/new" }, "Make the first one"));
    }
    if (traits.some(({ status, next }) => status !== "ready" || next)) setTimeout(() => !signal.aborted && void follow(), AGAIN);
    return h("ul", { class: "card flush", role: "list" }, traits.map(row));
  }
  /** @param {any} trait */
  function row(trait) {
    const build = trait.next ?? trait;
    const done = percent(build.progress);
    const busy = trait.status !== "ready" || trait.next;
    return h(
      "li",
      { class: "computed" },
      h("div", {}, h("h2", {}, kindName(trait.key)), h("p", { class: "quiet" }, computedSentence(trait)), h("p", { class: "quiet mono" }, trait.key)),
      busy
        ? h("span", { class: "computed-progress" }, h("progress", { max: 100, value: done, "aria-label": `Counting what is stored for ${trait.key}` }), h("span", { class: "quiet" }, trait.next ? `version ${build.version}: ${done} % counted` : `${done} % counted`))
        : h("span", { class: "badge badge-ok" }, "up to date"),
      h(
        "span",
        { class: "row-actions" },
        h("a", { class: "button", href: `#/computed-traits/${encodeURIComponent(trait.id)}` }, "Change", h("span", { class: "sr" }, ` ${trait.key}`)),
        h("button", { type: "button", class: "button", click: () => remove(trait) }, "Delete", h("span", { class: "sr" }, ` ${trait.key}`)),
      ),
    );
  }
  /** @param {any} trait */
  function remove(trait) {
    confirmDialog({
      title: `Delete ${kindName(trait.key)}?`,
      text: "It disappears from every profile. The events that it was counted from stay.",
      button: "Delete computed trait",
      act: async () => {
        await api(`computed_traits/${encodeURIComponent(trait.id)}`, { method: "DELETE" });
        await load();
      },
    });
  }
  void load();
}
