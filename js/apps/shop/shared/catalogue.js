/**
 * Everything the shop sells. The server renders pages from it and the browser reads it for the bag, so that a price
 * or a name exists once.
 *
 * @typedef {"sneakers" | "jackets" | "bags"} CategoryKey
 * @typedef {{ key: CategoryKey, name: string, line: string, tone: Tone, cover: string }} Category
 * @typedef {"mist" | "sand" | "lichen" | "clay" | "dusk" | "frost"} Tone
 * @typedef {{ main: string, second: string, accent: string, sole: string, dark: string }} Palette
 * @typedef {{
 *   id: string, sku: string, slug: string, name: string, category: CategoryKey, price: number, colour: string,
 *   tone: Tone, shape: string, palette: Palette, line: string, about: string, facts: string[], sizes: string[]
 * }} Product
 */

export const BRAND = "Tarn";
export const CURRENCY = "EUR";

/** @type {Category[]} */
export const CATEGORIES = [
  { key: "sneakers", name: "Sneakers", line: "Light on the foot, calm in the rain.", tone: "lichen", cover: "scree-low" },
  { key: "jackets", name: "Jackets", line: "Shells that stay quiet when the wind does not.", tone: "mist", cover: "ferry-anorak" },
  { key: "bags", name: "Bags", line: "Roll-tops and slings that keep the inside dry.", tone: "sand", cover: "reed-sling" },
];

const SHOE_SIZES = ["37", "38", "39", "40", "41", "42", "43", "44", "45"];
const BODY_SIZES = ["XS", "S", "M", "L", "XL"];

