/** The way in through the workspace's provider: its button at the door, and coming back from it. */
import { call, words } from "../api.js";
import { h, icon } from "../dom.js";
import { t } from "../words.js";

/** Where the provider sends browsers back to. */
const CALLBACK = "/sign-in/callback";
/** Which screen was wanted before the sign-in. */
const WANTED = "headwater_wanted";

/** A button for the provider, as soon as it is known that there is one. @param {(problem: string) => void} failed */
export function providerWay(failed) {
  const place = h("div", { class: "door-provider", hidden: true });
  void fill(place, failed);
  return place;
}

/** @param {HTMLElement} place @param {(problem: string) => void} failed */
async function fill(place, failed) {
  // Whoever cannot be asked is asked again at the next sign-in; a password works meanwhile.
  const ways = await call("GET /sign-in").catch(() => undefined);
  if (!ways?.provider) return;
  const button = h("button", { type: "button", class: "button door-provider-button", click: async () => {
    button.disabled = true;
    failed("");
    try {
      const { url } = await call("POST /sign-in/begin", { body: {} });
      keep(location.hash);
      location.assign(url);
    } catch (error) {
      failed(words(error));
      button.disabled = false;
    }
  } }, icon("M15 9a4 4 0 1 1-3.400 6L7 15v3H4v-4h7.100A4 4 0 0 1 15 9Zm0 3.900v.1"), t("signIn.with", { name: ways.provider.name }));
  place.append(button, !ways.passwords ? h("p", { class: "hint" }, t("signIn.owners_only")) : "");
  place.hidden = false;
}

/** @param {string} hash */
function keep(hash) {
  try {
    sessionStorage.setItem(WANTED, hash);
  } catch {
    // Storage refused: they begin at the start.
  }
}

function wanted() {
  try {
    const hash = sessionStorage.getItem(WANTED) ?? "";
    sessionStorage.removeItem(WANTED);
    return hash.startsWith("#/") ? hash : "#/";
  } catch {
    return "#/";
  }
}

/** Whether the address is the one to which the provider sends browsers back. */
export const isComingBack = () => location.pathname === CALLBACK;

/**
 * Finishes a sign-in with what the provider's answer has in the address, which is taken out at once.
 *
 * @param {HTMLElement} place @param {() => void} done @param {(problem: string) => void} refused
 */
export async function comeBack(place, done, refused) {
  const answer = new URLSearchParams(location.search);
  history.replaceState(null, "", `/${wanted()}`);
  document.title = `${t("signIn.title")} · Headwater`;
  place.replaceChildren(h("main", { class: "sign-in", id: "main" }, h("div", { class: "card door-spent" },
    h("p", { class: "brand" }, h("img", { src: "/favicon.svg", alt: "", width: 36, height: 36 }), "Headwater"),
    h("h1", {}, t("signIn.signing_in")),
    h("p", { class: "hint", role: "status" }, t("signIn.answered")))));
  const given = ["code", "state", "iss", "error"].flatMap((name) => (answer.has(name) ? [[name, answer.get(name)]] : []));
  try {
    await call("POST /sign-in/finish", { body: Object.fromEntries(given) });
  } catch (error) {
    return refused(words(error));
  }
  done();
}
