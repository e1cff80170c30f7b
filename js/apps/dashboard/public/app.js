/** Entry: signing in, the frame, and which screen an address shows. */
import { h, icon } from "./dom.js";
import { startFeed, stopFeed } from "./live-feed.js";
import { forgetToken, takeTokenFromAddress, token } from "./session.js";
import { audienceView } from "./views/audience.js";
import { audienceBuilderView } from "./views/audience-builder.js";
import { audiencesView } from "./views/audiences.js";
import { computedTraitFormView } from "./views/computed-trait-form.js";
import { computedTraitsView } from "./views/computed-traits.js";
import { experienceFormView } from "./views/experience-form.js";
import { experiencesView } from "./views/experiences.js";
import { homeView } from "./views/home.js";
import { ledgerView } from "./views/ledger.js";
import { liveView } from "./views/live.js";
import { peopleView } from "./views/people.js";
import { profileView } from "./views/profile.js";
import { quarantineView } from "./views/quarantine.js";
import { signInView } from "./views/sign-in.js";
import { trackingPlanView } from "./views/tracking-plan.js";

/**
 * @typedef {{ place: HTMLElement, signal: AbortSignal, parts: string[], query: URLSearchParams }} Screen
 * @typedef {(screen: Screen) => void} View
 */

const NAV = [
  { key: "", name: "Home", path: "M4 11.500 12 5l8 6.500V19a1 1 0 0 1-1 1h-4.500v-5h-5v5H5a1 1 0 0 1-1-1v-7.500Z" },
  { key: "live", name: "Live events", path: "M4 12h3l3-7 4 14 3-7h3" },
  { key: "people", name: "People", path: "M9 11.500a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7Zm-6 8c.5-3.300 3-5 6-5s5.500 1.700 6 5M16 5a3.300 3.300 0 0 1 0 6.300m1.500 3.500c2 .5 3.200 2 3.500 4.700" },
  { key: "audiences", name: "Audiences", path: "M12 20a8 8 0 1 0 0-16 8 8 0 0 0 0 16Zm0-4a4 4 0 1 0 0-8 4 4 0 0 0 0 8Z" },
  { key: "computed-traits", name: "Computed traits", path: "M18 6V4H6l6 8-6 8h12v-2" },
  { key: "experiences", name: "Experiences", path: "M4 5h16v9H4V5Zm0 13h7m4 0h5" },
  { key: "tracking-plan", name: "Tracking plan", path: "M9 5h11M9 12h11M9 19h11M3.500 5l1 1 2-2m-3 8 1 1 2-2m-3 8 1 1 2-2" },
  { key: "ledger", name: "Loss ledger", path: "M6 4h12v16l-3-2-3 2-3-2-3 2V4Zm3 5h6m-6 4h6" },
  { key: "quarantine", name: "Quarantine", path: "M12 4 3 19.500h18L12 4Zm0 6v4.500m0 2.500v.1" },
];

/** @param {string[]} parts @returns {View | undefined} */
function viewOf([first = "", second, third]) {
  switch (first) {
    case "":
      return homeView;
    case "live":
      return liveView;
    case "people":
      return second ? profileView : peopleView;
    case "audiences":
      return second === "new" || third === "edit" ? audienceBuilderView : second ? audienceView : audiencesView;
    case "computed-traits":
      return second ? computedTraitFormView : computedTraitsView;
    case "experiences":
      return second === "new" ? experienceFormView : experiencesView;
    case "ledger":
      return ledgerView;
    case "quarantine":
      return quarantineView;
    case "tracking-plan":
      return trackingPlanView;
    default:
      return undefined;
  }
}

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
let leaving = new AbortController();
/** @type {HTMLElement | undefined} */
let main;

function frame() {
  const menu = h("button", { type: "button", class: "menu", "aria-expanded": "false", "aria-controls": "nav", click: () => openMenu(menu.getAttribute("aria-expanded") !== "true") }, icon("M4 7h16M4 12h16M4 17h16"), h("span", {}, "Menu"));
  const openMenu = (/** @type {boolean} */ open) => {
    menu.setAttribute("aria-expanded", String(open));
    nav.classList.toggle("nav-open", open);
  };
  const nav = h(
    "nav",
    { class: "nav", id: "nav", "aria-label": "Screens", click: () => openMenu(false) },
    NAV.map(({ key, name, path }) => h("a", { href: `#/${key}`, "data-nav": key }, icon(path), name)),
    h("button", { type: "button", class: "sign-out", click: signOut }, icon("M14 5H6v14h8m-3-7h9m-3-3 3 3-3 3"), "Sign out"),
  );
  const place = h("main", { id: "main", tabindex: "-1" });
  main = place;
  app.replaceChildren(
    h("a", { class: "skip", href: "#main", click: skip }, "Skip to content"),
    h("header", { class: "bar" }, h("a", { class: "brand", href: "#/" }, brandMark(), "Headwater"), menu, nav),
    place,
  );
}

/** The fragment names the screen, so the skip link must not change it. @param {Event} event */
function skip(event) {
  event.preventDefault();
  main?.focus();
}

function brandMark() {
  return h("img", { src: "/favicon.svg", alt: "", width: 28, height: 28 });
}

function signOut() {
  forgetToken();
  stopFeed();
  main = undefined;
  show();
}

function show() {
  leaving.abort();
  leaving = new AbortController();
  if (!token()) {
    main = undefined;
    signInView(app, show);
    return;
  }
  const first = !main;
  if (!main) frame();
  startFeed();
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  const view = viewOf(parts);
  for (const link of app.querySelectorAll("[data-nav]")) {
    const current = link.getAttribute("data-nav") === (parts[0] ?? "");
    if (current) link.setAttribute("aria-current", "page");
    else link.removeAttribute("aria-current");
  }
  const place = h("div", { class: "screen" });
  main?.replaceChildren(place);
  if (view) view({ place, signal: leaving.signal, parts, query: new URLSearchParams(query) });
  else place.append(h("h1", {}, "No such screen"), h("p", {}, h("a", { href: "#/" }, "Back to Home")));
  const title = place.querySelector("h1")?.textContent;
  document.title = title ? `${title} · Headwater` : "Headwater";
  window.scrollTo(0, 0);
  if (!first) main?.focus({ preventScroll: true });
}

takeTokenFromAddress();
window.addEventListener("hashchange", () => {
  takeTokenFromAddress();
  show();
});
document.addEventListener("signed-out", signOut);
show();
