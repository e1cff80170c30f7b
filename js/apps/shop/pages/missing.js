import { html } from "./html.js";
import { layout } from "./layout.js";

/** @param {import("./layout.js").Site} site */
export function missingPage(site) {
  return layout(site, {
    title: "Not found · Tarn",
    kind: "missing",
    main: html`<div class="wrap page-head"><h1>This page has washed away</h1>
<p class="lead">The address may be old, or mistyped.</p>
<p><a class="button" href="/">Back to the shop</a></p></div>`,
  });
}
