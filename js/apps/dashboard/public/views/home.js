import { call, rows } from "../api.js";
import { h } from "../dom.js";
import { number } from "../format.js";
import { figures, together } from "../ledger-figures.js";
import { feed, onFeed } from "../live-feed.js";
import { OUTCOMES, outcomeName } from "../outcomes.js";
import { river } from "../river.js";
import { failed, loaded, loading } from "../states.js";
import { t } from "../words.js";
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
    h("div", { class: "head" }, h("h1", {}, t("home.title"))),
    first,
    flow,
    h("div", { class: "home" }, h("section", { "aria-labelledby": "latest" }, h("div", { class: "head-small" }, h("h2", { id: "latest" }, t("home.latest")), h("a", { href: "#/live" }, t("home.all_live"))), latest), facts),
  );
  const drawLatest = () => {
    const { events, state } = feed();
    latest.replaceChildren(
      events.length
        ? h("div", { class: "card flush" }, h("ul", { class: "events", role: "list" }, events.slice(0, 8).map(row)))
        : h("div", { class: "empty" }, h("p", { class: "empty-title" }, state === "open" ? t("home.listening") : t("home.connecting")), h("p", {}, t("home.listening_text"))),
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
      arrived = arrived || together(all).numbered > 0 || (await call("GET /profiles", { query: { limit: 1 }, signal })).data.length > 0;
      if (before !== arrived) {
        const now = arrived;
        void loaded(first, signal, () => steps(signal, now), checklist);
        onboarding ||= !now;
        if (!now) flow.replaceChildren(...firstEvent((await rows("GET /sources", { signal })).data, signal));
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
    return [h("h2", { id: "flow" }, t("home.accounted")), h("p", { class: "quiet" }, t("home.unnumbered")), h("p", { class: "flow-links" }, h("a", { href: "#/sources" }, t("home.put_sdk")))];
  }
  const keys = [...new Set([...ALWAYS, ...OUTCOMES.map(({ key }) => key).filter((key) => sum.outcomes[key])])].sort((a, b) => OUTCOMES.findIndex(({ key }) => key === a) - OUTCOMES.findIndex(({ key }) => key === b));
  const branches = keys.map((key) => ({ key, name: outcomeName(key), count: sum.outcomes[key] ?? 0 }));
  if (sum.unexplained) branches.push({ key: "unexplained", name: t("home.unexplained"), count: sum.unexplained });
  return [
    h("div", { class: "flow-head" }, h("div", {}, h("h2", { id: "flow" }, t("home.accounted")), h("p", { class: "quiet" }, t("home.numbered", { count: sum.numbered }))), verdict(sum.unexplained)),
    river(Math.max(280, width - 44), sum.numbered, branches),
    h("p", { class: "flow-links" }, h("a", { href: "#/ledger" }, t("home.by_source")), h("a", { href: "#/quarantine" }, t("home.quarantine"))),
  ];
}

/** @param {AbortSignal} signal */
async function factsOf(signal) {
  const [audiences, experiences] = await Promise.all([call("GET /audiences", { query: { limit: 5 }, signal }), call("GET /experiences", { query: { limit: 5 }, signal })]);
  return [
    shortList(t("home.audiences"), "#/audiences", audiences.data.map((one) => [one.name, `#/audiences/${one.id}`, one.members])),
    shortList(t("home.experiences"), "#/experiences", experiences.data.map((one) => [one.name, `#/experiences/${one.id}`, undefined])),
  ];
}

/** @param {string} title @param {string} href @param {[string, string, number | undefined][]} items */
function shortList(title, href, items) {
  return h(
    "section",
    { class: "card" },
    h("div", { class: "head-small" }, h("h2", {}, title), h("a", { href: `${href}/new`, "aria-label": t("home.new_of", { title }) }, t("home.new"))),
    items.length === 0
      ? h("p", { class: "quiet" }, t("home.none"))
      : h("ul", { class: "short-list", role: "list" }, items.map(([name, link, count]) => h("li", {}, h("a", { href: link }, name), count !== undefined && h("span", { class: "quiet num" }, number(count))))),
  );
}
