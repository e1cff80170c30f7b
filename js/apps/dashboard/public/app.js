/** Entry: signing in, the frame, and which screen an address shows. */
import { h, icon } from "./dom.js";
import { startFeed, stopFeed } from "./live-feed.js";
import { grouped, viewOf, visible } from "./navigation.js";
import { listenForKeys, openHelp, openPalette } from "./palette.js";
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
    grouped(visible()).map(([name, inside]) => group(name, inside)),
    h("button", { type: "button", class: "sign-out", click: openHelp }, icon("M12 17v.1M9.500 9a2.500 2.500 0 1 1 3.700 2.200c-.8.4-1.200 1-1.200 1.800v.5M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z"), "Keys"),
    h("button", { type: "button", class: "sign-out", click: signOut }, icon("M14 5H6v14h8m-3-7h9m-3-3 3 3-3 3"), "Sign out"),
  );
  const place = h("main", { id: "main", tabindex: "-1" });
  main = place;
  app.replaceChildren(
    h("a", { class: "skip", href: "#main", click: skip }, "Skip to content"),
    h("header", { class: "bar" }, h("a", { class: "brand", href: "#/" }, brandMark(), "Headwater"), h("button", { type: "button", class: "find", click: openPalette }, icon("M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2 4 4"), "Go to…", h("kbd", {}, "Ctrl K")), menu, nav),
    place,
  );
}

/** @param {string} name @param {import("./navigation.js").NavScreen[]} inside */
function group(name, inside) {
  const id = `nav-${name.toLowerCase().replaceAll(" ", "-")}`;
  return h(
    "div",
    { class: "nav-group", role: "group", "aria-labelledby": id },
    h("p", { class: "nav-head", id }, name),
    inside.map(({ key, name: screen, path }) => h("a", { href: `#/${key}`, "data-nav": key }, icon(path), screen)),
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
  else place.append(h("h1", {}, "No such screen"), h("p", {}, h("a", { href: "#/" }, "Back to Start")));
  const title = place.querySelector("h1")?.textContent;
  document.title = title ? `${title} · Headwater` : "Headwater";
  window.scrollTo(0, 0);
  if (!first) main?.focus({ preventScroll: true });
}

takeTokenFromAddress();
listenForKeys();
window.addEventListener("hashchange", () => {
  takeTokenFromAddress();
  show();
});
document.addEventListener("signed-out", signOut);
show();
