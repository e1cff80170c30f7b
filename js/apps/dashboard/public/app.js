/** Entry: signing in, the frame, and which screen an address shows. */
import { h, icon } from "./dom.js";
import { startFeed, stopFeed } from "./live-feed.js";
import { GROUPS, screens, viewOf } from "./navigation.js";
import { forgetToken, takeTokenFromAddress, token } from "./session.js";
import { signInView } from "./views/sign-in.js";

/**
 * @typedef {{ place: HTMLElement, signal: AbortSignal, parts: string[], query: URLSearchParams }} Screen
 * @typedef {(screen: Screen) => void} View
 */

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
    h("div", { class: "nav-groups" }, GROUPS.map(group)),
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

/** A heading with its screens; nothing where there are none. @param {string} name */
function group(name) {
  const entries = screens().filter((one) => one.group === name);
  return entries.length > 0 && h("div", { class: "nav-group" }, name && h("p", { class: "nav-title" }, name), entries.map(({ key, name, path }) => h("a", { href: `#/${key}`, "data-nav": key }, icon(path), name)));
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
