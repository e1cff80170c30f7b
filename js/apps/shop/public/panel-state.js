/**
 * What the panel shows, gathered from the SDK's events, from `inspect()`, and from what the SDK has written to this
 * device. The panel never asks a server: it knows only what the browser knows.
 *
 * @typedef {import("../../../packages/collector/index.js").CapturedEvent} CapturedEvent
 * @typedef {import("../../../packages/collector/index.js").ConsentState} ConsentState
 * @typedef {import("../../../packages/collector/index.js").Decision} Decision
 * @typedef {import("../../../packages/collector/index.js").Outcome} Outcome
 * @typedef {"held" | "queued" | "dropped" | import("../../../packages/collector/index.js").OutcomeName} Fate
 * @typedef {{ messageId: string, place: number, name: string, type: string, fate: Fate, reason: string, event: CapturedEvent | undefined }} Row
 * @typedef {{
 *   present: boolean, consent: [string, ConsentState][], held: number, queued: number, sent: number, dropped: number,
 *   losses: [string, number][], anonymousId: string, userId: string, engine: string, tab: string, next: string,
 *   device: string[], rows: Row[], decisions: Decision[]
 * }} View
 */
import { inspect, tell, visitor } from "./tracking.js";

const MOST_ROWS = 100;
/** The purpose that collecting rests on. */
const COLLECT = "analytics";
/** The purpose that decisions rest on. */
const DECIDE = "personalization";

/** @type {Map<string, Row>} */
const rows = new Map();
let captured = 0;
/** @type {ConsentState} */
let collecting = "pending";

/** @param {() => void} changed */
export function watchSdk(changed) {
  tell("on", "captured", capture);
  tell("on", "outcome", settle);
  tell("on", "consent", choose);
  for (const name of ["captured", "held", "sent", "outcome", "dropped", "decisions", "consent", "error"]) {
    tell("on", name, changed);
  }
  tell("ready", changed);
}

/** @param {CapturedEvent} event */
function capture(event) {
  captured += 1;
  collecting = inspect()?.consent[COLLECT] ?? collecting;
  /** @type {Fate} */
  const fate = collecting === "granted" ? "queued" : collecting === "denied" ? "denied" : "held";
  keep({ messageId: event.messageId, place: captured, name: event.event ?? event.name ?? event.type, type: event.type, fate, reason: fate === "denied" ? "you refused analytics" : "", event });
}

/** @param {Row} row */
function keep(row) {
  rows.set(row.messageId, row);
  const [oldest] = rows.keys();
  if (rows.size > MOST_ROWS && oldest) rows.delete(oldest);
}

/** An answer; those to events of earlier pages arrive here too. @param {Outcome} answer */
function settle({ messageId, outcome, reason }) {
  const row = rows.get(messageId);
  if (row) {
    row.fate = outcome;
    row.reason = reason ?? "";
  } else {
    keep({ messageId, place: 0, name: "From an earlier page", type: "", fate: outcome, reason: reason ?? "", event: undefined });
  }
}

/** A choice decides about everything that was held. @param {Record<string, ConsentState>} states */
function choose(states) {
  collecting = states[COLLECT] ?? collecting;
  for (const row of rows.values()) {
    if (collecting === "granted" && row.fate === "held") row.fate = "queued";
    if (collecting === "denied" && (row.fate === "held" || row.fate === "queued")) {
      row.fate = "dropped";
      row.reason = "you refused analytics";
    }
  }
}

/** @returns {View} */
export function view() {
  const seen = inspect();
  const { keys, tab, next } = written();
  const losses = Object.entries(seen?.dropped ?? {});
  return {
    present: Boolean(seen),
    consent: Object.entries(seen?.consent ?? {}),
    held: seen?.held ?? 0,
    queued: seen?.queued ?? 0,
    sent: seen?.sent ?? 0,
    dropped: losses.reduce((sum, [, count]) => sum + count, 0),
    losses,
    ...visitor(),
    engine: seen?.engine ?? "none",
    tab,
    next,
    device: keys,
    rows: [...rows.values()].reverse(),
    decisions: seen?.consent[DECIDE] === "granted" ? Object.values(seen.decisions) : [],
  };
}

/** What Headwater has written to this device, and the tab's line among it. */
function written() {
  /** @type {string[]} */
  const keys = [];
  let line = "";
  try {
    for (const [name, storage] of /** @type {const} */ ([["localStorage", localStorage], ["sessionStorage", sessionStorage]])) {
      for (const key of Object.keys(storage)) if (key.startsWith("hw")) keys.push(`${name} ${key}`);
    }
    for (const cookie of document.cookie.split("; ")) if (cookie.startsWith("hw")) keys.push(`cookie ${cookie.split("=")[0]}`);
    line = sessionStorage.getItem("hw:tab") ?? "";
  } catch {
    // Storage refused: then nothing is written either.
  }
  const [tab = "", next = ""] = line.split(" ");
  return { keys, tab, next };
}
