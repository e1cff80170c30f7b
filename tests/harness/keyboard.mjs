/** Somebody who works by keyboard alone: no pointer, and the focus is always on something that can be seen. */
import assert from "node:assert/strict";
import { until } from "./until.mjs";

/** So many presses of Tab nobody makes to reach something. */
const PATIENCE = 150;

/** @typedef {{ name: string, tag: string, role: string, selected: boolean, value: string, seen: boolean, marked: boolean }} Focus */

export class Keyboard {
  /** @param {import("playwright-core").Page} page */
  constructor(page) {
    this.page = page;
  }

  /** What has the focus. @returns {Promise<Focus | null>} */
  focus() {
    return this.page.evaluate(() => {
      const one = document.activeElement;
      if (!(one instanceof HTMLElement) || one === document.body) return null;
      const text = (/** @type {Element | null | undefined} */ node) => (node?.textContent ?? "").replaceAll(/\s+/g, " ").trim();
      const by = (one.getAttribute("aria-labelledby") ?? "").split(" ").filter(Boolean).map((id) => text(document.getElementById(id))).join(" ");
      const labels = "labels" in one ? [.../** @type {HTMLInputElement} */ (one).labels ?? []].map(text).join(" ") : "";
      const name = one.getAttribute("aria-label") ?? (by || labels || one.getAttribute("placeholder") || text(one));
      const style = getComputedStyle(one);
      const box = one.getBoundingClientRect();
      const seen = one.checkVisibility({ visibilityProperty: true, opacityProperty: true }) && box.width > 0 && box.height > 0 && box.bottom > 0 && box.right > 0 && box.top < innerHeight && box.left < innerWidth;
      const marked = (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) > 0) || style.boxShadow !== "none";
      return { name, tag: one.tagName.toLowerCase(), role: one.getAttribute("role") ?? "", selected: one.getAttribute("aria-selected") === "true", value: "value" in one ? String(one.value) : "", seen, marked };
    });
  }

  /** Presses a key, and looks whether the focus is where it can be seen. @param {string} key */
  async press(key) {
    await this.page.keyboard.press(key);
    await this.look(`after ${key}`);
  }

  /** The focus is on something that can be seen, and that it has it, too. @param {string} when */
  async look(when) {
    const now = await until(`the focus is where it can be seen, ${when}`, async () => {
      const one = await this.focus();
      return one?.seen ? one : undefined;
    });
    // A screen that was just opened has the focus as a whole.
    if (now.tag !== "main") assert.ok(now.marked, `${when}: nothing shows that “${now.name}” (${now.tag}) has the focus`);
  }

  /** Goes on with Tab until something of this name has the focus. @param {string | RegExp} name @param {string} [tag] of what kind */
  async to(name, tag = "") {
    const is = (/** @type {Focus | null} */ now) => now && (tag === "" || now.tag === tag || now.role === tag) && (typeof name === "string" ? now.name === name : name.test(now.name));
    /** @type {string[]} */
    const passed = [];
    for (let presses = 0; presses < PATIENCE; presses += 1) {
      const now = await this.focus();
      if (is(now)) return;
      passed.push(`${now?.tag} ${now?.name.slice(0, 40)}`);
      await this.page.keyboard.press("Tab");
      const next = await this.focus();
      // Past the last field the browser's own frame has it.
      if (next) await this.look("after Tab");
    }
    assert.fail(`no ${tag || "thing"} named ${name} is reached by Tab: ${[...new Set(passed)].join(" · ")}`);
  }

  /** Waits until what is named is there to be reached, and goes on to it. @param {string | RegExp} name @param {string} [tag] */
  async reach(name, tag) {
    await this.page.waitForFunction(() => !document.querySelector("main [aria-busy], main .skeleton"));
    await this.to(name, tag);
  }

  /** Presses what is named. @param {string | RegExp} name @param {string} [tag] */
  async use(name, tag) {
    await this.reach(name, tag);
    await this.press("Enter");
  }

  /** Writes into the field that is named, in the place of what it held. @param {string | RegExp} name @param {string} text */
  async write(name, text) {
    await this.reach(name);
    await this.page.keyboard.press("Control+a");
    await this.page.keyboard.type(text);
    await this.look(`after writing into ${name}`);
  }

  /** Chooses in the list that is named by typing the beginning of its words. @param {string | RegExp} name @param {string} text */
  async choose(name, text) {
    await this.reach(name, "select");
    await this.page.keyboard.type(text);
    await this.look(`after choosing ${text}`);
  }

  /** Goes to a screen by the palette. @param {string} screen */
  async go(screen) {
    await this.page.keyboard.press("Control+k");
    await this.page.getByRole("dialog", { name: "Go to" }).waitFor();
    await this.look("in the palette");
    await this.page.keyboard.type(screen);
    await this.press("Enter");
    await this.page.getByRole("heading", { name: screen, exact: true, level: 1 }).waitFor();
  }

  /** Waits for a text or a heading, and looks where the focus is. @param {import("playwright-core").Locator} there */
  async sees(there) {
    await there.first().waitFor();
    await this.look("when it is there");
  }
}
