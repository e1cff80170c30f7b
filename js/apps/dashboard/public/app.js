/** Entry: signing in, the frame, and which screen an address shows. */
import { ApiError, call, words } from "./api.js";
import { h, icon } from "./dom.js";
import { keepFocus } from "./focus.js";
import { startFeed, stopFeed } from "./live-feed.js";
import { grouped, viewOf, visible } from "./navigation.js";
import { listenForKeys, openHelp, openPalette } from "./palette.js";
import { may, me, pickSpace, setMe, space, takeSecretFromAddress } from "./session.js";
import { empty, failed } from "./states.js";
import { joinView, setupView, signInView } from "./views/door.js";
import { comeBack, isComingBack } from "./views/sign-in-way.js";
import { t } from "./words.js";

/**
 * @typedef {{ place: HTMLElement, signal: AbortSignal, parts: string[], query: URLSearchParams }} Screen
 * @typedef {(screen: Screen) => void} View
 */

const app = /** @type {HTMLElement} */ (document.getElementById("app"));
let leaving = new AbortController();
/** @type {HTMLElement | undefined} */
let main;
/** The exchange of a link's token for a session, as long as it goes on. @type {Promise<string> | undefined} */
let entering;

function frame() {
  const menu = h("button", { type: "button", class: "menu", "aria-expanded": "false", "aria-controls": "nav", click: () => openMenu(menu.getAttribute("aria-expanded") !== "true") }, icon("M4 7h16M4 12h16M4 17h16"), h("span", {}, t("app.menu")));
  const openMenu = (/** @type {boolean} */ open) => {
    menu.setAttribute("aria-expanded", String(open));
    nav.classList.toggle("nav-open", open);
  };
  const nav = h(
    "nav",
    { class: "nav", id: "nav", "aria-label": t("app.screens"), click: () => openMenu(false) },
    h("div", { class: "nav-groups" }, spaces(), grouped(visible(me()?.scopes)).map(([name, inside]) => group(name, inside))),
    h("div", { class: "nav-foot" }, h("button", { type: "button", class: "sign-out", click: openHelp }, icon("M12 17v.1M9.500 9a2.500 2.500 0 1 1 3.700 2.200c-.8.4-1.200 1-1.200 1.800v.5M12 21a9 9 0 1 0 0-18 9 9 0 0 0 0 18Z"), t("app.keys")),
    h("button", { type: "button", class: "sign-out", click: () => void signOut() }, icon("M14 5H6v14h8m-3-7h9m-3-3 3 3-3 3"), t("app.sign_out"))),
  );
  const place = h("main", { id: "main", tabindex: "-1" });
  main = place;
  app.replaceChildren(
    h("a", { class: "skip", href: "#main", click: skip }, t("app.skip")),
    h("header", { class: "bar" }, h("a", { class: "brand", href: "#/", translate: "no" }, brandMark(), "Headwater"), h("button", { type: "button", class: "find", click: openPalette }, icon("M11 18a7 7 0 1 0 0-14 7 7 0 0 0 0 14Zm5-2 4 4"), t("app.go_to"), h("kbd", {}, t("app.go_to_keys"))), menu, nav),
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

/** Which space is worked in, where there are several. */
function spaces() {
  const now = me();
  if (!now || now.spaces.length < 2) return null;
  const choice = h("select", { "aria-label": t("app.space"), class: "space-choice", click: (/** @type {Event} */ event) => event.stopPropagation(), change: () => {
    pickSpace(choice.value);
    stopFeed();
    main = undefined;
    void show();
  } }, now.spaces.map(({ id, name }) => h("option", { value: id, selected: id === now.space_id }, name)));
  return choice;
}

async function signOut() {
  // Where the server does not answer, the session ends by itself.
  await call("DELETE /session").catch(() => undefined);
  signedOut();
}

function signedOut() {
  setMe(undefined);
  pickSpace("");
  stopFeed();
  main = undefined;
  void show();
}

/** Asks who is signed in; nobody leads to the door. @returns {Promise<boolean>} */
async function known() {
  try {
    setMe(await call("GET /session"));
    return true;
  } catch (error) {
    if (!(error instanceof ApiError)) throw error;
    if (error.status === 404 && space()) {
      pickSpace("");
      return known();
    }
    if (error.status === 401) return false;
    app.replaceChildren(h("main", { class: "sign-in", id: "main" }, failed(error, () => void show())));
    throw error;
  }
}

/** Exchanges a token for a session. @param {string} secret @returns {Promise<string>} why that did not work, or nothing */
async function enterWith(secret) {
  try {
    await call("POST /session/token", { body: { token: secret } });
    return "";
  } catch (error) {
    return words(error);
  }
}

async function show() {
  leaving.abort();
  leaving = new AbortController();
  const { signal } = leaving;
  if (isComingBack()) return comeBack(app, () => void show(), (problem) => signInView(app, () => void show(), problem));
  const secret = takeSecretFromAddress();
  const [path = "", query = ""] = location.hash.replace(/^#\/?/, "").split("?");
  const parts = path.split("/").filter(Boolean).map(decodeURIComponent);
  const enter = () => {
    history.replaceState(null, "", `${location.pathname}#/`);
    main = undefined;
    void show();
  };
  if (parts[0] === "setup" || parts[0] === "join") {
    main = undefined;
    return parts[0] === "setup" ? setupView(app, takeSecretFromAddress("setup"), enter) : joinView(app, takeSecretFromAddress("join"), enter);
  }
  if (secret) {
    stopFeed();
    main = undefined;
    entering = enterWith(secret);
  }
  // Whoever goes on to another screen meanwhile waits for the same door.
  const problem = await entering;
  if (signal.aborted) return;
  entering = undefined;
  if (!main) {
    const somebody = await known().catch(() => undefined);
    if (signal.aborted || somebody === undefined) return;
    if (!somebody) return signInView(app, () => void show(), problem ?? "");
  }
  screen(parts, query, signal);
}

/** @param {string[]} parts @param {string} query @param {AbortSignal} signal */
function screen(parts, query, signal) {
  const first = !main;
  if (!main) frame();
  if (may("events:read")) startFeed();
  const allowed = visible(me()?.scopes);
  if (parts.length === 0 && !may("events:read")) parts = [allowed[0]?.key ?? "account"];
  const view = viewOf(parts);
  for (const link of app.querySelectorAll("[data-nav]")) {
    const current = link.getAttribute("data-nav") === (parts[0] ?? "");
    if (current) {
      link.setAttribute("aria-current", "page");
      link.scrollIntoView({ block: "nearest" });
    } else link.removeAttribute("aria-current");
  }
  const place = h("div", { class: "screen" });
  main?.replaceChildren(place);
  if (!view) place.append(h("h1", {}, t("app.no_screen")), h("p", {}, h("a", { href: "#/" }, t("app.back_to_start"))));
  else if (!allowed.some(({ key }) => key === (parts[0] ?? ""))) place.append(h("h1", {}, t("app.not_in_role")), empty(t("app.for_others"), t("app.ask_admin"), h("a", { class: "button", href: "#/" }, t("app.back_to_visible"))));
  else view({ place, signal, parts, query: new URLSearchParams(query) });
  const title = place.querySelector("h1")?.textContent;
  document.title = title ? `${title} · Headwater` : "Headwater";
  window.scrollTo(0, 0);
  if (!first) main?.focus({ preventScroll: true });
}

listenForKeys();
keepFocus();
window.addEventListener("hashchange", () => void show());
document.addEventListener("signed-out", signedOut);
void show();
