#!/usr/bin/env node
/**
 * Gives a space what the demo shop shows: computed traits, audiences, and experiences for the placement `home-hero`.
 * Only the server API is used, and what is already there, by name or key, is left as it is.
 */
import { parseArgs } from "node:util";

const USAGE = "usage: node seed.mjs --api http://127.0.0.1:8080 --token hwt_…";
const { values } = parseArgs({ options: { api: { type: "string" }, token: { type: "string" } } });
if (!values.api || !URL.canParse(values.api) || !values.token) {
  console.error(USAGE);
  process.exit(2);
}
const origin = new URL(values.api).origin;
const token = values.token;

const COMPUTED_TRAITS = [
  { key: "orders_count", event: "Order Completed", aggregate: "count" },
  { key: "revenue_total", event: "Order Completed", aggregate: "sum", of: "properties.revenue" },
  { key: "last_category", event: "Product Viewed", aggregate: "last", of: "properties.category" },
];

/** @param {string} category */
const fansOf = (category) => ({ event: "Product Viewed", where: { category: { eq: category } }, count: { gte: 3 }, within: "30d" });

const AUDIENCES = [
  { name: "Sneaker fans", definition: fansOf("sneakers") },
  { name: "Jacket fans", definition: fansOf("jackets") },
  { name: "Bag carriers", definition: fansOf("bags") },
  { name: "Customers", definition: { event: "Order Completed", count: { gte: 1 } } },
  {
    name: "Left at the till",
    definition: {
      all: [
        { event: "Checkout Started", count: { gte: 1 }, within: "7d" },
        { not: { event: "Order Completed", count: { gte: 1 }, within: "7d" } },
      ],
    },
  },
];

const EXPERIENCES = [
  {
    name: "Hero for sneaker fans",
    placement: "home-hero",
    audience: "Sneaker fans",
    priority: 30,
    key: "sneakers",
    value: {
      tag: "For people who look down",
      title: "Your next pair is by the door",
      text: "You keep coming back to sneakers, so here are all six, lightest first.",
      cta: "See all sneakers",
      href: "/c/sneakers",
      art: "sneakers",
      tone: "lime",
    },
  },
  {
    name: "Hero for jacket fans",
    placement: "home-hero",
    audience: "Jacket fans",
    priority: 20,
    key: "jackets",
    value: {
      tag: "For people who look up",
      title: "It is going to rain. Good.",
      text: "Three shells that stay quiet when the wind does not.",
      cta: "See all jackets",
      href: "/c/jackets",
      art: "jackets",
      tone: "clay",
    },
  },
  {
    name: "Hero for bag carriers",
    placement: "home-hero",
    audience: "Bag carriers",
    priority: 10,
    key: "bags",
    value: {
      tag: "For people with things to carry",
      title: "Dry inside, whatever happens outside",
      text: "Roll-tops, totes and a sling, welded and dipped against puddles.",
      cta: "See all bags",
      href: "/c/bags",
      art: "bags",
      tone: "dusk",
    },
  },
];

/** @param {string} path @param {unknown} [body] */
async function api(path, body) {
  let response;
  try {
    response = await fetch(`${origin}/api/v1/${path}`, {
      method: body === undefined ? "GET" : "POST",
      headers: { authorization: `Bearer ${token}`, "content-type": "application/json" },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  } catch {
    throw new Error(`${origin} does not answer: is headwater serving there?`);
  }
  const answer = await response.json().catch(() => ({}));
  if (!response.ok) throw new Error(`${path}: ${answer.error?.message ?? `the server answered ${response.status}`}`);
  return answer;
}

/** Every entry of a list, page by page. @param {string} path @returns {Promise<any[]>} */
async function all(path) {
  const found = [];
  let cursor = "";
  do {
    const page = await api(`${path}?limit=100${cursor && `&cursor=${encodeURIComponent(cursor)}`}`);
    found.push(...page.data);
    cursor = page.next_cursor ?? "";
  } while (cursor);
  return found;
}

async function seed() {
  let made = 0;
  const traits = new Set((await all("computed_traits")).map(({ key }) => key));
  for (const trait of COMPUTED_TRAITS) {
    if (traits.has(trait.key)) continue;
    await api("computed_traits", trait);
    made += 1;
  }
  const audiences = new Map((await all("audiences")).map(({ name, id }) => [name, id]));
  for (const audience of AUDIENCES) {
    if (audiences.has(audience.name)) continue;
    audiences.set(audience.name, (await api("audiences", audience)).id);
    made += 1;
  }
  const experiences = new Set((await all("experiences")).map(({ name }) => name));
  for (const { name, placement, audience, priority, key, value } of EXPERIENCES) {
    if (experiences.has(name)) continue;
    await api("experiences", { name, placement, audience_id: audiences.get(audience), priority, variants: [{ key, weight: 1, value }] });
    made += 1;
  }
  return made;
}

try {
  const made = await seed();
  console.log(made ? `shop seeded: ${made} new` : "shop seeded: nothing new");
} catch (error) {
  console.error(`seed: ${error instanceof Error ? error.message : error}`);
  process.exit(1);
}
