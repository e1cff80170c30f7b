/**
 * The bag, the signed-in customer and the orders of this tab. They live in sessionStorage, and only from the moment the
 * visitor puts something in the bag or signs in: plain browsing writes nothing to the device. Where storage is refused,
 * they live as long as the page.
 */
import { productById } from "../shared/catalogue.js";

/**
 * @typedef {{ product: import("../shared/catalogue.js").Product, size: string, quantity: number }} Line
 * @typedef {{ id: string, size: string, quantity: number }} StoredLine
 * @typedef {{ userId: string, email: string, name: string }} Customer
 * @typedef {{ id: string, total: number, items: number, lines: StoredLine[] }} Order
 */

/** @type {Map<string, string>} */
const memory = new Map();

/** @template T @param {string} key @param {T} otherwise @returns {T} */
function read(key, otherwise) {
  let text = memory.get(key);
  try {
    text = sessionStorage.getItem(key) ?? text;
  } catch {
    // Storage refused: the page's memory is all there is.
  }
  if (!text) return otherwise;
  try {
    return JSON.parse(text);
  } catch {
    return otherwise;
  }
}

/** @param {string} key @param {unknown} value */
function write(key, value) {
  const text = JSON.stringify(value);
  memory.set(key, text);
  try {
    sessionStorage.setItem(key, text);
  } catch {
    // As above.
  }
}

/** @param {string} key */
function forget(key) {
  memory.delete(key);
  try {
    sessionStorage.removeItem(key);
  } catch {
    // As above.
  }
}

/** @returns {Line[]} */
export function lines() {
  return read("shop_bag", /** @type {StoredLine[]} */ ([])).flatMap(({ id, size, quantity }) => {
    const product = productById(id);
    return product ? [{ product, size, quantity }] : [];
  });
}

/** @param {Line[]} next */
function keep(next) {
  if (next.length === 0) forget("shop_bag");
  else write("shop_bag", next.map(({ product, size, quantity }) => ({ id: product.id, size, quantity })));
  document.dispatchEvent(new Event("bag"));
}

/** @param {import("../shared/catalogue.js").Product} product @param {string} size */
export function add(product, size) {
  const all = lines();
  const line = all.find((other) => other.product.id === product.id && other.size === size);
  if (line) line.quantity += 1;
  else all.push({ product, size, quantity: 1 });
  keep(all);
}

/** @param {Line} line @param {number} quantity */
export function setQuantity(line, quantity) {
  keep(
    lines()
      .map((other) => (other.product.id === line.product.id && other.size === line.size ? { ...other, quantity } : other))
      .filter((other) => other.quantity > 0),
  );
}

export function empty() {
  keep([]);
}

export function count() {
  return lines().reduce((sum, line) => sum + line.quantity, 0);
}

export function total() {
  return lines().reduce((sum, line) => sum + line.quantity * line.product.price, 0);
}

/** @returns {Customer | undefined} */
export function customer() {
  return read("shop_customer", undefined);
}

/** @param {Customer} who */
export function signIn(who) {
  write("shop_customer", who);
}

export function signOut() {
  forget("shop_customer");
  forget("shop_orders");
}

/** @returns {Order[]} */
export function orders() {
  return read("shop_orders", []);
}

/** @param {Order} order */
export function keepOrder(order) {
  write("shop_orders", [order, ...orders()].slice(0, 10));
}
