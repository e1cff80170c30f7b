import type { CapturedEvent, ConsentState, Decision, EventMap, Headwater, Inspection, OutcomeName, Why } from "../index.d.ts";
import { DECIDED, MARK } from "./fields.ts";
import { attempt } from "./guard.ts";
import { STYLE } from "./debug-style.ts";

/** Outcomes and names that are shown; older ones are counted only. */
const MOST_EVENTS = 30;
const MOST_NAMES = 500;
const HOST = "headwater-debug";
/** Everything after which the panel may have something else to say. */
const NEWS: (keyof EventMap)[] = ["consent", "captured", "held", "sent", "outcome", "decisions", "dropped", "error"];

type Child = Node | string | undefined | false;
type Panel = HTMLElement & { reopen?: () => void };
type Early = [method: "ready", then: () => void][];
/** What was decided for a placement, and where. */
type Found = { decision: Decision; where: string; parts: number };

function show(headwater: Headwater): void {
  const host: Panel = document.createElement(HOST);
  const root = host.attachShadow({ mode: "open" });
  // Unlike a style element, one of these is allowed by every policy.
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(STYLE);
  root.adoptedStyleSheets = [sheet];

  const close = el("button", { type: "button", class: "close", "aria-label": "Close the panel" });
  const engine = el("span", { class: "engine" });
  const consent = section("Consent");
  const events = section("Events");
  const decisions = section("Decisions");
  const panel = el(
    "section",
    { class: "panel", role: "region", "aria-label": "Headwater debug panel", tabindex: "-1" },
    el("header", {}, el("h2", {}, "Headwater"), engine, close),
    el("div", { class: "body", tabindex: "0", role: "group", "aria-label": "What the SDK knows" }, decisions.box, consent.box, events.box),
  );
  root.append(panel);

  /** Names of events by message id, of those that were captured since the panel is here. */
  const names = new Map<string, string>();
  let errors: string[] = [];
  let awaited = false;
  const render = (): void => {
    awaited = false;
    const state = headwater.inspect();
    engine.textContent = `${headwater.version}, ${{ wasm: "WebAssembly", js: "JavaScript", none: "not running" }[state.engine]}`;
    consent.fill(consentOf(state));
    events.fill(eventsOf(state, names, errors));
    decisions.fill(decisionsOf(state, headwater));
  };
  const later = (): void => {
    if (awaited || host.hidden) return;
    awaited = true;
    requestAnimationFrame(() => attempt(render));
  };
  const listen = <Name extends keyof EventMap>(name: Name, then: (value: EventMap[Name]) => void): void =>
    void headwater.on(name, (value) => attempt(() => then(value)));
  for (const name of NEWS) {
    listen(name, (value) => {
      if (name === "captured") note(names, value as CapturedEvent);
      if (name === "error") errors = [...errors, value instanceof Error ? value.message : String(value)].slice(-5);
      later();
    });
  }
  // Ages grow while nothing happens.
  setInterval(() => attempt(() => host.hidden || ages(root)), 1_000);

  const hide = (): void => {
    host.hidden = true;
  };
  host.reopen = () => {
    host.hidden = false;
    render();
    // Whoever is typing goes on typing.
    if (!document.activeElement || document.activeElement === document.body) close.focus({ preventScroll: true });
  };
  close.addEventListener("click", () => attempt(hide));
  panel.addEventListener("keydown", (event) => {
    if (event.key !== "Escape") return;
    // The page has keys of its own.
    event.stopPropagation();
    attempt(hide);
  });
  // Beside the body, whose children a page may count.
  document.documentElement.append(host);
  host.reopen();
}

function note(names: Map<string, string>, event: CapturedEvent): void {
  names.set(event.messageId, event.event || event.name || event.type);
  if (names.size > MOST_NAMES) names.delete(names.keys().next().value!);
}

/** A part of the panel that can be folded, and that is drawn anew only when it says something else. */
function section(title: string): { box: HTMLElement; fill: (children: Child[]) => void } {
  const inside = el("div", { class: "inside" });
  const box = el("details", { open: "" }, el("summary", {}, el("h3", {}, title)), inside);
  let before = "";
  return {
    box,
    fill(children) {
      const next = el("div", {}, ...children);
      if (next.innerHTML === before) return;
      before = next.innerHTML;
      inside.replaceChildren(...next.childNodes);
      ages(inside);
    },
  };
}

