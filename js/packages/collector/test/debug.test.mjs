// The debug panel: what it says, that only those load it who ask for it, and that it stays out of the page's way.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, it } from "node:test";
import { Visit, engine, launch, track } from "./visitor.mjs";
import { never, until } from "../../../../tests/harness/until.mjs";

const SINCE = new Date(Date.now() - 3 * 86_400_000).toISOString();
const DECISION = {
  placement: "home-hero",
  experience: "exp_sneakers",
  variant: "sneakers",
  value: { title: "<b>Fresh</b>" },
  reasons: ['in audience "Sneaker fans" (aud_sneakers)', "<script>window.hurt = 1</script>"],
  why: [
    { experience: "exp_old", outcome: "schedule", as_of: new Date().toISOString() },
    { experience: "exp_sneakers", outcome: "chosen", by: "hash", audiences: [{ audience: "aud_sneakers", member: true, since: SINCE }, { audience: "aud_bags", member: false }], as_of: new Date(Date.now() - 300_000).toISOString() },
  ],
  exposure: { experience: "exp_sneakers", variant: "sneakers", placement: "home-hero", holdout: false, decision_id: "dec_1" },
};
const { value: _, ...AT_THE_EDGE } = { ...DECISION, placement: "footer", variant: null, exposure: { ...DECISION.exposure, placement: "footer", variant: null, holdout: true } };
const BODY = `<h1>Shop</h1><section data-headwater-placement="home-hero"><b data-field="title">Welcome</b></section>
<footer data-headwater-placement="footer" data-headwater-decision='${JSON.stringify(AT_THE_EDGE)}'>Ours</footer><aside data-headwater-placement="aside">Aside</aside>`;

let browser;
let visit;
before(async () => {
  browser = await launch();
});
after(() => browser.close());
beforeEach(async () => {
  visit = await Visit.start(browser);
  const { edge, site } = visit;
  edge.decide = ({ placements }) => Object.fromEntries(placements.filter((name) => name === "home-hero").map((placement) => [placement, DECISION]));
  site.headers = { "content-security-policy": `default-src 'none'; script-src ${edge.url}; connect-src ${edge.url}; report-uri /report` };
  site.head = `${site.script('data-engine="js"')}<script src="${edge.url}/sdk/placements.js"></script>`;
  site.body = BODY;
});
afterEach(() => visit.end());

const panel = (page) => page.getByRole("region", { name: "Headwater debug panel" });

async function open(path = "/?headwater_debug") {
  await visit.context.addInitScript(() => {
    window.violations = [];
    addEventListener("securitypolicyviolation", ({ violatedDirective }) => window.violations.push(violatedDirective));
  });
  const page = await visit.open(path);
  await engine(page);
  return page;
}

it("says what consent allows, what became of events, and which clauses decided on which evidence", async () => {
  visit.edge.answer = ({ path, text }) => {
    if (path !== "/v1/batch" || !text.includes("Refused")) return undefined;
    const outcomes = JSON.parse(text).batch.map(({ messageId }, index) => ({ index, messageId, outcome: "quarantined", reason: "no such event in the tracking plan" }));
    return { status: 200, reply: { success: true, outcomes } };
  };
  const page = await open();
  await panel(page).waitFor();
  await page.evaluate(() => window.headwater.consent({ analytics: true, personalization: true, advertising: false }, { source: "banner" }));
  await page.evaluate(() => window.headwater.decide({ placements: ["home-hero"] }));
  await track(page, "Refused");
  const text = () => panel(page).innerText();
  await until("the outcome is there", async () => (await text()).includes("no such event in the tracking plan"));
  const said = await text();
  for (const words of [
    /From\s+banner/, /Chosen\s+(just now|\d+ s ago)/, /analytics\s+granted/, /advertising\s+denied/, /sale_or_share\s+pending/,
    /Refused\s+quarantined/, /\d\s+settled/,
    /home-hero\s+sneakers/, /asked by the page/, /in audience "Sneaker fans"/, /exp_old has not begun, or is over/, /exp_sneakers decides \(by the split\)/,
    /in aud_sneakers since 3 days ago/, /not in aud_bags/, /on what was known 5 min ago/,
    /footer\s+holdout/, /on the page's way here/, /aside\s+default/,
  ]) {
    assert.match(said.replaceAll("\n", " "), words);
  }
  assert.equal(await page.evaluate(() => window.hurt), undefined);
  assert.deepEqual(await page.evaluate(() => window.violations), [], "no policy was broken");
  const asked = visit.sent.length;
  await never("it asks anybody", 400, () => visit.sent.length > asked && visit.sent);
});

