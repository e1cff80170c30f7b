/** A space that has some of everything a screen shows: people, audiences, experiences, refused events, suggestions. */
import { ServerApi } from "../harness/server-api.mjs";
import { until } from "../harness/until.mjs";

const DAY = 86_400_000;
const MINUTE = 60_000;
const AGREED = { categoryPreferences: { analytics: true, personalization: true, advertising: false }, source: "banner" };
const PEOPLE = [
  ["ada", "Ada Lovelace", "London"],
  ["grace", "Grace Hopper", "New York"],
  ["mary", "Mary Somerville", "Edinburgh"],
  ["emmy", "Emmy Noether", "Erlangen"],
  ["sofia", "Sofia Kovalevskaya", "Stockholm"],
  ["rosalind", "Rosalind Franklin", "London"],
];

/** @param {import("../harness/headwater.mjs").Headwater} headwater @param {string} key @param {any[]} batch */
async function send(headwater, key, batch) {
  const answer = await fetch(`${headwater.url}/v1/batch`, { method: "POST", headers: { authorization: `Basic ${btoa(`${key}:`)}`, "content-type": "application/json" }, body: JSON.stringify({ batch }) });
  if (!answer.ok) throw new Error(`POST /v1/batch: ${answer.status} ${await answer.text()}`);
}

/** One person's visit of a few minutes, so many days ago. @param {number} index @param {number} ago */
function visit(index, ago) {
  const [user, name, city] = PEOPLE[index] ?? ["", "", ""];
  const start = Date.now() - ago * DAY - index * 11 * MINUTE;
  const context = { consent: AGREED, page: { url: "https://tarn.test/shoes", path: "/shoes", title: "Shoes" } };
  const from = { anonymousId: `browser-of-${user}-${ago > 10 ? "phone" : "desk"}`, context };
  const at = (/** @type {number} */ minutes, /** @type {any} */ event) => ({ ...from, ...event, messageId: `${user}-${ago}-${minutes}`, timestamp: new Date(start + minutes * MINUTE).toISOString() });
  return [
    at(0, { type: "page", name: "Shoes", properties: { path: "/shoes" } }),
    at(2, { type: "track", event: "Product Viewed", properties: { name: "Trail shoe", category: "shoes", price: 89 } }),
    at(4, { type: "identify", userId: user, traits: { name, email: `${user}@tarn.test`, city } }),
    at(6, { type: "track", event: "Order Completed", properties: { total: 89 + index * 10, currency: "EUR" } }),
  ];
}

/**
 * @param {import("../harness/headwater.mjs").Headwater} headwater
 * @returns {Promise<{ api: ServerApi, audience: any, experience: any }>}
 */
