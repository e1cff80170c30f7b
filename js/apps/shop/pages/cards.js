import { money } from "../shared/catalogue.js";
import { html } from "./html.js";

/** @param {import("../shared/catalogue.js").Product} product */
export function card(product) {
  return html`<li class="card">
  <a href="/p/${product.slug}">
    <span class="tile tone-${product.tone}"><img src="/art/${product.slug}.svg" alt="" width="480" height="480" loading="lazy"></span>
    <span class="card-name">${product.name}</span>
    <span class="card-price">${money(product.price)}</span>
    <span class="card-line">${product.line}</span>
  </a>
</li>`;
}

/** @param {import("../shared/catalogue.js").Product[]} products */
export function grid(products) {
  return html`<ul class="grid" role="list">${products.map(card)}</ul>`;
}
