/**
 * The names that a space knows, for suggestions: what arrived lately, what is planned, what is defined. A part that cannot
 * be asked for stays empty, and every field still takes what is typed.
 *
 * @typedef {{
 *   events: Set<string>, properties: Map<string, Map<string, Set<string>>>, traits: Map<string, Set<string>>,
 *   computedTraits: string[], audiences: { id: string, name: string }[], purposes: string[], kinds: string[]
 * }} Vocabulary
 */
import { call, rows } from "./api.js";
import { feed } from "./live-feed.js";
import { literalText } from "./rules/values.js";

/** How far back arrived events are looked at, and how many people's. */
const DAYS = 30;
const PEOPLE = 5;
/** Values that are suggested for one name at most. */
const VALUES = 50;

/**
 * What is defined is known when this answers; what arrived follows.
 *
 * @param {AbortSignal} signal
 * @returns {Promise<Vocabulary>}
 */
export async function vocabulary(signal) {
  const nothing = () => undefined;
  const [audiences, traits, policy, identity] = await Promise.all([
    rows("GET /audiences", { signal }).catch(nothing),
    rows("GET /computed_traits", { signal }).catch(nothing),
    call("GET /consent/policy", { signal }).catch(nothing),
    call("GET /identity/rules", { signal }).catch(nothing),
  ]);
  const computed = traits?.data ?? [];
  const rules = /** @type {import("@headwater/api-client").IdentityRules | undefined} */ (identity?.rules);
  /** @type {Vocabulary} */
  const known = {
    events: new Set(computed.map(({ event }) => event)),
    properties: new Map(),
    traits: new Map(),
    computedTraits: computed.map(({ key }) => key),
    audiences: audiences?.data ?? [],
    purposes: policy?.policy.purposes.map(({ name }) => name) ?? [],
    kinds: rules?.kinds.map(({ kind }) => kind) ?? [],
  };
  for (const { event } of feed().events) learn(known, event);
  void arrived(known, signal).catch(() => {});
  return known;
}

/** @param {Vocabulary} known @param {AbortSignal} signal */
async function arrived(known, signal) {
  const look = call("POST /tracking-plan/try", { body: { days: DAYS, plan: { unplanned: "allow", events: [] } }, signal });
  const [tried, plan, people] = await Promise.allSettled([look, call("GET /tracking-plan", { signal }), call("GET /profiles", { query: { limit: 100 }, signal })]);
  if (tried.status === "fulfilled") for (const { event, type } of tried.value.events) knownAs(known, type, event);
  if (plan.status === "fulfilled") {
    for (const { event, schema } of (plan.value.draft ?? plan.value.published)?.plan?.events ?? []) {
      if (!event) continue;
      known.events.add(event);
      const properties = propertiesOf(known, event);
      for (const name of Object.keys(/** @type {{ properties?: object } | undefined} */ (schema)?.properties ?? {})) properties.set(name, properties.get(name) ?? new Set());
    }
  }
  if (people.status !== "fulfilled") return;
  for (const { traits } of people.value.data) remember(known.traits, traits);
  const some = people.value.data.slice(0, PEOPLE).map(({ id }) => call("GET /profiles/{reference}/events", { path: { reference: id }, query: { order: "desc", limit: 100 }, signal }));
  for (const page of await Promise.allSettled(some)) if (page.status === "fulfilled") for (const event of page.value.data) learn(known, event);
}

/** @param {Vocabulary} known @param {string} event */
function propertiesOf(known, event) {
  const there = known.properties.get(event) ?? new Map();
  known.properties.set(event, there);
  return there;
}

/** @param {Vocabulary} known @param {any} event */
function learn(known, event) {
  const name = knownAs(known, event?.type, event?.event);
  if (name) remember(propertiesOf(known, name), event.properties);
}

/** Pages and screens are counted under one name each. @param {Vocabulary} known @param {string} type @param {unknown} event @returns {string | undefined} */
function knownAs(known, type, event) {
  const names = /** @type {Record<string, unknown>} */ ({ track: event, page: "Page Viewed", screen: "Screen Viewed" });
  const name = names[type];
  if (typeof name !== "string" || !name) return undefined;
  known.events.add(name);
  return name;
}

/** @param {Map<string, Set<string>>} names @param {any} values */
function remember(names, values) {
  for (const [name, value] of Object.entries(values ?? {})) {
    const there = names.get(name) ?? new Set();
    names.set(name, there);
    const plain = ["string", "number", "boolean"].includes(typeof value);
    if (plain && there.size < VALUES) there.add(literalText(value));
  }
}
