import { BRAND, CATEGORIES } from "../shared/catalogue.js";
import { html } from "./html.js";
import { bagIcon, closeIcon, dropIcon, personIcon } from "./icons.js";

/**
 * @typedef {import("../server/routes.js").Site} Site
 * @typedef {import("./html.js").Markup} Markup
 * @typedef {{
 *   title: string, description?: string, kind: string, current?: string, main: Markup,
 *   data?: Record<string, string>
 * }} Page
 */

/**
 * The frame of every page. `kind` and `data` tell the page's script what was shown; nothing is inline, so the strictest
 * content security policy holds.
 *
 * @param {Site} site
 * @param {Page} page
 */
export function layout(site, { title, description, kind, current, main, data = {} }) {
  const attributes = Object.entries(data).map(([name, value]) => html` data-${name}="${value}"`);
  return String(html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<meta name="description" content="${description ?? "Sneakers, jackets and bags for the weather you actually get."}">
<meta name="color-scheme" content="light dark">
<meta name="theme-color" content="#0b3b40">
<link rel="icon" href="/assets/favicon.svg" type="image/svg+xml">
<link rel="stylesheet" href="/vendor/cookieconsent.css">
<link rel="stylesheet" href="/assets/shop.css">
<link rel="stylesheet" href="/assets/pages.css">
<link rel="stylesheet" href="/assets/panel.css">
${site.edge && html`<script src="/assets/snippet.js" data-edge="${site.edge}" data-write-key="${site.writeKey}"></script>`}
<script type="module" src="/assets/shop.js"></script>
</head>
<body data-page="${kind}"${attributes}>
<a class="skip" href="#main">Skip to content</a>
<div class="site">
${header(current)}
<main id="main" tabindex="-1">
${main}
</main>
${footer()}
</div>
${panel()}
</body>
</html>
`);
}

/** @param {string | undefined} current */
function header(current) {
  return html`<header class="top">
  <div class="top-in">
    <a class="brand" href="/" aria-label="${BRAND}, home"><svg viewBox="0 0 32 32" aria-hidden="true"><path d="M3 22c4-3 7-3 10.500 0s7 3 10.500 0 4-2 5-2M6 16 13 6l5 7 3-4 5 7"/></svg><span>${BRAND}</span></a>
    <nav class="cats" aria-label="Categories">
      ${CATEGORIES.map(({ key, name }) => html`<a href="/c/${key}"${current === key && html` aria-current="page"`}>${name}</a>`)}
    </nav>
    <div class="tools">
      <button class="sees-toggle" type="button" aria-expanded="false" aria-controls="sees" data-sees-toggle>${dropIcon}<span class="wide">What Headwater sees</span><span class="narrow">Headwater</span></button>
      <a class="tool" href="/account"${current === "account" && html` aria-current="page"`}>${personIcon}<span class="sr" data-account-label>Sign in</span></a>
      <a class="tool" href="/cart"${current === "cart" && html` aria-current="page"`}>${bagIcon}<span class="count" data-cart-count hidden>0</span><span class="sr">Bag</span></a>
    </div>
  </div>
</header>`;
}

function footer() {
  return html`<footer class="foot">
  <div class="foot-in">
    <p class="foot-brand">${BRAND}<span>A made-up shop that shows Headwater at work. Nothing here can be bought, and no payment is taken.</span></p>
    <nav aria-label="Footer">
      ${CATEGORIES.map(({ key, name }) => html`<a href="/c/${key}">${name}</a>`)}
      <a href="/account">Account</a>
      <button type="button" class="linkish" data-privacy>Privacy choices</button>
    </nav>
  </div>
</footer>`;
}

function panel() {
  return html`<aside class="sees" id="sees" aria-labelledby="sees-title" tabindex="-1" hidden>
  <div class="sees-head">
    <h2 id="sees-title">${dropIcon}What Headwater sees</h2>
    <button type="button" class="sees-close" data-sees-close>${closeIcon}<span class="sr">Close panel</span></button>
  </div>
  <div class="sees-body" data-sees-body></div>
</aside>`;
}

/**
 * The placement `home-hero`. The server writes the default; the page's script replaces it when a decision arrives.
 *
 * @param {"full" | "strip"} size
 */
export function hero(size) {
  const heading = size === "full" ? html`<h1 data-hero-title>Gear for the weather you actually get</h1>` : html`<p class="hero-title" data-hero-title>Gear for the weather you actually get</p>`;
  return html`<section class="hero hero-${size}" data-placement="home-hero" data-tone="lake" data-variant="default" aria-label="Featured">
  <div class="hero-text">
    <p class="hero-tag" data-hero-tag>New this season</p>
    ${heading}
    <p class="hero-line" data-hero-text>Sneakers, shells and bags, made to be worn in October and repaired in March.</p>
    <p class="hero-act"><a class="button" data-hero-cta href="/c/jackets">See the shells</a><button type="button" class="hero-why" data-hero-why hidden>Why am I seeing this?</button></p>
  </div>
  <img class="hero-art" data-hero-art src="/art/scene-mixed.svg" alt="" width="720" height="580">
</section>`;
}
