import { categoryByKey, money, productsIn } from "../shared/catalogue.js";
import { grid } from "./cards.js";
import { html } from "./html.js";
import { hero, layout } from "./layout.js";

/** @param {import("./layout.js").Site} site @param {import("../shared/catalogue.js").Product} product */
export function productPage(site, product) {
  const category = categoryByKey(product.category);
  const others = productsIn(product.category).filter((other) => other.id !== product.id);
  return layout(site, {
    title: `${product.name} · Tarn`,
    description: product.line,
    kind: "product",
    current: product.category,
    data: { product: product.id },
    main: html`${hero("strip")}
<div class="wrap">
  <nav class="crumbs" aria-label="Breadcrumb"><a href="/">Home</a><a href="/c/${product.category}">${category?.name}</a><span aria-current="page">${product.name}</span></nav>
  <article class="product">
    <div class="stage tone-${product.tone}"><img src="/art/${product.slug}.svg" alt="${product.name} in ${product.colour.replace(" / ", " and ")}" width="480" height="480"></div>
    <div class="buy">
      <h1>${product.name}</h1>
      <p class="buy-line">${product.line}</p>
      <p class="buy-price">${money(product.price)} <span>incl. VAT</span></p>
      <form class="buy-form" data-add>
        <p class="buy-colour"><span>Colour</span> ${product.colour}</p>
        ${sizes(product)}
        <button class="button big" type="submit">Add to bag</button>
        <p class="buy-done" role="status" data-added></p>
      </form>
      <p class="buy-about">${product.about}</p>
      <ul class="facts">${product.facts.map((fact) => html`<li>${fact}</li>`)}</ul>
    </div>
  </article>
  <section aria-labelledby="more-title">
    <h2 id="more-title">More ${category?.name.toLowerCase()}</h2>
    ${grid(others.slice(0, 4))}
  </section>
</div>`,
  });
}

/** @param {import("../shared/catalogue.js").Product} product */
function sizes({ sizes: all }) {
  const first = all[Math.floor(all.length / 2)];
  if (all.length === 1) return html`<input type="hidden" name="size" value="${first}">`;
  return html`<fieldset class="sizes"><legend>Size</legend><div>${all.map(
    (size) => html`<label><input type="radio" name="size" value="${size}"${size === first && html` checked`}><span>${size}</span></label>`,
  )}</div></fieldset>`;
}
