/**
 * The side panel "What Headwater sees": the state of consent, what was held, sent and decided, and why. Docked to the
 * right where there is room, a sheet where there is not.
 */
import { hasChosen, openChoices } from "./consent.js";
import { el, find } from "./dom.js";
import { view, watchSdk } from "./panel-state.js";

const WIDE = matchMedia("(min-width: 1100px)");
const KEEP = "shop_panel";
/** Rows whose details are open, so that a refresh does not close them. @type {Set<string>} */
const opened = new Set();
let edge = "";
let scheduled = false;

/** @type {Record<string, string>} */
const FATES = {
  held: "held",
  queued: "waiting",
  ok: "stored",
  denied: "denied",
  quarantined: "quarantined",
  duplicate: "duplicate",
  retry: "retry",
  dropped: "dropped",
};

export function startPanel() {
  edge = /** @type {HTMLElement | null} */ (document.querySelector("script[data-edge]"))?.dataset.edge ?? "";
  watchSdk(refresh);
  find("[data-sees-toggle]")?.addEventListener("click", () => (isOpen() ? closePanel() : openPanel()));
  find("[data-sees-close]")?.addEventListener("click", closePanel);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && isOpen() && !WIDE.matches) closePanel();
  });
  if (WIDE.matches && kept() !== "closed") show(true);
  // Queue counts change without an event of their own, such as when a retry is due.
  setInterval(refresh, 1000);
}

function isOpen() {
  return !find("#sees")?.hidden;
}

/** @param {string} [section] */
export function openPanel(section) {
  show(true);
  keep("open");
  const target = section ? find(`[data-section="${section}"]`) : find("#sees");
  target?.scrollIntoView({ block: "nearest" });
  target?.focus();
}

function closePanel() {
  show(false);
  keep("closed");
  find("[data-sees-toggle]")?.focus();
}

/** @param {boolean} open */
function show(open) {
  const panel = find("#sees");
  if (!panel) return;
  panel.hidden = !open;
  document.body.classList.toggle("sees-open", open);
  find("[data-sees-toggle]")?.setAttribute("aria-expanded", String(open));
  if (open) draw();
}

/** Whether the panel is open is remembered only after a choice: before it, this shop writes nothing. @param {string} state */
function keep(state) {
  if (!hasChosen()) return;
  try {
    sessionStorage.setItem(KEEP, state);
  } catch {
    // Storage refused: the panel opens by width again.
  }
}

function kept() {
  try {
    return sessionStorage.getItem(KEEP);
  } catch {
    return null;
  }
}

function refresh() {
  if (scheduled || !isOpen()) return;
  scheduled = true;
  requestAnimationFrame(() => {
    scheduled = false;
    draw();
  });
}

let drawn = "";

function draw() {
  const place = find("[data-sees-body]");
  if (!place) return;
  const now = view();
  // Redrawing only on change keeps focus, selection and scrolling where the reader left them.
  const state = JSON.stringify({ ...now, rows: now.rows.map(({ messageId, fate, reason }) => [messageId, fate, reason]) });
  if (state === drawn) return;
  drawn = state;
  const focused = document.activeElement instanceof HTMLElement ? document.activeElement.dataset.key : undefined;
  place.replaceChildren(
    standing(now),
    ...(now.present ? [consentSection(now), countSection(now), decisionSection(now), eventSection(now), technical(now)] : []),
  );
  if (focused) find(`[data-key="${focused}"]`, place)?.focus();
}

/** @param {import("./panel-state.js").View} now */
function standing(now) {
  const analytics = now.consent.find(([purpose]) => purpose === "analytics")?.[1];
  /** @type {[string, string, string]} */
  const [tone, title, text] = !edge
    ? ["off", "No SDK on this page", "The shop was started without an edge. Everything here works without it."]
    : !now.present
      ? ["off", "Headwater is not here", "Its script is blocked or still loading. The shop does not depend on it."]
      : analytics === "granted"
        ? ["on", "Recording with permission", "Events are sent as they happen, each with its consent state."]
        : analytics === "denied"
          ? ["off", "You said no", "Nothing is kept and nothing is sent. What was held has been discarded."]
          : ["wait", "Waiting for your choice", "Events are held in this page’s memory. Nothing is stored, nothing is sent, and you have no id yet."];
  return el("div", { class: `standing standing-${tone}` }, el("p", { class: "standing-title" }, title), el("p", {}, text));
}

/** @param {string} id @param {string} title @param {...(Node | string | null | undefined | false)} children */
function section(id, title, ...children) {
  return el("section", { "data-section": id, "aria-labelledby": `sees-${id}`, tabindex: "-1" }, el("h3", { id: `sees-${id}` }, title), ...children);
}

