/** What a screen remembers in the query of the address's fragment, so that a link or a reload shows the same. */

/** Changes it without opening the screen anew. @param {Record<string, string>} changes an empty value is left out */
export function remember(changes) {
  const [path = "", query = ""] = location.hash.replace(/^#/, "").split("?");
  const kept = new URLSearchParams(query);
  for (const [name, value] of Object.entries(changes)) {
    if (value) kept.set(name, value);
    else kept.delete(name);
  }
  const text = kept.toString();
  history.replaceState(null, "", `#${path || "/"}${text ? `?${text}` : ""}`);
}
