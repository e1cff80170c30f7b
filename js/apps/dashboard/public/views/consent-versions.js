import { changes } from "../consent/policy.js";
import { h } from "../dom.js";
import { moment } from "../format.js";

/** Every version that was in force, with what each changed. @param {any[]} versions youngest first @param {number} current @param {(version: any) => void} restore */
export function policyVersions(versions, current, restore) {
  return h("ol", { class: "card flush rows-list", role: "list" }, versions.map((one, index) => {
    const before = versions[index + 1];
    const changed = before ? changes(before.policy, one.policy) : [];
    return h(
      "li",
      {},
      h(
        "div",
        { class: "row-head" },
        h("p", {}, h("b", {}, `Version ${one.version}`), h("span", { class: "quiet" }, ` ${moment(one.published_at)}`)),
        one.version === current
          ? h("span", { class: "badge badge-ok" }, "in force")
          : h("button", { type: "button", class: "button", click: () => restore(one) }, "Take into the form", h("span", { class: "sr" }, ` version ${one.version}`)),
      ),
      changed.length > 0 ? h("ul", { class: "bullets quiet" }, changed.map((line) => h("li", {}, line))) : h("p", { class: "quiet" }, before ? "Says the same as the version before." : "The first version."),
      h("details", { class: "raw" }, h("summary", {}, "As JSON", h("span", { class: "sr" }, ` version ${one.version}`)), h("pre", { class: "code", tabindex: "0", "aria-label": `Version ${one.version} as JSON` }, JSON.stringify(one.policy, null, 2))),
    );
  }));
}