export async function seedSpace(headwater) {
  const api = new ServerApi(() => headwater.url, headwater.keys.token);
  const { write_key: key, server_write_key: server } = headwater.keys;
  const make = async (/** @type {string} */ path, /** @type {any} */ body, method = "POST") => {
    const answer = await api.call(`/api/v1/${path}`, { method, body: JSON.stringify(body) });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  await send(headwater, key, PEOPLE.flatMap((_, index) => [...visit(index, 20), ...visit(index, 3)]));
  // Two records of a till that are surely one person's, refused messages, and somebody who said no.
  const till = (/** @type {string} */ id, /** @type {any} */ traits) => ({ type: "identify", userId: id, messageId: id, traits });
  await send(headwater, server, [till("till-1", { firstName: "Hedy", lastName: "Lamarr", address: { city: "Vienna" } }), till("till-2", { firstName: "Hedi", lastName: "Lamarr", address: { city: "Vienna" } })]);
  await send(headwater, key, [
    { type: "track", messageId: "nameless", anonymousId: "browser-of-ada-desk", context: { consent: AGREED } },
    { type: "track", event: "Cart Viewed", messageId: "typo", anonymousId: "browser-of-ada-desk", context: { consent: { categoryPreferences: { analitics: true }, source: "banner" } } },
    { type: "track", event: "Product Viewed", messageId: "refused", anonymousId: "browser-of-nobody", context: { consent: { categoryPreferences: { analytics: false }, source: "banner" } } },
  ]);
  const audience = await make("audiences", { name: "Bought twice", definition: { event: "Order Completed", count: { gte: 2 }, within: "30d" } });
  await make("computed_traits", { key: "lifetime_value", event: "Order Completed", aggregate: "sum", of: "properties.total" });
  await make("placements", { key: "home-hero", name: "Hero of the home page" });
  const experience = await make("experiences", { name: "Welcome back", placement: "home-hero", audience_id: audience.id, holdout: 0.1, variants: [{ key: "plain", value: { title: "Welcome back" }, weight: 1 }, { key: "offer", value: { title: "10 % for you" }, weight: 1 }] });
  await until("everybody is known", async () => (await api.all("/api/v1/profiles")).length >= PEOPLE.length);
  // Some saw an arm, and some of them bought afterwards.
  const shown = PEOPLE.slice(0, 4).map(([user], index) => ({ type: "track", event: "Experience Viewed", userId: user, messageId: `shown-${user}`, properties: { experience: experience.id, placement: "home-hero", variant: index % 2 ? "offer" : "plain", holdout: false }, anonymousId: `browser-of-${user}-desk`, context: { consent: AGREED }, timestamp: new Date(Date.now() - DAY).toISOString() }));
  await send(headwater, key, shown);
  await until("the audience is built", async () => (await api.read(`/api/v1/audiences/${audience.id}`)).members >= 1);
  return { api, audience, experience };
}

const FIRST = ["Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Frances", "Kenneth", "Jean", "Dennis", "Radia", "Tony", "Margaret", "Robin", "Adele", "John", "Karen", "Leslie", "Sophie", "Niklaus"];
const LAST = ["Lovelace", "Hopper", "Turing", "Dijkstra", "Liskov", "Knuth", "Allen", "Thompson", "Bartik", "Ritchie", "Perlman", "Hoare", "Hamilton", "Milner", "Goldberg", "Backus", "Jones", "Lamport", "Wilson", "Wirth", "Iverson", "Kernighan", "Minsky", "Naur", "Shannon"];
const CITIES = ["London", "Paris", "Lyon", "Berlin", "Vienna", "Madrid", "Oslo", "Turin"];
const RECORDS = 300;

/** A person as the customer management has them; the same for the same number. @param {number} number */
function record(number) {
  let state = BigInt(number + 1);
  const below = (/** @type {number} */ bound) => {
    state = BigInt.asUintN(64, state * 6364136223846793005n + 1442695040888963407n);
    return Number((state >> 33n) % BigInt(bound));
  };
  const two = (/** @type {number} */ value) => String(value).padStart(2, "0");
  return { firstName: FIRST[below(20)], lastName: LAST[below(25)], birthday: `${1950 + below(50)}-${two(1 + below(12))}-${two(1 + below(28))}`, address: { city: CITIES[below(8)], street: `${1 + below(90)} Station Road` } };
}

/**
 * Records of two systems that share no identifier, every other person in both, and a matching over them.
 *
 * @param {import("../harness/headwater.mjs").Headwater} headwater @param {ServerApi} api
 */
export async function seedMatches(headwater, api) {
  const identify = (/** @type {string} */ id, /** @type {any} */ who, /** @type {number} */ at) => ({ type: "identify", messageId: id, ...who, traits: record(at), context: { consent: AGREED } });
  const customers = Array.from({ length: RECORDS }, (_, at) => identify(`c-${at}`, { userId: `crm-${at}` }, at));
  const shoppers = Array.from({ length: RECORDS / 2 }, (_, at) => identify(`s-${at}`, { anonymousId: `shop-${at * 2}` }, at * 2));
  const all = [...customers, ...shoppers];
  for (let at = 0; at < all.length; at += 100) await send(headwater, headwater.keys.write_key, all.slice(at, at + 100));
  await api.call("/api/v1/identity/matching", { method: "POST", body: JSON.stringify({ threshold: 0.9 }) });
  await until("the matching has ended", async () => (await api.all("/api/v1/identity/matching"))[0]?.status !== "running", { within: 30_000 });
}

const ARMS = ["holdout", "plain", "offer"];
const EACH = 80;

/**
 * Visitors that were shown an arm each, and bought afterwards: of the holdout a fifth, of `plain` two, of `offer` three.
 *
 * @param {import("../harness/headwater.mjs").Headwater} headwater @param {ServerApi} api @param {string} id the experience
 */
export async function seedResults(headwater, api, id) {
  const at = (/** @type {number} */ minutes) => new Date(Date.now() - DAY + minutes * MINUTE).toISOString();
  const all = Array.from({ length: EACH * ARMS.length }, (_, number) => {
    const arm = number % ARMS.length;
    const from = { type: "track", anonymousId: `visitor-${number}`, context: { consent: AGREED } };
    const properties = { experience: id, placement: "home-hero", variant: arm === 0 ? null : ARMS[arm], holdout: arm === 0 };
    const shown = { ...from, event: "Experience Viewed", messageId: `seen-${number}`, properties, timestamp: at(0) };
    const bought = { ...from, event: "Order Completed", messageId: `bought-${number}`, properties: { total: 50 }, timestamp: at(30) };
    return Math.floor(number / ARMS.length) % 5 <= arm ? [shown, bought] : [shown];
  }).flat();
  for (let from = 0; from < all.length; from += 100) await send(headwater, headwater.keys.write_key, all.slice(from, from + 100));
  await until("everybody who was shown an arm counts", async () => (await api.read(`/api/v1/experiences/${id}/results?metric=conversion&event=Order%20Completed`)).people >= EACH * ARMS.length);
}

/**
 * All of these, and the screens below those of the menu that they fill, as paths of the dashboard.
 *
 * @param {import("../harness/headwater.mjs").Headwater} headwater
 * @returns {Promise<string[]>}
 */
export async function seedScreens(headwater) {
  const { api, audience, experience } = await seedSpace(headwater);
  await seedMatches(headwater, api);
  await seedResults(headwater, api, experience.id);
  const [source] = await api.all("/api/v1/sources");
  return [
    ...["", "?tab=traits", "?tab=audiences", "?tab=consent", "?tab=identity"].map((tab) => `people/user_id:ada${tab}`),
    "support?q=ada", "audiences/new", `audiences/${audience.id}`, `audiences/${audience.id}/edit`, "computed-traits/new", "experiences/new",
    ...["", "?tab=results", "?tab=change"].map((tab) => `experiences/${experience.id}${tab}`),
    ...["automatic", "held", "decisions", "rules"].map((tab) => `identity?tab=${tab}`),
    ...["choices", "counts", "versions"].map((tab) => `consent?tab=${tab}`),
    `sources/${source.id}`, `sources/${source.id}?tab=settings`,
  ];
}