const STATES: Record<ConsentState, string> = { granted: "good", denied: "bad", pending: "open" };

function consentOf(state: Inspection): Child[] {
  const rows = Object.entries(state.consent).map(([purpose, word]) => el("tr", {}, el("th", { scope: "row" }, purpose), el("td", {}, chip(word, STATES[word]))));
  const facts: Child[] = [
    fact("From", state.source === "default" ? "nobody has chosen: the place's default" : state.source),
    state.chosenAt ? fact("Chosen", age(state.chosenAt)) : undefined,
    (navigator as { globalPrivacyControl?: boolean }).globalPrivacyControl ? fact("Browser", "sends Global Privacy Control") : undefined,
  ];
  return [el("dl", {}, ...facts), el("table", {}, el("tbody", {}, ...rows))];
}

const OUTCOMES: Record<OutcomeName, string> = { ok: "good", duplicate: "good", held: "open", retry: "open", denied: "bad", quarantined: "bad" };

function eventsOf(state: Inspection, names: Map<string, string>, errors: string[]): Child[] {
  const count = (value: number, what: string): Node => el("div", {}, el("dt", {}, what), el("dd", {}, String(value)));
  const lost = Object.values(state.dropped).reduce((sum, one) => sum + one, 0);
  const lines = state.outcomes
    .slice(-MOST_EVENTS)
    .reverse()
    .map(({ messageId, outcome, reason }) =>
      el(
        "li",
        {},
        el("div", { class: "line" }, el("span", { class: "name" }, names.get(messageId) ?? "an earlier event"), chip(outcome, OUTCOMES[outcome])),
        el("code", {}, messageId),
        reason ? el("p", {}, reason) : undefined,
      ),
    );
  return [
    el("dl", { class: "counts" }, count(state.held, "wait for a choice"), count(state.queued, "on their way"), count(state.sent, "settled"), count(lost, "lost")),
    ...Object.entries(state.dropped).map(([reason, number]) => el("p", { class: "bad" }, `${number} lost: ${reason.replace(/_/g, " ")}`)),
    ...errors.map((error) => el("p", { class: "bad" }, error)),
    lines.length ? el("ol", { class: "list" }, ...lines) : el("p", { class: "none" }, "No event of this page has an outcome yet."),
  ];
}

/** Decisions by placement: what the page asked for, what the edge decided on the page's way, and marks without any. */
function found(state: Inspection): Map<string, Found | number> {
  const all = new Map<string, Found | number>();
  for (const element of document.querySelectorAll(`[${MARK}]`)) {
    const placement = element.getAttribute(MARK)!;
    const before = all.get(placement) ?? 0;
    const text = element.getAttribute(DECIDED);
    const decision = text === null ? undefined : (attempt(() => JSON.parse(text)) as Decision | undefined);
    const parts = (typeof before === "number" ? before : before.parts) + 1;
    all.set(placement, decision ? { decision, where: "the edge, on the page's way here", parts } : typeof before === "number" ? parts : { ...before, parts });
  }
  for (const [placement, decision] of Object.entries(state.decisions)) {
    const known = all.get(placement);
    // What stands on the page was decided on its way; a later answer to an event changes nothing there.
    if (typeof known === "object") continue;
    all.set(placement, { decision, where: "the edge, asked by the page", parts: known ?? 0 });
  }
  return all;
}

function decisionsOf(state: Inspection, headwater: Headwater): Child[] {
  const all = [...found(state)];
  if (!all.length) return [el("p", { class: "none" }, "This page has no placements, and has asked for none.")];
  return all.map(([placement, known]) => {
    if (typeof known === "number") {
      const why = headwater.user().anonymousId() ? "Nothing is decided for it yet, or the time for it was over." : "Nobody was asked: consent does not allow it.";
      return el("article", {}, el("div", { class: "line" }, el("h4", {}, placement), chip("default", "open")), el("p", {}, why));
    }
    const { decision, where, parts } = known;
    const held = decision.exposure?.holdout;
    const why = decision.why ?? [];
    // As a rule all of them rest on the same.
    const [same, ...others] = new Set(why.map(({ as_of }) => as_of));
    const together = others.length === 0 ? same : undefined;
    return el(
      "article",
      {},
      el("div", { class: "line" }, el("h4", {}, placement), chip(held ? "holdout" : (decision.variant ?? "default"), decision.variant == null ? "open" : "good")),
      el(
        "dl",
        {},
        fact("Decided by", where),
        decision.experience ? fact("Experience", el("code", {}, decision.experience)) : undefined,
        fact("In this page", parts === 0 ? "no element is marked" : parts === 1 ? "one element" : `${parts} elements`),
      ),
      decision.reasons.length > 0 && el("ul", { class: "reasons" }, ...decision.reasons.map((reason) => el("li", {}, reason))),
      why.length > 0 && el("ol", { class: "why" }, ...why.map((one) => clause(one, !together))),
      together && el("p", { class: "evidence" }, "All on what was known ", age(together)),
    );
  });
}

