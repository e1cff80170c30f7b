import { h } from "../dom.js";
import { identifierText, kindName, moment, shortId } from "../format.js";
import { empty } from "../states.js";
import { rich, t } from "../words.js";

/** @typedef {import("@headwater/api-client").ProfileLink} Link */
/** @typedef {import("@headwater/api-client").BlockedMerge} Blocked */

/**
 * The evidence that joins a profile's identifiers, one sentence a link: which two, by which event and rule, and when.
 *
 * @param {{ links: Link[], blocked_merges?: Blocked[] }} answer
 */
export function explanation({ links, blocked_merges: blocked = [] }) {
  if (links.length === 0 && blocked.length === 0) {
    return empty(t("explain.one_identifier_so_far"), t("explain.nothing_was_joined_a_sign"));
  }
  return h(
    "div",
    { class: "card explain" },
    h("ol", { role: "list" }, links.map(link)),
    blocked.length > 0 && h("h3", {}, t("explain.merges_that_were_blocked")),
    blocked.length > 0 && h("ol", { role: "list" }, blocked.map(refusal)),
  );
}

/** @param {Link | Blocked} one */
function ends({ a, b }) {
  return [a, b].map((identifier) => tag(identifierText(identifier)));
}

/** @param {string} text */
function tag(text) {
  const at = text.indexOf(":");
  return h("span", { class: "chip", title: text }, h("b", {}, kindName(text.slice(0, at))), shortId(text.slice(at + 1)));
}

/** @param {Link} one */
function link(one) {
  const [a, b] = ends(one);
  const { first_event: event, first_seen: first, last_seen: last } = one;
  return h(
    "li",
    {},
    h("p", { class: "explain-pair" }, a, h("span", { class: "explain-join" }, t("explain.joined_with")), b),
    h(
      "p",
      { class: "quiet" },
      h("span", { translate: "no" }, sentence(one.reason)),
      " ",
      first === last ? t("explain.first_seen", { first: moment(first) }) : t("explain.first_and_last_seen", { first: moment(first), last: moment(last) }),
      " ",
      t("explain.rule", { rule: kindName(one.rule) }),
      " ",
      rich("explain.event", { event: shortId(event), mono: (inside) => h("span", { class: "mono", title: event }, inside) }),
    ),
  );
}

/** @param {Blocked} one */
function refusal(one) {
  const [a, b] = ends(one);
  return h("li", {}, h("p", { class: "explain-pair" }, a, h("span", { class: "explain-join" }, t("explain.kept_apart_from")), b), h("p", { class: "quiet", translate: "no" }, sentence(one.reason)));
}

/** @param {string} reason */
function sentence(reason) {
  const words = reason.replaceAll("_", " ");
  return `${words[0]?.toUpperCase()}${words.slice(1)}${words.endsWith(".") ? "" : "."}`;
}
