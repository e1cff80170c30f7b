import { html } from "./html.js";
import { layout } from "./layout.js";

const NEEDS_SCRIPT = html`<noscript><p class="note">The bag needs JavaScript.</p></noscript>`;

/** @param {import("./layout.js").Site} site */
export function cartPage(site) {
  return layout(site, {
    title: "Your bag · Tarn",
    kind: "cart",
    current: "cart",
    main: html`<div class="wrap page-head"><h1>Your bag</h1></div>
<div class="wrap" data-cart>${NEEDS_SCRIPT}</div>`,
  });
}

/** @param {import("./layout.js").Site} site */
export function checkoutPage(site) {
  return layout(site, {
    title: "Checkout · Tarn",
    kind: "checkout",
    main: html`<div class="wrap page-head"><h1>Checkout</h1><p class="lead">A demo: no payment is taken and nothing is sent to you.</p></div>
<div class="wrap split">
  <form class="form" data-checkout hidden>
    <fieldset>
      <legend>Contact</legend>
      <label for="email">E-mail</label>
      <input id="email" name="email" type="email" autocomplete="email" required>
      <label for="name">Name</label>
      <input id="name" name="name" autocomplete="name" required>
    </fieldset>
    <fieldset>
      <legend>Delivery</legend>
      <label for="street">Street and number</label>
      <input id="street" name="street" autocomplete="street-address">
      <div class="pair">
        <div><label for="postcode">Postcode</label><input id="postcode" name="postcode" autocomplete="postal-code"></div>
        <div><label for="city">City</label><input id="city" name="city" autocomplete="address-level2"></div>
      </div>
      <p class="hint">Stays on this page. The order event carries products and totals only.</p>
    </fieldset>
    <button class="button big" type="submit">Place order</button>
    <p class="form-error" role="alert" data-checkout-error></p>
  </form>
  <aside class="summary" aria-label="Order summary" data-summary>${NEEDS_SCRIPT}</aside>
</div>`,
  });
}

/** @param {import("./layout.js").Site} site */
export function thanksPage(site) {
  return layout(site, {
    title: "Thank you · Tarn",
    kind: "thanks",
    main: html`<div class="wrap page-head"><h1>Thank you</h1><p class="lead" data-thanks>Your order is in.</p></div>
<div class="wrap" data-order>${NEEDS_SCRIPT}</div>`,
  });
}
