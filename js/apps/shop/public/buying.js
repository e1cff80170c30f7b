/** Bag, checkout and thank-you page. */
import { CURRENCY, money, productById } from "../shared/catalogue.js";
import { count, customer, empty, keepOrder, lines, orders, setQuantity, total } from "./bag.js";
import { el, find } from "./dom.js";
import { described, describedLines, tell, userIdOf } from "./tracking.js";

/** @typedef {import("./bag.js").Line} Line */

export function startCart() {
  tell("track", "Cart Viewed", { value: total(), currency: CURRENCY, products: describedLines(lines()) });
  showCart();
}

function showCart() {
  const place = find("[data-cart]");
  if (!place) return;
  const all = lines();
  if (all.length === 0) {
    place.replaceChildren(
      el("div", { class: "empty" }, el("p", {}, "Nothing in here yet."), el("a", { class: "button", href: "/c/sneakers" }, "Look at sneakers")),
    );
    return;
  }
  const list = el("ul", { class: "lines", role: "list" }, ...all.map(cartLine));
  place.replaceChildren(
    el(
      "div",
      { class: "split" },
      list,
      el("aside", { class: "summary", "aria-label": "Order summary" }, ...totals(), el("a", { class: "button big", href: "/checkout" }, "Go to checkout")),
    ),
  );
}

/** @param {Line} line */
function cartLine(line) {
  const { product, size, quantity } = line;
  const select = el("select", {
    "aria-label": `Quantity of ${product.name}`,
    change: (event) => changeQuantity(line, Number(/** @type {HTMLSelectElement} */ (event.currentTarget).value)),
  });
  for (let n = 1; n <= Math.max(6, quantity); n += 1) {
    const option = el("option", { value: String(n) }, String(n));
    option.selected = n === quantity;
    select.append(option);
  }
  return el(
    "li",
    { class: "line" },
    el("a", { class: `tile tone-${product.tone}`, href: `/p/${product.slug}`, "aria-label": product.name }, el("img", { src: `/art/${product.slug}.svg`, alt: "", width: "480", height: "480" })),
    el(
      "div",
      { class: "line-text" },
      el("a", { class: "line-name", href: `/p/${product.slug}` }, product.name),
      el("span", { class: "quiet" }, product.sizes.length > 1 ? `${product.colour} · size ${size}` : product.colour),
      el("span", { class: "line-act" }, select, el("button", { type: "button", class: "linkish", "aria-label": `Remove ${product.name}`, click: () => changeQuantity(line, 0) }, "Remove")),
    ),
    el("span", { class: "line-price" }, money(product.price * quantity)),
  );
}

/** @param {Line} line @param {number} quantity */
function changeQuantity(line, quantity) {
  const change = quantity - line.quantity;
  if (change === 0) return;
  tell("track", change > 0 ? "Product Added" : "Product Removed", { ...described(line.product), variant: line.size, quantity: Math.abs(change) });
  setQuantity(line, quantity);
  showCart();
  if (quantity === 0) find("main")?.focus();
}

function totals() {
  const sum = total();
  return [
    el("h2", {}, "Summary"),
    el("p", { class: "sum" }, el("span", {}, `${count()} ${count() === 1 ? "item" : "items"}`), el("span", {}, money(sum))),
    el("p", { class: "sum" }, el("span", {}, "Delivery"), el("span", {}, "Free")),
    el("p", { class: "sum sum-total" }, el("span", {}, "Total"), el("span", {}, money(sum))),
  ];
}

export function startCheckout() {
  const form = /** @type {HTMLFormElement | null} */ (find("[data-checkout]"));
  const summary = find("[data-summary]");
  if (!form || !summary) return;
  // Hidden until now: sent by the browser alone, the form would put the address into the page's URL.
  form.hidden = false;
  summary.replaceChildren(
    ...totals(),
    el("ul", { class: "mini", role: "list" }, ...lines().map(({ product, quantity }) => el("li", {}, `${quantity} × ${product.name}`))),
  );
  if (count() === 0) {
    form.replaceChildren(el("p", {}, "Your bag is empty, so there is nothing to check out."), el("a", { class: "button", href: "/c/sneakers" }, "Look at sneakers"));
    return;
  }
  tell("track", "Checkout Started", { value: total(), currency: CURRENCY, products: describedLines(lines()) });
  const who = customer();
  const field = (/** @type {string} */ name) => /** @type {HTMLInputElement} */ (form.elements.namedItem(name));
  if (who) {
    field("email").value = who.email;
    field("name").value = who.name;
  }
  form.addEventListener("submit", (event) => {
    event.preventDefault();
    placeOrder(field("email").value.trim(), field("name").value.trim());
  });
}

/** @param {string} email @param {string} name */
function placeOrder(email, name) {
  const all = lines();
  const id = `ord_${[...crypto.getRandomValues(new Uint8Array(6))].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
  tell("identify", userIdOf(email), { email, name });
  tell("track", "Order Completed", {
    order_id: id,
    revenue: total(),
    total: total(),
    currency: CURRENCY,
    products: describedLines(all),
  });
  keepOrder({ id, total: total(), items: count(), lines: all.map(({ product, size, quantity }) => ({ id: product.id, size, quantity })) });
  empty();
  // Leaving at once is the point: the SDK has to bring the order home by itself.
  location.assign("/thanks");
}

export function startThanks() {
  const place = find("[data-order]");
  const lead = find("[data-thanks]");
  const [order] = orders();
  if (!place || !lead) return;
  if (!order) {
    lead.textContent = "There is no order in this tab.";
    place.replaceChildren(el("a", { class: "button", href: "/" }, "Back to the shop"));
    return;
  }
  lead.textContent = `Order ${order.id}, ${order.items} ${order.items === 1 ? "item" : "items"}, ${money(order.total)}. It is a demo: nothing will arrive.`;
  place.replaceChildren(
    el("ul", { class: "lines ordered", role: "list" }, ...order.lines.map(orderedLine)),
    el("p", { class: "ordered-act" }, el("a", { class: "button", href: "/" }, "Keep looking around"), !customer() && el("a", { href: "/account" }, "Sign in with the same e-mail")),
  );
}

/** @param {import("./bag.js").StoredLine} line */
function orderedLine({ id, size, quantity }) {
  const product = productById(id);
  if (!product) return "";
  return el(
    "li",
    { class: "line" },
    el("span", { class: `tile tone-${product.tone}` }, el("img", { src: `/art/${product.slug}.svg`, alt: "", width: "480", height: "480" })),
    el("div", { class: "line-text" }, el("b", {}, product.name), el("span", { class: "quiet" }, `${quantity} × ${money(product.price)}${product.sizes.length > 1 ? ` · size ${size}` : ""}`)),
    el("span", { class: "line-price" }, money(product.price * quantity)),
  );
}
