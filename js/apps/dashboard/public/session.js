/**
 * Who is signed in, and in which space they work. The session itself is a cookie that no script can read.
 *
 * @typedef {{ id: string, name: string, created_at: string }} Space
 * @typedef {object} Me
 * @property {{ id: string, email: string, name: string, role: string } | null} member
 * @property {{ id: string, name: string } | null} token
 * @property {string[]} scopes such as `people:read`
 * @property {string} space_id
 * @property {Space[]} spaces
 */
const SPACE = "headwater_space";
/** @type {Me | undefined} */
let known;
let memory = "";

/** @returns {Me | undefined} */
export function me() {
  return known;
}

/** @param {Me | undefined} now */
export function setMe(now) {
  known = now;
}

/** Whether whoever is signed in holds a scope; nothing is asked of everybody. @param {string} scope */
export function may(scope) {
  return scope === "" || (known?.scopes.includes(scope) ?? false);
}

/** The space that was picked in this tab; empty for the oldest. */
export function space() {
  try {
    return sessionStorage.getItem(SPACE) ?? memory;
  } catch {
    return memory;
  }
}

/** @param {string} id */
export function pickSpace(id) {
  memory = id;
  try {
    sessionStorage.setItem(SPACE, id);
  } catch {
    // Storage refused: picked as long as the page lives.
  }
}

/** A secret that a link carries in the address's fragment, which browsers never send; it is taken out at once. @param {string} [screen] */
export function takeSecretFromAddress(screen = "") {
  const [path = "", query = ""] = screen ? location.hash.replace(/^#\/?/, "").split("?") : ["", location.hash.replace(/^#\/?/, "")];
  if (path !== screen) return "";
  const given = new URLSearchParams(query).get("token") ?? "";
  if (given) history.replaceState(null, "", `${location.pathname}#/${screen}`);
  return given;
}
