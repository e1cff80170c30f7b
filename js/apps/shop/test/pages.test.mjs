import assert from "node:assert/strict";
import test from "node:test";
import { html } from "../pages/html.js";
import { securityHeaders } from "../server/headers.js";
import { answer } from "../server/routes.js";
import { CATEGORIES, PRODUCTS } from "../shared/catalogue.js";
import { SCENE_NAMES } from "../shared/hero-pictures.js";

const site = { edge: "http://127.0.0.1:1", writeKey: "wk_test" };
const get = (url) => answer({ method: "GET", url }, site);

test("every page and every picture of the catalogue is there", async () => {
  const paths = ["/", "/cart", "/checkout", "/thanks", "/account", "/vendor/cookieconsent.esm.js", "/vendor/cookieconsent.css"];
  for (const { key } of CATEGORIES) paths.push(`/c/${key}`);
  for (const { slug } of PRODUCTS) paths.push(`/p/${slug}`, `/art/${slug}.svg`);
  for (const name of SCENE_NAMES) paths.push(`/art/scene-${name}.svg`);
  for (const path of paths) assert.equal((await get(path)).status, 200, path);
});

test("nothing outside the served folders can be asked for", async () => {
  for (const path of ["/assets/..%2fserve.mjs", "/assets/../serve.mjs", "/serve.mjs", "/assets/.hidden", "/assets/", "/p/constructor", "/art/x.svg"]) {
    assert.equal((await get(path)).status, 404, path);
  }
  assert.equal((await answer({ method: "POST", url: "/" }, site)).status, 405);
});

test("pages carry no inline script or style, so the strictest policy holds", async () => {
  for (const path of ["/", "/c/sneakers", "/p/fen-runner", "/cart", "/account"]) {
    const { body } = await get(path);
    assert.doesNotMatch(body, /<script(?![^>]*\ssrc=)|<style|\sstyle=|\son[a-z]+=/, path);
  }
});

test("without an edge no page names the SDK", async () => {
  const { body } = await answer({ method: "GET", url: "/" }, { edge: "", writeKey: "" });
  assert.doesNotMatch(body, /snippet\.js/);
});

test("the policy allows WebAssembly only where asked", () => {
  const policy = (mode) => securityHeaders(mode, "http://edge.test")["content-security-policy"];
  assert.match(policy("strict"), /script-src 'self' http:\/\/edge\.test 'wasm-unsafe-eval';/);
  assert.match(policy("no-wasm"), /script-src 'self' http:\/\/edge\.test;/);
  assert.equal(policy("none"), undefined);
});

test("values are escaped, templates are not", () => {
  assert.equal(String(html`<b>${"<i>&\"'"}</b>${html`<u>${1}</u>`}${[false, undefined]}`), "<b>&lt;i&gt;&amp;&quot;&#39;</b><u>1</u>");
});
