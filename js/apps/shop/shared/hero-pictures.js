/**
 * Pictures of the hero: products of one kind in front of a tarn seen from above, its depth drawn as contour lines.
 */
import { drawing } from "./product-pictures.js";
import { productBySlug } from "./catalogue.js";

/**
 * @typedef {{ slug: string, x: number, y: number, size: number, turn: number }} Placed
 * @type {Record<string, Placed[]>}
 */
const SCENES = {
  mixed: [
    { slug: "lock-rolltop", x: 40, y: 70, size: 330, turn: -4 },
    { slug: "squall-shell", x: 236, y: 10, size: 400, turn: 3 },
    { slug: "scree-low", x: 150, y: 240, size: 350, turn: -3 },
  ],
  sneakers: [
    { slug: "harbour-court", x: 40, y: 6, size: 340, turn: -14 },
    { slug: "fen-runner", x: 190, y: 90, size: 440, turn: -10 },
    { slug: "scree-low", x: 30, y: 236, size: 360, turn: 4 },
  ],
  jackets: [
    { slug: "drift-vest", x: 10, y: 110, size: 330, turn: -6 },
    { slug: "ferry-anorak", x: 330, y: 120, size: 340, turn: 7 },
    { slug: "squall-shell", x: 140, y: 60, size: 430, turn: 0 },
  ],
  bags: [
    { slug: "quay-tote", x: 20, y: 90, size: 360, turn: -6 },
    { slug: "reed-sling", x: 350, y: 190, size: 310, turn: 8 },
    { slug: "lock-rolltop", x: 200, y: 50, size: 400, turn: 2 },
  ],
};

export const SCENE_NAMES = Object.keys(SCENES);

/** One closed contour around the tarn; rings differ only by scale, as depth lines do. */
const SHORE =
  "M368 34 C470 20 612 66 650 172 C688 280 640 330 612 412 C580 506 470 548 360 530 C262 514 204 540 126 474 C52 412 60 330 84 252 C104 186 92 132 166 88 C232 48 290 46 368 34 Z";

function contours() {
  let rings = "";
  for (let i = 0; i < 9; i += 1) {
    const scale = 1.12 - i * 0.115;
    const move = (1 - scale) * 1;
    rings += `<path d="${SHORE}" transform="translate(${360 * move} ${286 * move}) scale(${scale.toFixed(3)})" stroke="#fff" stroke-opacity="${(0.1 + i * 0.022).toFixed(3)}" stroke-width="1.6" vector-effect="non-scaling-stroke"/>`;
  }
  return rings;
}

/** @param {string} name */
export function sceneArt(name) {
  const scene = SCENES[name.replace(/^scene-/, "")];
  if (!scene || !name.startsWith("scene-")) return undefined;
  const things = scene.map(({ slug, x, y, size, turn }) => {
    const product = productBySlug(slug);
    if (!product) return "";
    const scale = size / 480;
    return `<g transform="translate(${x} ${y}) scale(${scale.toFixed(3)}) rotate(${turn} 240 240)">${drawing(product.shape, product.palette)}</g>`;
  });
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 580" fill="none" stroke-linecap="round" stroke-linejoin="round">${contours()}${things.join("")}</svg>`;
}
