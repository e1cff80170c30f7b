import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { accountPage } from "../pages/account.js";
import { cartPage, checkoutPage, thanksPage } from "../pages/buying.js";
import { categoryPage } from "../pages/category.js";
import { homePage } from "../pages/home.js";
import { missingPage } from "../pages/missing.js";
import { productPage } from "../pages/product.js";
import { productArt } from "../shared/product-pictures.js";
import { categoryByKey, productBySlug } from "../shared/catalogue.js";
import { sceneArt } from "../shared/hero-pictures.js";

/**
 * @typedef {{ edge: string, writeKey: string }} Site
 * @typedef {{ status: number, type: string, body: string | Buffer, cache: string }} Reply
 */

const ROOT = join(dirname(fileURLToPath(import.meta.url)), "..");
const BANNER = dirname(createRequire(import.meta.url).resolve("vanilla-cookieconsent"));
const HTML = "text/html; charset=utf-8";
const SVG = "image/svg+xml";
const TYPES = new Map([
  [".css", "text/css; charset=utf-8"],
  [".js", "text/javascript; charset=utf-8"],
  [".svg", SVG],
]);
/** Folders whose files are served, by the first part of the path. */
const FOLDERS = new Map([
  ["assets", join(ROOT, "public")],
  ["shared", join(ROOT, "shared")],
  ["vendor", BANNER],
]);

/**
 * @param {import("node:http").IncomingMessage} request
 * @param {Site} site
 * @returns {Promise<Reply>}
 */
export async function answer(request, site) {
  if (request.method !== "GET" && request.method !== "HEAD") {
    return { status: 405, type: "text/plain; charset=utf-8", body: "This shop only answers GET.", cache: "no-store" };
  }
  const path = new URL(request.url ?? "/", "http://shop").pathname;
  const [first = "", second = "", ...rest] = path.split("/").slice(1);
  if (rest.length === 0 && FOLDERS.has(first)) return file(first, second, site);
  if (rest.length === 0 && first === "art") return art(second, site);
  const html = rest.length === 0 ? page(first, second, site) : undefined;
  return html ? { status: 200, type: HTML, body: html, cache: "no-cache" } : missing(site);
}

/** @param {string} first @param {string} second @param {Site} site */
function page(first, second, site) {
  if (first === "c") {
    const category = categoryByKey(second);
    return category && categoryPage(site, category);
  }
  if (first === "p") {
    const product = productBySlug(second);
    return product && productPage(site, product);
  }
  if (second) return undefined;
  if (first === "") return homePage(site);
  if (first === "cart") return cartPage(site);
  if (first === "checkout") return checkoutPage(site);
  if (first === "thanks") return thanksPage(site);
  if (first === "account") return accountPage(site);
  return undefined;
}

/** @param {Site} site @returns {Reply} */
function missing(site) {
  return { status: 404, type: HTML, body: missingPage(site), cache: "no-store" };
}

/** @param {string} folder @param {string} name @param {Site} site @returns {Promise<Reply>} */
async function file(folder, name, site) {
  const root = FOLDERS.get(folder);
  const type = TYPES.get(extname(name));
  // One plain file name: no separators, so nothing outside the folder can be asked for.
  if (!root || !type || !/^[a-z][a-z0-9.-]*$/.test(name)) return missing(site);
  try {
    return { status: 200, type, body: await readFile(join(root, name)), cache: "no-cache" };
  } catch {
    return missing(site);
  }
}

/** @param {string} name @param {Site} site @returns {Reply} */
function art(name, site) {
  const key = name.replace(/\.svg$/, "");
  const product = productBySlug(key);
  const body = product ? productArt(product.shape, product.palette) : sceneArt(key);
  return body ? { status: 200, type: SVG, body, cache: "public, max-age=300" } : missing(site);
}
