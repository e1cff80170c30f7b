import { causeOf } from "../cause.js";
import { copyButton } from "../cells.js";
import { h, icon } from "../dom.js";
import { moment, plain } from "../format.js";
import { tabs } from "../tabs.js";
import { eventName, isAudience, isEntered } from "../live-feed.js";
import { audienceBadge, badge, OUTCOMES, reasonText } from "../outcomes.js";
import { causeWords } from "./audience-changes.js";

/**
 * Everything about one event. A native dialog: it keeps focus inside, closes on Escape and gives the focus back.
 *
 * @param {{ event: any, outcome: string, reason?: string | null, at?: string, profileId?: string }} line
 */
export function eventDialog({ event, outcome, reason, at, profileId }) {
  const json = JSON.stringify(event, null, 2);
  const cause = isAudience(event) ? undefined : causeOf(outcome, reason, event);
  const dialog = h(
    "dialog",
    { class: "sheet", "aria-labelledby": "sheet-title", click: (/** @type {MouseEvent} */ click) => click.target === dialog && dialog.close(), close: () => dialog.remove() },
    h(
      "div",
      { class: "sheet-in" },
      h("div", { class: "sheet-head" }, h("h2", { id: "sheet-title" }, eventName(event)), h("button", { type: "button", class: "icon-button", click: () => dialog.close() }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, "Close"))),
      h("p", { class: "sheet-outcome" }, isAudience(event) ? [audienceBadge(isEntered(event)), " ", "Noticed here as it happened: nobody has sent it."] : [badge(outcome), " ", reasonText(reason) || (OUTCOMES.find(({ key }) => key === outcome)?.means ?? "")]),
      cause && h("div", { class: "cause" }, h("p", {}, cause.text), cause.href && h("a", { class: "button", href: cause.href, click: () => dialog.close() }, cause.name)),
      violations(event.violations),
      h("div", { class: "row-actions" }, profileId && h("a", { class: "button button-main", href: `#/people/${encodeURIComponent(profileId)}`, click: () => dialog.close() }, "See this person"), outcome === "quarantined" && event.messageId && h("a", { class: "button", href: `#/quarantine?q=${encodeURIComponent(event.messageId)}`, click: () => dialog.close() }, "Find it in quarantine"), copyButton(json, "Copy JSON")),
      tabs({
        label: "The event",
        items: [
          { key: "facts", name: "In words", draw: (panel) => panel.append(facts(event, at), ...sentValues(event)) },
          { key: "json", name: outcome === "quarantined" ? "As it was sent" : "As it is kept", draw: (panel) => panel.append(h("pre", { class: "code", tabindex: "0", "aria-label": "The event as JSON" }, json)) },
        ],
      }),
    ),
  );
  document.body.append(dialog);
  dialog.showModal();
}

/** Where a stored event differs from the tracking plan. @param {any[] | undefined} found */
function violations(found = []) {
  if (found.length === 0) return null;
  return h("div", {}, h("h3", {}, "Differs from the tracking plan"), h("ul", { role: "list" }, found.map((one) => h("li", {}, one.path && h("code", {}, one.path), ` expected ${one.expected}, found ${one.found}`))));
}

/** What the event says of itself, name by name. @param {any} event @returns {Node[]} */
function sentValues(event) {
  return [["Properties", event.properties], ["Traits", event.traits]].flatMap(([title, values]) => {
    const entries = values && typeof values === "object" && !isAudience(event) ? Object.entries(values) : [];
    if (entries.length === 0) return [];
    return [h("div", {}, h("h3", {}, title), h("dl", { class: "facts" }, entries.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, plain(value))))))];
  });
}

/** @param {any} event @param {string | undefined} at */
function facts(event, at) {
  // A stored event carries its receipt and its number; one that was refused still has them where it was sent.
  const consent = event.receipt ?? event.context?.consent;
  const allowed = Object.entries(consent?.categoryPreferences ?? {}).map(([purpose, given]) => `${purpose.replaceAll("_", " ")} ${given ? "yes" : "no"}`);
  const mark = event.ledger ?? event.context?.ledger;
  /** @type {[string, string][]} */
  const all = [
    [isAudience(event) ? "Happened" : "Received", at ? moment(at) : ""],
    ["Audience", event.properties?.audience_id && isAudience(event) ? event.properties.audience_id : ""],
    ["Why", isAudience(event) ? causeWords(event.properties?.cause) : ""],
    ["Type", event.type ?? ""],
    ["User id", event.userId ?? ""],
    ["Anonymous id", event.anonymousId ?? ""],
    ["Message id", event.messageId ?? ""],
    ["Consent", allowed.join(", ")],
    ["Held until", (event.release ?? consent?.release)?.releasedAt ? moment((event.release ?? consent.release).releasedAt) : ""],
    ["Ledger", mark ? `number ${mark.seq} of tab ${mark.tab}` : ""],
  ];
  return h("dl", { class: "facts" }, all.filter(([, value]) => value).map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))));
}
