/**
 * The token of the server API. A link may carry it once in the address's fragment, which browsers never send; it is then
 * taken out of the address and kept for this tab.
 */
const KEY = "headwater_token";
let memory = "";

export function takeTokenFromAddress() {
  const given = new URLSearchParams(location.hash.replace(/^#\/?/, "")).get("token");
  if (!given) return;
  keepToken(given);
  history.replaceState(null, "", `${location.pathname}#/`);
}

/** @returns {string} */
export function token() {
  try {
    return sessionStorage.getItem(KEY) ?? memory;
  } catch {
    return memory;
  }
}

/** @param {string} value */
export function keepToken(value) {
  memory = value;
  try {
    sessionStorage.setItem(KEY, value);
  } catch {
    // Storage refused: signed in as long as the page lives.
  }
}

export function forgetToken() {
  memory = "";
  try {
    sessionStorage.removeItem(KEY);
  } catch {
    // As above.
  }
}
