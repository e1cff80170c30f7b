import { api, withQuery } from "../api.js";
import { h } from "../dom.js";
import { number, plural } from "../format.js";
import { figures, together } from "../ledger-figures.js";
import { feed, onFeed } from "../live-feed.js";
import { OUTCOMES, outcomeName } from "../outcomes.js";
import { river } from "../river.js";
import { failed, loaded, loading } from "../states.js";
import { checklist, firstEvent, steps } from "./first-steps.js";
import { ALWAYS, verdict } from "./ledger.js";
import { row } from "./live.js";

const REFRESH = 3000;

/** @param {import("../app.js").Screen} screen */
export function homeView({ place, signal }) {
  const flow = h("section", { class: "card flow-card", "aria-labelledby": "flow" }, loading());
  const latest = h("div");
  const facts = h("div", { class: "home-side" });
  const first = h("div", { class: "first-steps" });
  place.append(
    h("div", { class: "head" }, h("h1", {}, "Start")),
    first,
    flow,
    h("div", { class: "home" }, h("section", { "aria-labelledby": "latest" }, h("div", { class: "head-small" }, h("h2", { id: "latest" }, "Latest events"), h("a", { href: "#/live" }, "All live events")), latest), facts),
  );
  const drawLatest = () => {
    const { events, state } = feed();
    latest.replaceChildren(
      events.length
        ? h("div", { class: "card flush" }, h("ul", { class: "events", role: "list" }, events.slice(0, 8).map(row)))
        : h("div", { class: "empty" }, h("p", { class: "empty-title" }, state === "open" ? "Listening" : "Connecting"), h("p", {}, "Events that arrive while this tab is open appear here within a second.")),
    );
  };
  drawLatest();
  onFeed(signal, drawLatest);
  keepFresh(flow, facts, first, signal);
}

/** @param {HTMLElement} flow @param {HTMLElement} facts @param {HTMLElement} first @param {AbortSignal} signal */
function keepFresh(flow, facts, first, signal) {
  let drawn = "";
  let onboarding = false;
  /** Whether anything has arrived yet: browsers number their events, servers' only make people. @type {boolean | undefined} */
  let arrived;
  let width = 0;
  const refresh = async () => {
    try {
      const all = await figures(signal);
      const before = arrived;
      arrived = arrived || together(all).numbered > 0 || (await api(withQuery("profiles", { limit: 1 }), { signal })).data.length > 0;
      if (before !== arrived) {
        const now = arrived;
        void loaded(first, signal, () => steps(signal, now), checklist);
        onboarding ||= !now;
        if (!now) flow.replaceChildren(...firstEvent((await api(withQuery("sources", { limit: 100 }), { signal })).data, signal));
      }
      // What waited for the first event stays while this screen is open, so that the line that turned green can be read.
      if (onboarding) return;
      const state = JSON.stringify(all);
      if (state !== drawn || width !== flow.clientWidth) {
        drawn = state;
        width = flow.clientWidth;
        flow.replaceChildren(...flowOf(all, width));
      }
    } catch (error) {
      if (signal.aborted) return;
      drawn = "";
      flow.replaceChildren(failed(error, () => void refresh()));
    }
  };
  void refresh();
  void loaded(facts, signal, () => factsOf(signal), (nodes) => nodes);
  const timer = setInterval(() => {
    if (!document.hidden) void refresh();
  }, REFRESH);
  const again = () => void refresh();
  window.addEventListener("resize", again);
  signal.addEventListener("abort", () => {
    clearInterval(timer);
    window.removeEventListener("resize", again);
  });
}

/** @param {import("../ledger-figures.js").Figures[]} all @param {number} width */
function flowOf(all, width) {
  const sum = together(all);
  if (sum.numbered === 0) {
    return [h("h2", { id: "flow" }, "Every event, accounted for"), h("p", { class: "quiet" }, "No browser has numbered an event yet. As soon as the SDK runs on a page, each number it gives out ends here in exactly one outcome."), h("p", { class: "flow-links" }, h("a", { href: "#/sources" }, "Put the SDK into a page"))];
  }
  const keys = [...new Set([...ALWAYS, ...OUTCOMES.map(({ key }) => key).filter((key) => sum.outcomes[key])])].sort((a, b) => OUTCOMES.findIndex(({ key }) => key === a) - OUTCOMES.findIndex(({ key }) => key === b));
  const branches = keys.map((key) => ({ key, name: outcomeName(key), count: sum.outcomes[key] ?? 0 }));
  if (sum.unexplained) branches.push({ key: "unexplained", name: "unexplained", count: sum.unexplained });
  return [
    h("div", { class: "flow-head" }, h("div", {}, h("h2", { id: "flow" }, "Every event, accounted for"), h("p", { class: "quiet" }, `${plural(sum.numbered, "event")} numbered by browsers`)), verdict(sum.unexplained)),
    river(Math.max(280, width - 44), sum.numbered, branches),
    h("p", { class: "flow-links" }, h("a", { href: "#/ledger" }, "Ledger by source"), h("a", { href: "#/quarantine" }, "Quarantine")),
  ];
}

/** @param {AbortSignal} signal */
async function factsOf(signal) {
  const [audiences, experiences] = await Promise.all([api(withQuery("audiences", { limit: 5 }), { signal }), api(withQuery("experiences", { limit: 5 }), { signal })]);
  return [
    shortList("Audiences", "#/audiences", audiences.data.map((/** @type {any} */ one) => [one.name, `#/audiences/${one.id}`, one.members])),
    shortList("Experiences", "#/experiences", experiences.data.map((/** @type {any} */ one) => [one.name, `#/experiences/${one.id}`, undefined])),
  ];
}

/** @param {string} title @param {string} href @param {[string, string, number | undefined][]} items */
function shortList(title, href, items) {
  return h(
    "section",
    { class: "card" },
    h("div", { class: "head-small" }, h("h2", {}, title), h("a", { href: `${href}/new`, "aria-label": `New: ${title}` }, "New")),
    items.length === 0
      ? h("p", { class: "quiet" }, "None yet.")
      : h("ul", { class: "short-list", role: "list" }, items.map(([name, link, count]) => h("li", {}, h("a", { href: link }, name), count !== undefined && h("span", { class: "quiet num" }, number(count))))),
  );
}
