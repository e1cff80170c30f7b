export const CSP_MODES = /** @type {const} */ (["strict", "no-wasm", "none"]);

/**
 * Headers of every answer. The policy names the edge as the only other origin; `no-wasm` leaves out
 * `'wasm-unsafe-eval'`, so that the SDK has to take its JavaScript encoding.
 *
 * @param {typeof CSP_MODES[number]} mode
 * @param {string} edge
 * @returns {Record<string, string>}
 */
export function securityHeaders(mode, edge) {
  /** @type {Record<string, string>} */
  const headers = {
    "x-content-type-options": "nosniff",
    "referrer-policy": "strict-origin-when-cross-origin",
  };
  if (mode === "none") return headers;
  const wasm = mode === "strict" ? "'wasm-unsafe-eval'" : "";
  headers["content-security-policy"] = [
    "default-src 'self'",
    directive("script-src 'self'", edge, wasm),
    directive("connect-src 'self'", edge),
    "style-src 'self'",
    "img-src 'self' data:",
    "object-src 'none'",
    "base-uri 'none'",
    "form-action 'self'",
    "frame-ancestors 'none'",
  ].join("; ");
  return headers;
}

/** @param {string[]} parts */
function directive(...parts) {
  return parts.filter(Boolean).join(" ");
}
