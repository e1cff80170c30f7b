/**
 * The shop's only door to the SDK. The SDK may be absent, blocked, refused or still a queue: every call here is safe, and
 * none of them is ever waited for.
 */
import { BRAND, productProperties } from "../shared/catalogue.js";

/**
 * @typedef {import("../shared/catalogue.js").Product} Product
 * @typedef {import("./bag.js").Line} Line
 */

/** @param {"track" | "identify" | "page" | "reset" | "on" | "ready" | "watch" | "use"} method @param {unknown[]} args */
export function tell(method, ...args) {
  try {
    /** @type {any} */ (window.headwater)?.[method]?.(...args);
  } catch {
    // Measuring must never break buying.
  }
}

/** What the SDK shows of itself, or nothing while it is not here. */
export function inspect() {
  try {
    return window.headwater?.inspect?.();
  } catch {
    return undefined;
  }
}

/** Who the visitor is to the SDK. */
export function visitor() {
  try {
    const user = window.headwater?.user?.();
    return { anonymousId: user?.anonymousId() ?? "", userId: user?.id() ?? "" };
  } catch {
    return { anonymousId: "", userId: "" };
  }
}

/** @param {Product} product */
export function described(product) {
  return productProperties(product, location.origin);
}

/** @param {Line[]} lines */
export function describedLines(lines) {
  return lines.map(({ product, size, quantity }, position) => ({
    ...described(product),
    variant: size,
    quantity,
    position: position + 1,
  }));
}

/** @param {Product} product */
export function productViewed(product) {
  tell("track", "Product Viewed", described(product));
}

/** @param {string} category @param {Product[]} products */
export function listViewed(category, products) {
  tell("track", "Product List Viewed", {
    list_id: category,
    category,
    brand: BRAND,
    products: products.map((product, position) => ({ ...described(product), position: position + 1 })),
  });
}

/**
 * The shop's own id of a customer, always the same for one e-mail. Not a secret and not a hash for security: it only
 * has to be stable in every browser, as a database id would be.
 *
 * @param {string} email
 */
export function userIdOf(email) {
  let a = 0x9e3779b9;
  let b = 0x85ebca6b;
  for (const character of email.trim().toLowerCase()) {
    const code = character.codePointAt(0) ?? 0;
    a = Math.imul(a ^ code, 0x27d4eb2f);
    b = Math.imul(b ^ code, 0x165667b1);
  }
  a = Math.imul(a ^ (a >>> 15), 0x735a2d97) ^ b;
  b = Math.imul(b ^ (b >>> 13), 0xcaf649a9) ^ a;
  const hex = (/** @type {number} */ part) => (part >>> 0).toString(16).padStart(8, "0");
  return `usr_${hex(a)}${hex(b)}`;
}
