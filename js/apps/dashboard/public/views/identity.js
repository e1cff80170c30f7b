import { tabs } from "../tabs.js";
import { h } from "../dom.js";
import { t } from "../words.js";
import { automaticPanel } from "./identity-automatic.js";
import { decisionsPanel } from "./identity-decisions.js";
import { heldPanel } from "./identity-held.js";
import { reviewPanel } from "./identity-review.js";
import { rulesPanel } from "./identity-rules.js";

/** @param {import("../app.js").Screen} screen */
export function identityView({ place, signal, query }) {
  place.append(
    h("div", { class: "head" }, h("h1", {}, t("identity.identity"))),
    h("p", { class: "lead" }, t("identity.which_identifiers_are_one_person")),
    tabs({ label: t("identity.identity"), name: "tab", chosen: query.get("tab"), items: [
      { key: "review", name: t("identity.review_queue"), draw: (panel) => reviewPanel(panel, signal) },
      { key: "automatic", name: t("automatic.tab"), draw: (panel) => automaticPanel(panel, signal) },
      { key: "held", name: t("identity.held_merges"), draw: (panel) => heldPanel(panel, signal) },
      { key: "decisions", name: t("identity.decisions"), draw: (panel) => decisionsPanel(panel, signal, query) },
      { key: "rules", name: t("identity.rules"), draw: (panel) => rulesPanel(panel, signal) },
    ] }),
  );
}