/** @param {import("./panel-state.js").View} now */
function consentSection(now) {
  return section(
    "consent",
    "Consent",
    el(
      "ul",
      { class: "purposes", role: "list" },
      ...now.consent.map(([purpose, state]) => el("li", { class: `purpose purpose-${state}`, "data-purpose": purpose, "data-state": state }, el("span", {}, purpose.replaceAll("_", " ")), el("b", {}, state))),
    ),
    el("button", { type: "button", class: "linkish", "data-key": "choices", click: openChoices }, "Change my choice"),
  );
}

/** @param {import("./panel-state.js").View} now */
function countSection(now) {
  const count = (/** @type {string} */ name, /** @type {number} */ value) => el("div", { "data-count": name }, el("dd", {}, String(value)), el("dt", {}, name));
  return section(
    "counts",
    "Queue",
    el("dl", { class: "counts" }, count("held", now.held), count("waiting", now.queued), count("sent", now.sent), count("dropped", now.dropped)),
    now.losses.length > 0 && el("p", { class: "sees-quiet" }, `Dropped: ${now.losses.map(([reason, number]) => `${number} ${reason.replaceAll("_", " ")}`).join(", ")}`),
  );
}

/** @param {import("./panel-state.js").View} now */
function decisionSection(now) {
  if (now.decisions.length === 0) {
    const allowed = now.consent.some(([purpose, state]) => purpose === "personalization" && state === "granted");
    const text = allowed ? "None yet. The hero shows its default until a reply brings a decision." : "None: they need your consent to personalization. The hero shows its default.";
    return section("decisions", "Decisions", el("p", { class: "sees-quiet" }, text));
  }
  return section(
    "decisions",
    "Decisions",
    ...now.decisions.map((decision) =>
      el(
        "div",
        { class: "decision", "data-decision": decision.placement },
        el("p", {}, el("code", {}, decision.placement), " shows ", el("b", {}, decision.variant ?? "its default")),
        el("ul", {}, ...decision.reasons.map((reason) => el("li", { title: reason }, reason.replace(/ \((aud|exp)_\w+\)/g, "")))),
      ),
    ),
  );
}

/** @param {import("./panel-state.js").View} now */
function eventSection(now) {
  if (now.rows.length === 0) return section("events", "Events on this page", el("p", { class: "sees-quiet" }, "None yet."));
  return section("events", "Events on this page", el("ol", { class: "rows", role: "list" }, ...now.rows.map(eventRow)));
}

/** @param {import("./panel-state.js").Row} row */
function eventRow(row) {
  const details = el(
    "details",
    {
      toggle: () => (details.open ? opened.add(row.messageId) : opened.delete(row.messageId)),
    },
    el(
      "summary",
      { "data-key": row.messageId },
      el("span", { class: "row-seq" }, row.place ? `#${row.place}` : ""),
      el("span", { class: "row-name" }, row.name, row.name !== row.type && el("small", {}, row.type)),
      el("span", { class: `fate fate-${row.fate}` }, FATES[row.fate] ?? row.fate),
    ),
    row.reason && el("p", { class: "row-reason" }, row.reason.replaceAll("_", " ")),
    row.event ? el("pre", {}, JSON.stringify(row.event, null, 2)) : el("p", { class: "row-reason" }, `Message id ${row.messageId}`),
  );
  details.open = opened.has(row.messageId);
  return el("li", { "data-event": row.name, "data-fate": row.fate }, details);
}

/** @param {import("./panel-state.js").View} now */
function technical(now) {
  const facts = /** @type {[string, string][]} */ ([
    ["Anonymous id", now.anonymousId || "none"],
    ["User id", now.userId || "none"],
    ["Tab", now.tab || "not written down"],
    ["Next number", now.next || "not written down"],
    ["Engine", { wasm: "WebAssembly", js: "JavaScript", none: "not needed yet" }[now.engine] ?? now.engine],
  ]);
  return section(
    "technical",
    "This device",
    el("dl", { class: "technical" }, ...facts.map(([label, value]) => el("div", {}, el("dt", {}, label), el("dd", {}, value)))),
    now.device.length === 0
      ? el("p", { class: "sees-quiet", "data-device": "empty" }, "Headwater has written nothing to this device.")
      : deviceList(now.device, el("summary", { "data-key": "device" }, `${now.device.length} ${now.device.length === 1 ? "entry" : "entries"} written to this device`)),
  );
}

/** @param {string[]} keys @param {HTMLElement} summary */
function deviceList(keys, summary) {
  const details = el(
    "details",
    { class: "device", "data-device": "written", toggle: () => (details.open ? opened.add("device") : opened.delete("device")) },
    summary,
    el("ul", {}, ...keys.map((key) => el("li", {}, key))),
  );
  details.open = opened.has("device");
  return details;
}
