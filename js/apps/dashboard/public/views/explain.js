import { h } from "../dom.js";
import { identifierText, kindName, moment, shortId } from "../format.js";
import { empty } from "../states.js";

/**
 * The evidence that joins a profile's identifiers, one sentence a link: which two, by which event and rule, and when.
 *
 * @param {any} answer
 */
export function explanation(answer) {
  const links = answer.links ?? [];
  const blocked = answer.blocked_merges ?? [];
  if (links.length === 0 && blocked.length === 0) {
    return empty("One identifier so far", "Nothing was joined. A sign-in or an alias would add evidence here.");
  }
  return h(
    "div",
    { class: "card explain" },
    h("ol", { role: "list" }, links.map(link)),
    blocked.length > 0 && h("h3", {}, "Merges that were blocked"),
    blocked.length > 0 && h("ol", { role: "list" }, blocked.map(refusal)),
  );
}

/** @param {any} one */
function ends(one) {
  return [one.a, one.b].filter(Boolean).map((identifier) => tag(identifierText(identifier)));
}

/** @param {string} text */
function tag(text) {
  const at = text.indexOf(":");
  return h("span", { class: "chip", title: text }, h("b", {}, kindName(text.slice(0, at))), shortId(text.slice(at + 1)));
}

/** @param {any} one */
function link(one) {
  const [a, b] = ends(one);
  const event = one.first_event;
  return h(
    "li",
    {},
    h("p", { class: "explain-pair" }, a, b && h("span", { class: "explain-join" }, "joined with"), b),
    h(
      "p",
      { class: "quiet" },
      sentence(one.reason ?? one.rule),
      one.first_seen ? ` First seen ${moment(one.first_seen)}` : "",
      one.last_seen && one.last_seen !== one.first_seen ? `, last ${moment(one.last_seen)}` : "",
      one.first_seen ? "." : "",
      one.rule && one.reason ? ` Rule: ${kindName(one.rule)}.` : "",
      event ? [" Event ", h("span", { class: "mono", title: event }, shortId(event)), "."] : "",
    ),
  );
}

/** @param {any} one */
function refusal(one) {
  const [a, b] = ends(one);
  return h("li", {}, h("p", { class: "explain-pair" }, a, b && h("span", { class: "explain-join" }, "kept apart from"), b), h("p", { class: "quiet" }, sentence(one.reason)));
}

/** @param {unknown} rule */
function sentence(rule) {
  if (typeof rule !== "string" || !rule) return "";
  const words = rule.replaceAll("_", " ");
  return `${words[0]?.toUpperCase()}${words.slice(1)}${words.endsWith(".") ? "" : "."}`;
}