const CAUSES: Record<Why["outcome"], string> = {
  chosen: "decides",
  audience: "is for an audience without this visitor",
  variant_audience: "has no variant for this visitor",
  schedule: "has not begun, or is over",
  cap: "was shown often enough",
  holdout: "decides: this visitor is held out",
  priority: "was not asked: one before it decided",
  disabled: "is switched off",
  consent: "consent does not allow a decision",
  caller: "it is not known who asks",
  unavailable: "what is known could not be read in time",
};
const BY: Record<NonNullable<Why["by"]>, string> = { exposure: "it was shown first, and stays", audience: "by the variant's own audience", hash: "by the split" };

/** One experience that was asked: what became of it, on which evidence, and (`dated`) how old that is. */
function clause({ experience, outcome, by, audiences = [], as_of }: Why, dated: boolean): Node {
  return el(
    "li",
    {},
    el("p", {}, experience && el("code", {}, experience), experience && " ", CAUSES[outcome] ?? outcome, by && ` (${BY[by] ?? by})`),
    ...audiences.map(({ audience, member, since }) =>
      el("p", { class: "evidence" }, member ? "in " : "not in ", el("code", {}, audience), member && since && " since ", member && since && age(since)),
    ),
    dated && as_of && el("p", { class: "evidence" }, "on what was known ", age(as_of)),
  );
}

/** An element. Texts stay texts. */
function el(name: string, attributes: Record<string, string>, ...children: (Child | null | 0 | "")[]): HTMLElement {
  const element = document.createElement(name);
  for (const [attribute, value] of Object.entries(attributes)) element.setAttribute(attribute, value);
  element.append(...children.filter((child): child is Node | string => !!child));
  return element;
}
const chip = (word: string, tone: string): Node => el("span", { class: `chip ${tone}` }, word);
const fact = (name: string, value: Node | string): Node => el("div", {}, el("dt", {}, name), el("dd", {}, value));
const age = (moment: string): Node => el("time", { datetime: moment, title: moment });

/** Writes how long ago each time was. */
function ages(inside: ParentNode): void {
  for (const time of inside.querySelectorAll("time")) {
    const seconds = Math.round((Date.now() - Date.parse(time.dateTime)) / 1_000);
    const [number, unit] = seconds < 90 ? [seconds, "s"] : seconds < 5_400 ? [seconds / 60, "min"] : seconds < 172_800 ? [seconds / 3_600, "h"] : [seconds / 86_400, "days"];
    const text = Number.isNaN(seconds) ? time.dateTime : seconds < 1 ? "just now" : `${Math.round(number)} ${unit} ago`;
    if (time.textContent !== text) time.textContent = text;
  }
}

// A file of its own, for whoever builds the page: `?headwater_debug` in its address, or this script in it. It reads what the SDK
// says of itself and what the edge left in the page; it asks nobody, keeps nothing, and never throws into the page.
// At the end: where the page and the SDK are ready already, the panel is shown at once, with all that stands above.
attempt(() => {
  const begin = (): void => {
    const there = document.querySelector<Panel>(HOST);
    if (there) there.reopen?.();
    else show(window.headwater as unknown as Headwater);
  };
  const whenReady = (): void => {
    const early = (window.headwater ||= [] as never) as unknown as Headwater | Early;
    // The SDK may still be to come.
    if (Array.isArray(early)) early.push(["ready", begin]);
    else begin();
  };
  // Nothing can have the focus before there is a body.
  if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => attempt(whenReady), { once: true });
  else whenReady();
});
