/** Entry of every page: consent, hero, panel, then what this page has to say. */
import { productById, productsIn } from "../shared/catalogue.js";
import { startAccount } from "./account.js";
import { add, count, customer } from "./bag.js";
import { startCart, startCheckout, startThanks } from "./buying.js";
import { startConsent } from "./consent.js";
import { find } from "./dom.js";
import { startHero } from "./hero.js";
import { startPanel } from "./panel.js";
import { described, listViewed, productViewed, tell } from "./tracking.js";

const { page = "", product: productId = "", category = "" } = document.body.dataset;
const edge = /** @type {HTMLScriptElement | null} */ (document.querySelector("script[data-edge]"))?.dataset.edge ?? "";

/** Names of pages as `page` calls say them. @type {Record<string, string>} */
const PAGE_NAMES = {
  home: "Home",
  category: "Category",
  product: "Product",
  cart: "Bag",
  checkout: "Checkout",
  thanks: "Thank you",
  account: "Account",
  missing: "Not found",
};

function startHeader() {
  const badge = find("[data-cart-count]");
  const show = () => {
    if (!badge) return;
    badge.textContent = String(count());
    badge.hidden = count() === 0;
  };
  show();
  document.addEventListener("bag", show);
  const who = customer();
  const label = find("[data-account-label]");
  if (who && label) label.textContent = `Account of ${who.name}`;
}

function startProduct() {
  const product = productById(productId);
  if (!product) return;
  productViewed(product);
  find("[data-add]")?.addEventListener("submit", (event) => {
    event.preventDefault();
    const size = String(new FormData(/** @type {HTMLFormElement} */ (event.currentTarget)).get("size") ?? "");
    add(product, size);
    tell("track", "Product Added", { ...described(product), variant: size, quantity: 1 });
    const done = find("[data-added]");
    if (!done) return;
    const link = document.createElement("a");
    link.href = "/cart";
    link.textContent = "See your bag";
    done.replaceChildren(`${product.name}${product.sizes.length > 1 ? `, size ${size},` : ""} is in your bag. `, link);
  });
}

startHeader();
startHero();
startPanel();
void startConsent(edge);
tell("page", PAGE_NAMES[page] ?? page);
if (page === "product") startProduct();
else if (page === "category") listViewed(category, productsIn(category));
else if (page === "cart") startCart();
else if (page === "checkout") startCheckout();
else if (page === "thanks") startThanks();
else if (page === "account") startAccount();
