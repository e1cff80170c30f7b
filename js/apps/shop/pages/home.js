import { CATEGORIES, PRODUCTS, productsIn } from "../shared/catalogue.js";
import { grid } from "./cards.js";
import { html } from "./html.js";
import { arrowIcon } from "./icons.js";
import { hero, layout } from "./layout.js";

const FEATURED = ["fen-runner", "squall-shell", "lock-rolltop", "harbour-court"];

/** @param {import("./layout.js").Site} site */
export function homePage(site) {
  const featured = FEATURED.flatMap((slug) => PRODUCTS.find((product) => product.slug === slug) ?? []);
  return layout(site, {
    title: "Tarn: sneakers, jackets and bags for wet weather",
    kind: "home",
    main: html`${hero("full")}
<section class="wrap" aria-labelledby="cats-title">
  <h2 id="cats-title">Shop by kind</h2>
  <ul class="kinds" role="list">
    ${CATEGORIES.map(
      ({ key, name, line, tone, cover }) => html`<li><a class="kind tone-${tone}" href="/c/${key}">
      <span class="kind-text"><span class="kind-name">${name}</span><span class="kind-line">${line}</span><span class="kind-go">${productsIn(key).length} styles ${arrowIcon}</span></span>
      <img src="/art/${cover}.svg" alt="" width="480" height="480" loading="lazy">
    </a></li>`,
    )}
  </ul>
</section>
<section class="wrap" aria-labelledby="featured-title">
  <h2 id="featured-title">Worn most this week</h2>
  ${grid(featured)}
</section>
<section class="promise" aria-label="Our promises">
  <dl class="wrap">
    <div><dt>Repaired, not replaced</dt><dd>Seams, soles and zips are mended free for three years.</dd></div>
    <div><dt>Sixty days outdoors</dt><dd>Wear it in real rain. Send it back if it lets any in.</dd></div>
    <div><dt>Your choices hold</dt><dd>This page measures nothing until you allow it. Open the panel and check.</dd></div>
  </dl>
</section>`,
  });
}
