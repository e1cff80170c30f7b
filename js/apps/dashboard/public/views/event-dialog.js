import { causeOf } from "../cause.js";
import { copyButton } from "../cells.js";
import { h, icon } from "../dom.js";
import { inOneLine, moment, plain } from "../format.js";
import { tabs } from "../tabs.js";
import { eventName, isAudience, isEntered } from "../live-feed.js";
import { audienceBadge, badge, OUTCOMES, reasonText } from "../outcomes.js";
import { t } from "../words.js";
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
      h("div", { class: "sheet-head" }, h("h2", { id: "sheet-title" }, eventName(event)), h("button", { type: "button", class: "icon-button", click: () => dialog.close() }, icon("M6 6l12 12M18 6 6 18"), h("span", { class: "sr" }, t("event.close")))),
      h("p", { class: "sheet-outcome" }, isAudience(event) ? [audienceBadge(isEntered(event)), " ", t("event.noticed")] : [badge(outcome), " ", reasonText(reason) || (OUTCOMES.find(({ key }) => key === outcome)?.means ?? "")]),
      cause && h("div", { class: "cause" }, h("p", {}, cause.text), cause.href && h("a", { class: "button", href: cause.href, click: () => dialog.close() }, cause.name)),
      violations(event.violations),
      h("div", { class: "row-actions" }, profileId && h("a", { class: "button button-main", href: `#/people/${encodeURIComponent(profileId)}`, click: () => dialog.close() }, t("event.see_person")), outcome === "quarantined" && event.messageId && h("a", { class: "button", href: `#/quarantine?q=${encodeURIComponent(event.messageId)}`, click: () => dialog.close() }, t("event.find_in_quarantine")), copyButton(json, t("event.copy_json"))),
      tabs({
        label: t("event.title"),
        items: [
          { key: "facts", name: t("event.in_words"), draw: (panel) => panel.append(facts(event, at), ...sentValues(event)) },
          { key: "json", name: outcome === "quarantined" ? t("event.as_sent") : t("event.as_kept"), draw: (panel) => panel.append(h("pre", { class: "code", tabindex: "0", "aria-label": t("event.as_json") }, json)) },
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
  return h("div", {}, h("h3", {}, t("event.differs")), h("ul", { role: "list" }, found.map((one) => h("li", {}, one.path && h("code", {}, one.path), t("event.expected", { expected: one.expected, found: one.found })))));
}

/** What the event says of itself, name by name. @param {any} event @returns {Node[]} */
function sentValues(event) {
  return [[t("event.properties"), event.properties], [t("event.traits"), event.traits]].flatMap(([title, values]) => {
    const entries = values && typeof values === "object" && !isAudience(event) ? Object.entries(values) : [];
    if (entries.length === 0) return [];
    return [h("div", {}, h("h3", {}, title), h("dl", { class: "facts" }, entries.map(([name, value]) => h("div", {}, h("dt", {}, name), h("dd", {}, plain(value))))))];
  });
}

/** @param {any} event @param {string | undefined} at */
function facts(event, at) {
  // A stored event carries its receipt and its number; one that was refused still has them where it was sent.
  const consent = event.receipt ?? event.context?.consent;
  const allowed = Object.entries(consent?.categoryPreferences ?? {}).map(([purpose, given]) => given ? t("event.purpose_yes", { purpose: purpose.replaceAll("_", " ") }) : t("event.purpose_no", { purpose: purpose.replaceAll("_", " ") }));
  const mark = event.ledger ?? event.context?.ledger;
  /** @type {[string, string][]} */
  const all = [
    [isAudience(event) ? t("event.happened") : t("event.received"), at ? moment(at) : ""],
    [t("event.audience"), event.properties?.audience_id && isAudience(event) ? event.properties.audience_id : ""],
    [t("event.why"), isAudience(event) ? causeWords(event.properties?.cause) : ""],
    [t("event.type"), event.type ?? ""],
    [t("event.user_id"), event.userId ?? ""],
    [t("event.anonymous_id"), event.anonymousId ?? ""],
    [t("event.message_id"), event.messageId ?? ""],
    [t("event.consent"), inOneLine(allowed)],
    [t("event.held_until"), (event.release ?? consent?.release)?.releasedAt ? moment((event.release ?? consent.release).releasedAt) : ""],
    [t("event.ledger"), mark ? t("event.mark", { number: mark.seq, tab: mark.tab }) : ""],
  ];
  return h("dl", { class: "facts" }, all.filter(([, value]) => value).map(([label, value]) => h("div", {}, h("dt", {}, label), h("dd", {}, value))));
}
