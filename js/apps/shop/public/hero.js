/**
 * Placement `home-hero`: the default that the server wrote, until a decision says otherwise. A decision's value is data
 * from elsewhere: it is shown as text, its picture and tone come from closed lists, and its link must stay in the shop.
 */
import { el, find } from "./dom.js";
import { openPanel } from "./panel.js";
import { inspect, tell } from "./tracking.js";

const PLACEMENT = "home-hero";
/** The purpose that decisions rest on. */
const DECIDE = "personalization";
const TONES = ["lake", "lime", "clay", "dusk"];
const SCENES = ["mixed", "sneakers", "jackets", "bags"];

/** @typedef {{ tag: string, title: string, text: string, cta: string, href: string, art: string, tone: string }} HeroValue */

export function startHero() {
  const hero = find(`[data-placement="${PLACEMENT}"]`);
  // Pages without the hero still ask, so that the panel shows the same decision everywhere.
  tell("watch", [PLACEMENT]);
  if (!hero) return;
  const standard = readHero(hero);
  /** The arm that this page has shown: told once, and kept where the next reply says that it was shown often enough. */
  let arm = "";
  const apply = (/** @type {any} */ decisions) => {
    // Who withdraws gets the default back at once, whatever was decided before.
    const allowed = inspect()?.consent[DECIDE] === "granted";
    const decision = allowed ? decisions?.[PLACEMENT] : { value: null };
    if (!decision) return;
    const capped = decision.why?.some((/** @type {any} */ why) => why.outcome === "cap" && arm.startsWith(why.experience));
    if (capped) return;
    showHero(hero, { ...standard, ...clean(decision.value) }, decision.value ? String(decision.variant ?? "") : "default");
    const why = find("[data-hero-why]", hero);
    if (why) why.hidden = !decision.value;
    const shown = decision.exposure ? `${decision.exposure.experience} ${decision.exposure.variant}` : "";
    if (shown && shown !== arm) tell("track", "Experience Viewed", decision.exposure);
    arm = shown;
  };
  find("[data-hero-why]", hero)?.addEventListener("click", () => openPanel("decisions"));
  tell("on", "decisions", apply);
  const again = () => apply(inspect()?.decisions);
  tell("on", "consent", again);
  tell("ready", again);
}

/** @param {HTMLElement} hero @returns {HeroValue} */
function readHero(hero) {
  const text = (/** @type {string} */ part) => find(`[data-hero-${part}]`, hero)?.textContent ?? "";
  return {
    tag: text("tag"),
    title: text("title"),
    text: text("text"),
    cta: text("cta"),
    href: find("[data-hero-cta]", hero)?.getAttribute("href") ?? "/",
    art: "mixed",
    tone: hero.dataset.tone ?? "lake",
  };
}

/** @param {unknown} value @returns {Partial<HeroValue>} */
function clean(value) {
  if (!value || typeof value !== "object") return {};
  const given = /** @type {Record<string, unknown>} */ (value);
  /** @type {Partial<HeroValue>} */
  const kept = {};
  for (const part of /** @type {const} */ (["tag", "title", "text", "cta"])) {
    const text = given[part];
    if (typeof text === "string" && text) kept[part] = text;
  }
  if (typeof given.href === "string" && /^\/(?!\/)/.test(given.href)) kept.href = given.href;
  if (typeof given.art === "string" && SCENES.includes(given.art)) kept.art = given.art;
  if (typeof given.tone === "string" && TONES.includes(given.tone)) kept.tone = given.tone;
  return kept;
}

/** @param {HTMLElement} hero @param {HeroValue} value @param {string} variant */
function showHero(hero, value, variant) {
  const next = JSON.stringify(value);
  if (hero.dataset.shown === next) return;
  const first = hero.dataset.shown === undefined && variant === "default";
  hero.dataset.shown = next;
  hero.dataset.variant = variant;
  if (first) return;
  hero.dataset.tone = value.tone;
  for (const part of /** @type {const} */ (["tag", "title", "text", "cta"])) {
    const node = find(`[data-hero-${part}]`, hero);
    if (node) node.textContent = value[part];
  }
  find("[data-hero-cta]", hero)?.setAttribute("href", value.href);
  find("[data-hero-art]", hero)?.replaceWith(
    el("img", { class: "hero-art", "data-hero-art": true, src: `/art/scene-${value.art}.svg`, alt: "", width: "720", height: "580" }),
  );
  hero.classList.remove("hero-changed");
  void hero.offsetWidth; // Restarts the entrance for a second change on one page.
  hero.classList.add("hero-changed");
}
