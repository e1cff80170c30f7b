import { html } from "./html.js";
import { layout } from "./layout.js";

/** @param {import("./layout.js").Site} site */
export function accountPage(site) {
  return layout(site, {
    title: "Account · Tarn",
    kind: "account",
    current: "account",
    main: html`<div class="wrap page-head"><h1 data-account-title>Sign in</h1><p class="lead" data-account-lead>No password: this is a demo. Use the same e-mail in two browsers and both become one profile.</p></div>
<div class="wrap split">
  <form class="form" data-signin hidden>
    <label for="email">E-mail</label>
    <input id="email" name="email" type="email" autocomplete="email" required>
    <label for="name">Name</label>
    <input id="name" name="name" autocomplete="name" required>
    <button class="button big" type="submit">Sign in</button>
  </form>
  <section class="signed" data-signed hidden aria-label="Your account">
    <dl class="facts-list" data-signed-facts></dl>
    <h2>Orders in this tab</h2>
    <div data-orders></div>
    <button class="button plain" type="button" data-signout>Sign out</button>
  </section>
  <noscript><p class="note">Signing in needs JavaScript.</p></noscript>
</div>`,
  });
}
