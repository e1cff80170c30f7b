import { productsIn } from "../shared/catalogue.js";
import { grid } from "./cards.js";
import { html } from "./html.js";
import { hero, layout } from "./layout.js";

/** @param {import("./layout.js").Site} site @param {import("../shared/catalogue.js").Category} category */
export function categoryPage(site, category) {
  const products = productsIn(category.key);
  return layout(site, {
    title: `${category.name} · Tarn`,
    description: category.line,
    kind: "category",
    current: category.key,
    data: { category: category.key },
    main: html`${hero("strip")}
<div class="wrap page-head">
  <nav class="crumbs" aria-label="Breadcrumb"><a href="/">Home</a><span aria-current="page">${category.name}</span></nav>
  <h1>${category.name}</h1>
  <p class="lead">${category.line} <span class="quiet">${products.length} styles</span></p>
</div>
<div class="wrap">${grid(products)}</div>`,
  });
}
