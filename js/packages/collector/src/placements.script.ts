import type { Decision, Headwater } from "../index.d.ts";
import { DECIDED, MARK, PARTS, VARIANT, fillPart, isProgram } from "./fields.ts";
import { attempt } from "./guard.ts";

/** How long default content is held back for a decision, in milliseconds, unless the script's `data-timeout` says otherwise. */
const PATIENCE = 400;
/** Tells that a decision was shown. */
const SHOWN = "Experience Viewed";

type Early = [method: "ready", then: () => void][];

// `<script src="…/sdk/placements.js">` in the head. Marked elements are held back before they are first painted, in the
// place that they have, until their decision is there or the time is over; what was shown once is not changed any more.
// What the edge filled on the page's way is left as it is. Of both it tells what was shown.
attempt(() => {
  const script = document.currentScript as HTMLScriptElement | null;
  const patience = Number(script?.dataset["timeout"] ?? PATIENCE);
  const end = performance.now() + patience;
  /** The elements that are held back, each with what holds it. */
  const held = new Map<HTMLElement, Animation>();
  /** Those that were looked at: what was shown is not held back again. */
  const met = new WeakSet<HTMLElement>();
  /** Decisions that were told of, as JSON. */
  const told = new Set<string>();

  const parsed = new Promise<void>((resolve) => {
    if (document.readyState === "loading") document.addEventListener("DOMContentLoaded", () => resolve(), { once: true });
    else resolve();
  });

  /** Whoever sees a page sees it when it is no longer only prepared for them. */
  const seen = new Promise<void>((resolve) => {
    if ((document as { prerendering?: boolean }).prerendering) document.addEventListener("prerenderingchange", () => resolve(), { once: true });
    else resolve();
  });

  /** Calls back when the SDK runs, whether or not it is here yet. */
  const whenReady = (then: () => void): void => {
    const early = (window.headwater ||= [] as never) as unknown as Headwater | Early;
    if (Array.isArray(early)) early.push(["ready", then]);
    else early.ready(then);
  };

  /** Tells that a decision was shown, be it the variant or, of a holdout, the default: once, however many elements show it. */
  const tell = (decision: string): void => {
    if (told.has(decision)) return;
    told.add(decision);
    const { exposure } = JSON.parse(decision) as Decision;
    if (!exposure) return;
    void seen.then(() => whenReady(() => (window.headwater as unknown as Headwater).track(SHOWN, exposure)));
  };

  const painted = (): boolean => performance.getEntriesByType("paint").length > 0;

  /** Margins of its contents stay inside from the first paint on: contents that come later, or others, would let them through. */
  const contain = (element: HTMLElement): void => {
    if (getComputedStyle(element).display === "block") element.style.display = "flow-root";
  };

  /** An animation ends by itself: should everything else here fail, the default content shows when the time is over. */
  const hold = (element: HTMLElement): void => {
    const left = end - performance.now();
    if (left <= 0 || painted()) return;
    contain(element);
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
      if (decision) attempt(() => tell(JSON.stringify(decision)));
    };
    if (decision?.variant == null || decision.value == null) return release();
    attempt(() => fill(element, decision));
    // Its parts move in a frame in which nobody sees them.
    requestAnimationFrame(() => requestAnimationFrame(release));
  };

  /** Looks for elements; `unseen` is whether those that are there now have not been painted. */
  const find = (unseen: boolean): void => {
    const fresh = [...document.querySelectorAll<HTMLElement>(`[${MARK}]`)].filter((element) => !met.has(element));
    for (const element of fresh) {
      met.add(element);
      const decided = element.getAttribute(DECIDED);
      if (decided === null) hold(element);
      else {
        if (unseen) contain(element);
        attempt(() => tell(decided));
      }
    }
    const mine = fresh.filter((element) => held.has(element));
    if (!mine.length) return;
    const placements = [...new Set(mine.map((element) => element.getAttribute(MARK)!))];
    const ask = async (): Promise<void> => {
      const decisions = await (window.headwater as unknown as Headwater).decide({ placements });
      await parsed;
      for (const element of mine) attempt(() => show(element, decisions[element.getAttribute(MARK)!]));
    };
    whenReady(() => void ask().catch(() => mine.forEach((element) => show(element, undefined))));
  };

  const observer = new MutationObserver(() => attempt(() => find(true)));
  observer.observe(document, { childList: true, subtree: true });
  // What comes later is not held back, but it may have been decided.
  setTimeout(() => void parsed.then(() => observer.disconnect()), patience);
  find(!painted());
});

/** Puts a decision's value into an element, which keeps the size that it has: nothing around it moves. */
function fill(element: HTMLElement, decision: Decision): void {
  const { height } = element.getBoundingClientRect();
  const { style } = element;
  style.boxSizing = "border-box";
  style.height = `${height}px`;
  style.overflow = "clip";
  element.setAttribute(VARIANT, decision.variant!);
  const event = new CustomEvent("headwater:placement", { bubbles: true, cancelable: true, detail: decision });
  // A page that fills the element itself says so.
  if (!element.dispatchEvent(event) || isProgram(element)) return;
  const { value } = decision;
  if (typeof value !== "object") {
    element.textContent = String(value);
    return;
  }
  for (const part of element.querySelectorAll(`${PARTS}`)) {
    // A placement inside of this one has parts of its own.
    if (part.parentElement!.closest(`[${MARK}]`) !== element) continue;
    fillPart(part, value!, document.baseURI, {
      text: (text) => (part.textContent = text),
      address: (name, address) => part.setAttribute(name, address),
    });
  }
}
