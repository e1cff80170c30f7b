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
    h("div", { class: "head" }, h("h1", {}, "Identity")),
    h("p", { class: "lead" }, "Which identifiers are one person: by what rules, what waits for your judgement, and what was decided. Every merge can be undone."),
    tabs({ label: "Identity", name: "tab", chosen: query.get("tab"), items: [
      { key: "review", name: "Review queue", draw: (panel) => reviewPanel(panel, signal) },
      { key: "automatic", name: t("automatic.tab"), draw: (panel) => automaticPanel(panel, signal) },
      { key: "held", name: "Held merges", draw: (panel) => heldPanel(panel, signal) },
      { key: "decisions", name: "Decisions", draw: (panel) => decisionsPanel(panel, signal, query) },
      { key: "rules", name: "Rules", draw: (panel) => rulesPanel(panel, signal) },
    ] }),
  );
}
