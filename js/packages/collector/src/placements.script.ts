import type { Decision, Headwater } from "../index.d.ts";
import { attempt } from "./guard.ts";

/** What marks an element that a decision may fill; its value is the placement. */
const MARK = "data-headwater-placement";
/** How long default content is held back for a decision, in milliseconds, unless the script's `data-timeout` says otherwise. */
const PATIENCE = 400;

type Early = [method: "ready", then: () => void][];

// `<script src="…/sdk/placements.js">` in the head. Marked elements are held back before they are first painted, in the
// place that they have, until their decision is there or the time is over; what was shown once is not changed any more.
attempt(() => {
  const script = document.currentScript as HTMLScriptElement | null;
  const patience = Number(script?.dataset["timeout"] ?? PATIENCE);
  const end = performance.now() + patience;
  /** The elements that are held back, each with what holds it. */
  const held = new Map<HTMLElement, Animation>();

  const parsed = new Promise<void>((resolve) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => resolve(), { once: true });
    else resolve();
  });

  /** An animation ends by itself: should everything else here fail, the default content shows when the time is over. */
  const hold = (element: HTMLElement): void => {
    const left = end - performance.now();
    if (left <= 0 || held.has(element) || performance.getEntriesByType("paint").length) return;
    // Margins of its contents stay inside from the first paint on: a box of another content would let others through.
    if (getComputedStyle(element).display === "block") element.style.display = "flow-root";
    const animation = element.animate({ visibility: ["hidden", "hidden"] }, left);
    animation.onfinish = () => held.delete(element);
    held.set(element, animation);
  };

  const show = (element: HTMLElement, decision: Decision | undefined): void => {
    const animation = held.get(element);
    if (!animation) return;
    const release = (): void => {
      held.delete(element);
      animation.cancel();
    };
    if (decision?.variant == null || decision.value == null) return release();
    attempt(() => fill(element, decision));
    // Its parts move in a frame in which nobody sees them.
    requestAnimationFrame(() => requestAnimationFrame(release));
  };

  const find = (): void => {
    const fresh = [...document.querySelectorAll<HTMLElement>(`[${MARK}]`)].filter((element) => !held.has(element));
    for (const element of fresh) hold(element);
    const mine = fresh.filter((element) => held.has(element));
    if (!mine.length) return;
    const placements = [...new Set(mine.map((element) => element.getAttribute(MARK)!))];
    const ask = async (): Promise<void> => {
      const decisions = await (window.headwater as unknown as Headwater).decide({ placements });
      await parsed;
      for (const element of mine) attempt(() => show(element, decisions[element.getAttribute(MARK)!]));
    };
    const early = (window.headwater ||= [] as never) as unknown as Headwater | Early;
    const ready = (): void => void ask().catch(() => mine.forEach((element) => show(element, undefined)));
    if (Array.isArray(early)) early.push(["ready", ready]);
    else early.ready(ready);
  };

  const observer = new MutationObserver(() => attempt(find));
  observer.observe(document, { childList: true, subtree: true });
  setTimeout(() => observer.disconnect(), patience);
  find();
});

/** Puts a decision's value into an element, which keeps the size that it has: nothing around it moves. */
function fill(element: HTMLElement, decision: Decision): void {
  const { height } = element.getBoundingClientRect();
  const { style, dataset } = element;
  style.boxSizing = "border-box";
  style.height = `${height}px`;
  style.overflow = "clip";
  dataset["variant"] = decision.variant!;
  const event = new CustomEvent("headwater:placement", { bubbles: true, cancelable: true, detail: decision });
  // A page that fills the element itself says so.
  if (!element.dispatchEvent(event)) return;
  const { value } = decision;
  if (typeof value !== "object") {
    element.textContent = String(value);
    return;
  }
  const fields = value as Record<string, unknown>;
  for (const part of element.querySelectorAll<HTMLElement>("[data-field],[data-field-href],[data-field-src]")) {
    const { field, fieldHref, fieldSrc } = part.dataset;
    if (field && fields[field] != null) part.textContent = String(fields[field]);
    if (fieldHref) address(part, "href", fields[fieldHref]);
    if (fieldSrc) address(part, "src", fields[fieldSrc]);
  }
}

/** Sets an address, unless it is none that a page may have: what a marketer writes is no program. */
function address(element: HTMLElement, name: "href" | "src", value: unknown): void {
  if (typeof value !== "string") return;
  const { protocol } = new URL(value, document.baseURI);
  if (/^(https?|mailto|tel):$/.test(protocol)) element.setAttribute(name, value);
}
