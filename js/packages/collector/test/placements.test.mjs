// Elements that decisions fill: nothing flickers, nothing moves, and the default shows in time whatever happens.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, it } from "node:test";
import { Visit, engine, launch } from "./visitor.mjs";
import { never, until } from "../../../../tests/harness/until.mjs";

const VALUE = { title: "Fresh sneakers", text: "A much longer text than the default has. ".repeat(20), cta: "/c/sneakers", art: "javascript:alert(1)" };
const PAGE = `<section data-headwater-placement="home-hero" style="min-height: 120px">
  <h1 data-field="title">Welcome</h1><p data-field="text">Default.</p><a data-field-href="cta" href="/default">Look</a><img data-field-src="art" alt="" width="10" height="10">
</section><p id="below">What stands below.</p>`;

let browser;
let visit;
before(async () => {
  browser = await launch();
});
after(() => browser.close());
beforeEach(async () => {
  visit = await Visit.start(browser);
  visit.edge.decide = ({ placements }) => Object.fromEntries(placements.map((placement) => [placement, { placement, experience: "exp_1", variant: "sneakers", value: VALUE, reasons: [] }]));
});
afterEach(() => visit.end());

/** Notes in every frame what of the placement is seen, and every layout shift. */
const RECORDER = `<script>
  window.seen = []; window.shifts = [];
  new PerformanceObserver((list) => { for (const entry of list.getEntries()) window.shifts.push(entry.value); }).observe({ type: "layout-shift", buffered: true });
  (function look() {
    const title = document.querySelector("h1");
    if (title && getComputedStyle(title).visibility === "visible") window.seen.push(title.textContent);
    requestAnimationFrame(look);
  })();
</script>`;

/** @param {{ timeout?: number, attributes?: string, body?: string }} [options] */
async function arrive({ timeout = 5_000, attributes = 'data-regime="opt_out"', body = PAGE } = {}) {
  const scripts = `${visit.site.script(attributes)}<script src="${visit.edge.url}/sdk/placements.js" data-timeout="${timeout}"></script>`;
  visit.site.pages.set("/shop", { type: "text/html", text: `<!doctype html><title>Shop</title><head>${RECORDER}${scripts}</head><body>${body}</body>` });
  return visit.open("/shop");
}

const title = (page) => page.locator("h1").textContent();
const seen = (page) => page.evaluate(() => [...new Set(window.seen)]);
const shown = (page) => until("the placement is seen", () => page.evaluate(() => window.seen.length > 5));

it("shows the variant alone, in the default's place: no flicker, no layout shift", async () => {
  const page = await arrive();
  await shown(page);
  assert.deepEqual(await seen(page), ["Fresh sneakers"]);
  assert.deepEqual(await page.evaluate(() => window.shifts), [], "nothing moved");
  assert.equal(await page.locator("a").getAttribute("href"), "/c/sneakers");
  assert.equal(await page.locator("img").getAttribute("src"), null, "no address that runs");
  assert.equal(await page.locator("section").getAttribute("data-variant"), "sneakers");
});

it("shows the default when the time is over, and a decision that comes later changes nothing", async () => {
  visit.edge.answer = ({ path }) => (path === "/v1/decide" ? "hang" : undefined);
  const page = await arrive({ timeout: 300 });
  await shown(page);
  const first = await page.evaluate(() => performance.now());
  assert.ok(first < 10_000, `${first} ms`);
  assert.deepEqual(await seen(page), ["Welcome"]);
  await never("it changes", 500, async () => (await title(page)) !== "Welcome");
  assert.deepEqual(await page.evaluate(() => window.shifts), []);
});

it("without consent, without a variant or with an edge that fails, the default shows", async () => {
  let page = await arrive({ attributes: "" });
  await shown(page);
  assert.deepEqual(await seen(page), ["Welcome"]);
  assert.deepEqual(visit.sent, [], "nobody was asked");
  visit.edge.decide = ({ placements }) => Object.fromEntries(placements.map((placement) => [placement, { placement, experience: null, variant: null, value: null, reasons: [] }]));
  page = await arrive();
  await shown(page);
  assert.deepEqual(await seen(page), ["Welcome"]);
  visit.edge.answer = ({ path }) => (path === "/v1/decide" ? { status: 400 } : undefined);
  page = await arrive();
  await shown(page);
  assert.deepEqual(await seen(page), ["Welcome"]);
});

it("a page may fill a placement itself", async () => {
  const own = `<script>addEventListener("headwater:placement", (event) => { event.preventDefault(); event.target.querySelector("h1").textContent = "Own: " + event.detail.variant; });</script>`;
  const page = await arrive({ body: own + PAGE });
  await shown(page);
  assert.deepEqual(await seen(page), ["Own: sneakers"]);
});

it("what was painted before the script came stays as it is", async () => {
  visit.site.pages.set("/late", { type: "text/html", text: `<!doctype html><title>Shop</title><head>${RECORDER}${visit.site.script('data-regime="opt_out"')}</head><body>${PAGE}</body>` });
  const page = await visit.open("/late");
  await shown(page);
  await until("it was painted", () => page.evaluate(() => performance.getEntriesByType("paint").length));
  await page.addScriptTag({ url: `${visit.edge.url}/sdk/placements.js` });
  await engine(page);
  await never("it changes", 500, async () => (await title(page)) !== "Welcome");
});
