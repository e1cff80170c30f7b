/** Real Chromium. A visitor is a browser profile of its own, whose network log and errors are kept. */
import { chromium } from "playwright-core";

const PROGRAM = process.env.CHROMIUM || "/usr/bin/chromium";
const FLAGS = [
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];
/** The browser's own line about a failed request; the page did nothing wrong. */
const NETWORK = /^Failed to load resource/;

/** @returns {Promise<import("playwright-core").Browser>} */
export function launch() {
  return chromium.launch({ executablePath: PROGRAM, args: FLAGS });
}

export class Visitor {
  /** Every request of every page, beacons too. @type {{ method: string, url: string }[]} */
  requests = [];
  /** What pages threw, and errors on their consoles. @type {string[]} */
  problems = [];

  /** @param {import("playwright-core").BrowserContext} context @param {RegExp[]} accepted errors that belong to the test */
  constructor(context, accepted) {
    this.context = context;
    context.on("request", (request) => this.requests.push({ method: request.method(), url: request.url() }));
    const note = (/** @type {string} */ problem) => {
      if (!NETWORK.test(problem) && !accepted.some((pattern) => pattern.test(problem))) this.problems.push(problem);
    };
    context.on("weberror", (error) => note(`${error.error()}\n${error.error().stack}`));
    context.on("console", (line) => {
      if (line.type() === "error") note(line.text());
    });
  }

  /** @param {import("playwright-core").Browser} browser @param {{ before?: () => void, accepted?: RegExp[] }} [options] `before` runs first in every page */
  static async arrive(browser, { before, accepted = [] } = {}) {
    const context = await browser.newContext({ viewport: { width: 1280, height: 800 } });
    context.setDefaultTimeout(10_000);
    if (before) await context.addInitScript(before);
    return new Visitor(context, accepted);
  }

  /** Requests to one origin. @param {string} origin */
  requestsTo(origin) {
    return this.requests.filter(({ url }) => url.startsWith(`${origin}/`));
  }

  /** A new tab. */
  tab() {
    return this.context.newPage();
  }
}
