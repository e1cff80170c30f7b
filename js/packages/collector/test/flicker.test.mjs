// What was really painted while a page with placements came up: the frames of a recorded trace, and its layout shifts.
import assert from "node:assert/strict";
import { after, afterEach, before, beforeEach, it } from "node:test";
import { Visit, launch } from "./visitor.mjs";
import { until } from "../../../../tests/harness/until.mjs";

/** Frames come for as long as something moves; what was decided has another colour, and another size if it could. */
const STYLE = `<style>
  body { margin: 0; } section { min-height: 300px; background: rgb(220, 0, 0); } section[data-variant] { background: rgb(0, 160, 0); }
  @keyframes move { to { transform: translateX(200px); } } #moving { width: 20px; height: 20px; background: rgb(0, 0, 220); animation: move 1s linear infinite; }
</style>`;
const PAGE = `<section data-headwater-placement="home-hero"><h1 data-field="title">Welcome</h1></section><div id="moving"></div>`;
const VIEW = { width: 800, height: 600 };
const CATEGORIES = ["disabled-by-default-devtools.screenshot", "devtools.timeline", "loading"];

let browser;
let visit;
before(async () => {
  browser = await launch();
});
after(() => browser.close());
beforeEach(async () => {
  visit = await Visit.start(browser);
  const value = { title: "Fresh sneakers, and a title that needs many more lines than the default one has. ".repeat(8) };
  visit.edge.decide = ({ placements }) => Object.fromEntries(placements.map((placement) => [placement, { placement, experience: "exp_1", variant: "sneakers", value, reasons: [] }]));
});
afterEach(() => visit.end());

/** Holds decisions back until the page has painted without them; gives what lets them go. */
function heldBack() {
  let letGo;
  const gone = new Promise((resolve) => (letGo = resolve));
  visit.edge.answer = async ({ path }) => void (path === "/v1/decide" && (await gone));
  return letGo;
}

/**
 * Records a page from before it is asked for, does `work` with it, and gives the colours of the placement's place, one for
 * each frame in which they changed, and the layout shifts.
 */
async function recorded(timeout, work) {
  const page = await visit.context.newPage();
  await page.setViewportSize(VIEW);
  // A tab's very first picture, before it has painted even its empty page, may be black.
  await frames(page);
  const session = await visit.context.newCDPSession(page);
  const events = [];
  session.on("Tracing.dataCollected", ({ value }) => events.push(...value));
  await session.send("Tracing.start", { transferMode: "ReportEvents", traceConfig: { includedCategories: CATEGORIES, excludedCategories: ["*"] } });
  const scripts = `${visit.site.script('data-regime="opt_out"')}<script src="${visit.edge.url}/sdk/placements.js" data-timeout="${timeout}"></script>`;
  visit.site.pages.set("/shop", { type: "text/html", text: `<!doctype html><title>Shop</title><head>${STYLE}${scripts}</head><body>${PAGE}</body>` });
  await page.goto(`${visit.site.url}/shop`);
  await work(page);
  const complete = new Promise((resolve) => session.once("Tracing.tracingComplete", resolve));
  await session.send("Tracing.end");
  await complete;
  const pictures = events.filter(({ name }) => name === "Screenshot").sort((one, other) => one.ts - other.ts);
  const colours = await coloursOf(pictures.map(({ args }) => args.snapshot));
  const shifts = events.filter(({ name, args }) => name === "LayoutShift" && args.data.score > 0);
  return { frames: pictures.length, seen: colours.filter((colour, at) => colour !== colours[at - 1]), shifts };
}

/** What is in the middle of the placement's place, frame by frame; the browser reads its own pictures. */
async function coloursOf(frames) {
  const reader = await visit.context.newPage();
  const pixels = await reader.evaluate(async (frames) => {
    const found = [];
    for (const frame of frames) {
      const image = await createImageBitmap(await (await fetch(`data:image/jpeg;base64,${frame}`)).blob());
      const canvas = new OffscreenCanvas(1, 1).getContext("2d");
      // Beside the words of both contents.
      canvas.drawImage(image, image.width * 0.97, image.height * 0.4, 1, 1, 0, 0, 1, 1);
      found.push([...canvas.getImageData(0, 0, 1, 1).data.slice(0, 3)]);
    }
    return found;
  }, frames);
  await reader.close();
  const near = (pixel, colour) => pixel.every((value, at) => Math.abs(value - colour[at]) < 60);
  return pixels.map((pixel) => (near(pixel, [220, 0, 0]) ? "default" : near(pixel, [0, 160, 0]) ? "variant" : near(pixel, [255, 255, 255]) ? "nothing" : `rgb(${pixel})`));
}

const painted = (page) => until("it is painted", () => page.evaluate(() => performance.getEntriesByType("paint").length > 0));
const frames = (page, count = 20) => page.evaluate((count) => new Promise((resolve) => (function next() { count-- ? requestAnimationFrame(next) : resolve(); })()), count);
const visible = (page) => until("the placement shows", () => page.evaluate(() => getComputedStyle(document.querySelector("section")).visibility === "visible"));

it("no frame shows the default before the variant, and nothing moves", async () => {
  const letGo = heldBack();
  const { seen, shifts, frames: number } = await recorded(10_000, async (page) => {
    await painted(page);
    await frames(page);
    letGo();
    await visible(page);
    await frames(page);
  });
  assert.ok(number > 10, `${number} frames are too few to tell`);
  assert.deepEqual(seen, ["nothing", "variant"]);
  assert.deepEqual(shifts, []);
});

it("with a slow decision the default shows once, and no later frame shows anything else", async () => {
  const letGo = heldBack();
  const { seen, shifts, frames: number } = await recorded(600, async (page) => {
    await painted(page);
    await visible(page);
    letGo();
    await until("the decision has come after all", () => page.evaluate(() => Object.keys(window.headwater.inspect().decisions).length));
    await frames(page);
  });
  assert.ok(number > 10, `${number} frames are too few to tell`);
  assert.deepEqual(seen, ["nothing", "default"]);
  assert.deepEqual(shifts, []);
});
