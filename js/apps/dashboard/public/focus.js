/**
 * Nobody who works by keyboard loses their place: where what had the focus is drawn anew, its successor has it; where it is
 * gone for good, what stands nearest.
 *
 * @typedef {{ element: HTMLElement, key: string, index: number, around: Element[] }} Place what had the focus, how its like is found, and what stood around it
 */

const FOCUSABLE = "a[href], button, input, select, textarea, summary, [tabindex]";
/** So long something may be loading before what comes is no successor any more. */
const PATIENCE = 5_000;

/** Where the focus was last, and where it was before a dialog took it. @type {Place | undefined} */
let last;
/** @type {Place | undefined} */
let outside;
/** The stand-in that has the focus until the successor is drawn. @type {{ for: Place, element: HTMLElement, until: number } | undefined} */
let standIn;
let moving = false;

/** Begins to watch the page. */
export function keepFocus() {
  document.addEventListener("focusin", ({ target }) => {
    if (!(target instanceof HTMLElement)) return;
    last = placeOf(target);
    if (!target.closest("dialog")) outside = last;
    if (!moving) standIn = undefined;
  });
  document.addEventListener("focusout", ({ target, relatedTarget }) => {
    if (relatedTarget || !(target instanceof HTMLElement)) return;
    // Whoever clicks beside everything has left it; what is taken away or switched off has not been left.
    queueMicrotask(() => {
      if (last?.element === target && document.activeElement === document.body && isReachable(target)) last = undefined;
    });
  });
  new MutationObserver(mend).observe(document.body, { childList: true, subtree: true, attributes: true, attributeFilter: ["disabled", "hidden", "open"] });
}

function mend() {
  const now = document.activeElement;
  if (standIn && now === standIn.element) {
    if (Date.now() > standIn.until) standIn = undefined;
    else {
      const like = successor(standIn.for);
      if (like) give(like);
    }
    return;
  }
  if (now && now !== document.body) return;
  if (document.querySelector("dialog[open]")) return;
  const lost = last?.around.some((one) => one instanceof HTMLDialogElement) ? outside : last;
  if (!lost) return;
  if (isReachable(lost.element)) return give(lost.element);
  // A button that works is switched off meanwhile.
  if (lost.element.isConnected && lost.element.matches(":disabled") && lost.element.checkVisibility()) return;
  const like = successor(lost);
  if (like) return give(like);
  const near = nearest(lost);
  if (!near) return;
  give(near);
  standIn = { for: lost, element: near, until: Date.now() + PATIENCE };
}

/** @param {HTMLElement} element */
function give(element) {
  moving = true;
  element.focus({ preventScroll: element.tagName === "MAIN" });
  moving = false;
  standIn = undefined;
}

/** @param {HTMLElement} element @returns {Place} */
function placeOf(element) {
  const key = keyOf(element);
  const around = [];
  for (let one = element.parentElement; one; one = one.parentElement) around.push(one);
  return { element, key, index: alike(key).indexOf(element), around };
}

/** By what an element is known again. @param {Element} element */
function keyOf(element) {
  const attributes = ["role", "name", "aria-label", "href", "data-column"].map((name) => element.getAttribute(name) ?? "");
  const isField = element.matches("input, select, textarea");
  const label = isField ? (/** @type {HTMLInputElement} */ (element).labels?.[0]?.textContent ?? "") : (element.textContent ?? "").slice(0, 200);
  return JSON.stringify([element.tagName, ...attributes, label]);
}

/** Those of the screen that are known by the same. @param {string} key @returns {HTMLElement[]} */
function alike(key) {
  const all = /** @type {NodeListOf<HTMLElement>} */ (document.querySelectorAll(`main :is(${FOCUSABLE})`));
  return [...all].filter((one) => keyOf(one) === key);
}

/** @param {Place} place */
function successor({ key, index }) {
  const all = alike(key).filter(isReachable);
  return all[Math.min(Math.max(index, 0), all.length - 1)];
}

/** The first thing to press in what still stands around it, or the screen; no field, which would call up a touch screen's keys. @param {Place} place @returns {HTMLElement | undefined} */
function nearest({ around }) {
  const standing = around.filter((one) => one.isConnected && one.closest("main .screen > *"));
  for (const one of standing) {
    const first = [.../** @type {NodeListOf<HTMLElement>} */ (one.querySelectorAll(FOCUSABLE))].find((each) => each.tabIndex >= 0 && !each.matches("input, textarea, select") && isReachable(each));
    if (first) return first;
  }
  return document.querySelector("main") ?? undefined;
}

/** @param {HTMLElement} element */
function isReachable(element) {
  return element.isConnected && !element.matches(":disabled") && element.checkVisibility();
}