it("keeps to itself: nothing moves, its keys are its own, and it closes and opens again", async () => {
  const page = await open();
  await panel(page).waitFor();
  await until("it has the focus that nobody had", () => page.evaluate(() => document.activeElement?.localName === "headwater-debug"));
  const shifts = await page.evaluate(() => new Promise((resolve) => {
    new PerformanceObserver((list) => resolve(list.getEntries().length)).observe({ type: "layout-shift", buffered: true });
    requestAnimationFrame(() => setTimeout(() => resolve(0)));
  }));
  assert.equal(shifts, 0);
  await page.evaluate(() => addEventListener("keydown", () => (window.keys = (window.keys || 0) + 1)));
  await page.keyboard.press("Escape");
  await panel(page).waitFor({ state: "hidden" });
  assert.equal(await page.evaluate(() => window.keys), undefined);
  await page.addScriptTag({ url: `${visit.edge.url}/sdk/debug.js` });
  await panel(page).waitFor();
  await panel(page).getByRole("button", { name: "Close the panel" }).click();
  await panel(page).waitFor({ state: "hidden" });
  assert.equal(await page.locator("headwater-debug").count(), 1);
});

it("comes at once where everything is ready before it", async () => {
  const page = await open("/");
  await page.waitForLoadState("load");
  const shown = await page.evaluate(async (url) => {
    const script = Object.assign(document.createElement("script"), { src: url });
    const loaded = new Promise((resolve) => script.addEventListener("load", resolve));
    document.head.append(script);
    await loaded;
    const host = document.querySelector("headwater-debug");
    return [document.activeElement === host, host.shadowRoot.querySelectorAll("tbody tr").length > 0];
  }, `${visit.edge.url}/sdk/debug.js`);
  assert.deepEqual(shown, [true, true], "it has the focus, and says what consent allows");
});

it("fits a phone, and all of it can be reached without a mouse", async () => {
  const page = await open();
  await page.setViewportSize({ width: 390, height: 800 });
  await panel(page).waitFor();
  const { x, width } = await panel(page).boundingBox();
  assert.deepEqual([x, width], [0, 390]);
  const wide = await page.evaluate(() => [...document.querySelector("headwater-debug").shadowRoot.querySelectorAll("*")].filter((one) => one.scrollWidth > one.clientWidth + 1 && getComputedStyle(one).display !== "inline").map((one) => one.className || one.localName));
  assert.deepEqual(wide.filter((name) => name !== "engine"), [], "nothing is cut off at the side");
  const small = await panel(page).getByRole("button").evaluateAll((all) => all.map((one) => one.getBoundingClientRect()).filter(({ width, height }) => Math.min(width, height) < 44).length);
  assert.equal(small, 0);
  const summaries = panel(page).locator("summary");
  for (let at = 0; at < (await summaries.count()); at++) {
    await summaries.nth(at).focus();
    await page.keyboard.press("Enter");
    assert.equal(await panel(page).locator("details").nth(at).evaluate((one) => one.open), false);
  }
});

it("is loaded by nobody else, and does no harm where there is no SDK", async () => {
  const page = await open("/");
  await track(page, "Seen");
  await never("it is loaded", 300, () => visit.edge.requests.find(({ path }) => path.endsWith("debug.js")));
  assert.equal(await page.locator("headwater-debug").count(), 0);
  visit.site.head = `<script src="${visit.edge.url}/sdk/debug.js"></script>`;
  const bare = await visit.open("/bare");
  await bare.waitForLoadState("load");
  assert.equal(await bare.locator("headwater-debug").count(), 0);
});