/** @type {Product[]} */
export const PRODUCTS = [
  {
    id: "prd_fen_runner", sku: "TRN-S-101", slug: "fen-runner", name: "Fen Runner", category: "sneakers", price: 119,
    colour: "Spruce / Lime", tone: "lichen", shape: "runner",
    palette: { main: "#1d5c58", second: "#123f3f", accent: "#d3ef55", sole: "#f6f5ef", dark: "#0d2b2c" },
    line: "Daily trainer with a wide, forgiving ride.",
    about: "A soft rocker sole and a knit that dries on the way home. Made for towpaths, pavements and the muddy bit between them.",
    facts: ["248 g in size 42", "8 mm drop", "Recycled knit upper", "Resoled for free, once"], sizes: SHOE_SIZES,
  },
  {
    id: "prd_scree_low", sku: "TRN-S-102", slug: "scree-low", name: "Scree Low", category: "sneakers", price: 134,
    colour: "Clay / Ink", tone: "clay", shape: "trail",
    palette: { main: "#c9583a", second: "#8f3824", accent: "#ffd9a8", sole: "#22313a", dark: "#3b1810" },
    line: "Trail grip, street manners.",
    about: "Four-millimetre lugs that clear themselves, under an upper plain enough for the office. The toe guard takes the stones.",
    facts: ["286 g in size 42", "4 mm lugs", "Stitched toe guard", "Vegan"], sizes: SHOE_SIZES,
  },
  {
    id: "prd_harbour_court", sku: "TRN-S-103", slug: "harbour-court", name: "Harbour Court", category: "sneakers", price: 99,
    colour: "Chalk / Lake", tone: "mist", shape: "court",
    palette: { main: "#f4f2ea", second: "#dcd9cc", accent: "#14646b", sole: "#ffffff", dark: "#2a3b3d" },
    line: "The plain white one, done properly.",
    about: "Full-grain upper, stitched cup sole, nothing shouting. It looks better after a year than on the first day.",
    facts: ["Cup sole, stitched", "Chrome-free leather", "Cork footbed", "Half sizes on request"], sizes: SHOE_SIZES,
  },
  {
    id: "prd_alder_mid", sku: "TRN-S-104", slug: "alder-mid", name: "Alder Mid", category: "sneakers", price: 149,
    colour: "Heather / Plum", tone: "dusk", shape: "mid",
    palette: { main: "#75628f", second: "#4f3f6b", accent: "#f2b8a0", sole: "#f3efe6", dark: "#2a2140" },
    line: "A higher collar for the colder half of the year.",
    about: "Brushed lining, gusseted tongue and a membrane you can trust in slush. Warm to minus ten with an ordinary sock.",
    facts: ["Waterproof membrane", "Brushed lining", "320 g in size 42", "Gusseted tongue"], sizes: SHOE_SIZES,
  },
  {
    id: "prd_eddy_knit", sku: "TRN-S-105", slug: "eddy-knit", name: "Eddy Knit", category: "sneakers", price: 89,
    colour: "Fog / Coral", tone: "frost", shape: "runner",
    palette: { main: "#b9c7cb", second: "#8fa2a8", accent: "#f0694a", sole: "#fbfaf6", dark: "#33474d" },
    line: "One-piece knit, no laces to think about.",
    about: "A single knitted upper on a light foam sole. It packs flat, washes at thirty and weighs less than your phone.",
    facts: ["198 g in size 42", "Machine washable", "Packs flat", "Elastic laces"], sizes: SHOE_SIZES,
  },
  {
    id: "prd_marsh_trail", sku: "TRN-S-106", slug: "marsh-trail", name: "Marsh Trail", category: "sneakers", price: 142,
    colour: "Moss / Bark", tone: "sand", shape: "trail",
    palette: { main: "#7a8745", second: "#535e2c", accent: "#f3c14b", sole: "#3a3128", dark: "#282d14" },
    line: "Drains faster than it fills.",
    about: "Mesh panels along the side let the water out again at each step, and the outsole keeps its hold on wet wood.",
    facts: ["Drainage ports", "Sticky outsole", "5 mm lugs", "262 g in size 42"], sizes: SHOE_SIZES,
  },
  {
    id: "prd_squall_shell", sku: "TRN-J-201", slug: "squall-shell", name: "Squall Shell", category: "jackets", price: 229,
    colour: "Lake", tone: "mist", shape: "shell",
    palette: { main: "#17636b", second: "#0f484f", accent: "#d3ef55", sole: "#0b3338", dark: "#08262a" },
    line: "Three layers, no crackle.",
    about: "A soft-faced three-layer shell that moves without the usual rustle. Taped throughout, with a hood that turns with your head.",
    facts: ["20,000 mm", "390 g", "Two-way zip", "Repair kit inside"], sizes: BODY_SIZES,
  },
  {
    id: "prd_ferry_anorak", sku: "TRN-J-202", slug: "ferry-anorak", name: "Ferry Anorak", category: "jackets", price: 169,
    colour: "Marigold", tone: "sand", shape: "anorak",
    palette: { main: "#e2a53a", second: "#bf8423", accent: "#17383d", sole: "#8d5e12", dark: "#4d3407" },
    line: "Over the head and out of the door.",
    about: "Waxed organic cotton with a kangaroo pocket deep enough for a map, a flask and both hands.",
    facts: ["Waxed cotton", "Kangaroo pocket", "Made to be re-waxed", "540 g"], sizes: BODY_SIZES,
  },
  {
    id: "prd_drift_vest", sku: "TRN-J-203", slug: "drift-vest", name: "Drift Vest", category: "jackets", price: 129,
    colour: "Brick", tone: "clay", shape: "vest",
    palette: { main: "#b5533c", second: "#8d3c29", accent: "#f4dcc0", sole: "#6d2c1d", dark: "#3c170f" },
    line: "Warm core, free arms.",
    about: "Baffles filled with recycled down, cut short so it sits under a shell or over a jumper without bunching.",
    facts: ["Recycled down", "210 g", "Packs into its pocket", "High collar"], sizes: BODY_SIZES,
  },
  {
    id: "prd_lock_rolltop", sku: "TRN-B-301", slug: "lock-rolltop", name: "Lock Roll-top 22", category: "bags", price: 139,
    colour: "Slate", tone: "frost", shape: "rolltop",
    palette: { main: "#43545f", second: "#303e48", accent: "#f0694a", sole: "#222d35", dark: "#141b20" },
    line: "Twenty-two litres that stay dry.",
    about: "Welded seams, a laptop sleeve that hangs clear of the floor and one strap to close it all.",
    facts: ["22 litres", "Welded seams", "Laptop sleeve to 16\u2033", "780 g"], sizes: ["One size"],
  },
  {
    id: "prd_quay_tote", sku: "TRN-B-302", slug: "quay-tote", name: "Quay Tote", category: "bags", price: 64,
    colour: "Oat / Lake", tone: "sand", shape: "tote",
    palette: { main: "#e6dcc4", second: "#cdbf9f", accent: "#17636b", sole: "#17636b", dark: "#5b5138" },
    line: "Groceries on Saturday, laptop on Monday.",
    about: "Heavy canvas with a dipped base that shrugs off puddles. Long handles that stay on a winter coat.",
    facts: ["16 litres", "Dipped base", "Inner zip pocket", "Organic canvas"], sizes: ["One size"],
  },
  {
    id: "prd_reed_sling", sku: "TRN-B-303", slug: "reed-sling", name: "Reed Sling", category: "bags", price: 59,
    colour: "Moss", tone: "lichen", shape: "sling",
    palette: { main: "#6d7c46", second: "#525e32", accent: "#f3c14b", sole: "#3c4524", dark: "#272d15" },
    line: "The five things you always carry.",
    about: "A small sling with a strap that swaps sides, two pockets and room for a camera or a rolled-up shell.",
    facts: ["4 litres", "Swaps sides", "Key loop", "190 g"], sizes: ["One size"],
  },
];

/** @param {string} slug */
export function productBySlug(slug) {
  return PRODUCTS.find((product) => product.slug === slug);
}

/** @param {string} id */
export function productById(id) {
  return PRODUCTS.find((product) => product.id === id);
}

/** @param {string} key */
export function categoryByKey(key) {
  return CATEGORIES.find((category) => category.key === key);
}

/** @param {string} key */
export function productsIn(key) {
  return PRODUCTS.filter((product) => product.category === key);
}

const MONEY = new Intl.NumberFormat("en-IE", { style: "currency", currency: CURRENCY });

/** @param {number} amount */
export function money(amount) {
  return MONEY.format(amount);
}

/**
 * A product as the events of this shop describe it.
 *
 * @param {Product} product
 * @param {string} origin
 */
export function productProperties(product, origin) {
  return {
    product_id: product.id,
    sku: product.sku,
    name: product.name,
    category: product.category,
    brand: BRAND,
    price: product.price,
    currency: CURRENCY,
    url: `${origin}/p/${product.slug}`,
    image_url: `${origin}/art/${product.slug}.svg`,
  };
}
