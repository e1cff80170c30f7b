/** Experiences from making to ending, and the consent policy from trying to publishing. */
import assert from "node:assert/strict";
import { onStack } from "../harness/stack.mjs";
import { until } from "../harness/until.mjs";
import { seedResults, seedSpace } from "../scenarios/seeded-space.mjs";

const check = onStack({ worker: false });
/** @type {Promise<any> | undefined} */
let seeded;

/** @param {any} stack @param {string} path @returns {Promise<{ screen: import("playwright-core").Page, space: any }>} */
async function enter({ headwater, visitor }, path) {
  seeded ??= seedSpace(headwater);
  const space = await seeded;
  const screen = await (await visitor()).tab();
  await screen.goto(`${headwater.url}/#token=${headwater.keys.token}`);
  await screen.locator("nav").waitFor({ state: "attached" });
  await screen.goto(`${headwater.url}/#/${path.replace("EXPERIENCE", space.experience.id)}`);
  return { screen, space };
}

check("an experience with two variants is made, previewed, changed, paused and ended", async (stack) => {
  const { screen } = await enter(stack, "experiences/new");
  await screen.getByLabel("Name", { exact: true }).fill("Spring");
  await screen.getByLabel("Audience").selectOption({ label: "Bought twice" });
  await screen.getByLabel("Value of title").fill("Spring is here");
  await screen.getByRole("button", { name: "Add a variant" }).click();
  const second = screen.getByRole("group", { name: "Variant variant-2" });
  await second.getByLabel("Value of title").fill("Out into the sun");
  await second.getByLabel("Weight").fill("3");
  await screen.getByLabel("Priority").fill("90");
  await screen.getByRole("button", { name: "Add a limit" }).click();
  await screen.getByRole("group", { name: "Limit 1" }).getByLabel("At most so many times").fill("3");
  await screen.getByRole("button", { name: "Add a limit" }).click();
  const month = screen.getByRole("group", { name: "Limit 2" });
  await month.getByLabel("At most so many times").fill("5");
  await month.getByLabel("Within: how many").fill("30");
  // A mistake is said where it is, and nothing is made.
  await second.getByLabel("Variant", { exact: true }).fill("personal");
  await screen.getByRole("button", { name: "Save experience" }).click();
  await second.getByRole("alert").waitFor();
  assert.equal(await second.getByLabel("Variant", { exact: true }).getAttribute("aria-invalid"), "true");
  await second.getByLabel("Variant", { exact: true }).fill("variant-2");
  await screen.getByRole("button", { name: "Save experience" }).click();
  await screen.getByRole("heading", { name: "Spring", exact: true }).waitFor();
  await screen.getByText("3 times in 7 days, 5 times in 30 days").waitFor();
  const spring = async (/** @type {string} */ query = "") => (await stack.api.read(`/api/v1/experiences?limit=100${query}`)).data.find((/** @type {any} */ { name }) => name === "Spring");
  assert.deepEqual((await spring()).variants.map((/** @type {any} */ { key, weight }) => [key, weight]), [["personal", 1], ["variant-2", 3]]);

  await screen.getByLabel("Person", { exact: true }).fill("grace@tarn.test");
  await screen.getByRole("button", { name: "Show", exact: true }).click();
  await screen.getByText(/^They would see (personal|variant-2)\.$/).waitFor();

  await screen.getByRole("tab", { name: "Change" }).click();
  await screen.getByLabel("Hold out, in percent").fill("20");
  await screen.getByRole("button", { name: "Save changes" }).click();
  await until("it is changed", async () => (await spring()).holdout === 0.2);
  await screen.getByRole("button", { name: "Pause" }).click();
  await screen.getByText("paused", { exact: true }).waitFor();
  assert.equal((await spring()).enabled, false);
  assert.deepEqual((await spring()).frequency_caps, [{ exposures: 3, within: "1w" }, { exposures: 5, within: "30d" }]);
  await screen.getByRole("button", { name: "Resume" }).click();
  await screen.getByText("running", { exact: true }).waitFor();
  await screen.getByRole("button", { name: "End…" }).click();
  await screen.getByRole("button", { name: "End it" }).click();
  await screen.getByRole("link", { name: "Ended ones" }).click();
  await screen.getByRole("link", { name: "Spring", exact: true }).waitFor();
  assert.equal(await spring(), undefined);
});

check("changing an experience changes nothing else of it", async (stack) => {
  const { screen } = await enter(stack, "experiences");
  const variants = [
    { key: "rich", weight: 2.5, enabled: false, value: { title: " Sale ", text: "", count: 3, on: true, list: [1, "two"], deep: { a: null } } },
    { key: "list", weight: 1, value: ["a", "b"] },
    { key: "word", weight: 1, value: "plain" },
  ];
  const wanted = { name: "Odd", placement: "home-banner", enabled: false, holdout: 0.12345, starts_at: "2026-01-02T03:04:05.678Z", frequency_caps: [{ exposures: 2, within: "36h" }, { exposures: 9, within: "4w" }], variants };
  const made = await (await stack.api.call("/api/v1/experiences", { method: "POST", body: JSON.stringify(wanted) })).json();
  await screen.goto(`${stack.headwater.url}/#/experiences/${made.id}?tab=change`);
  await screen.getByRole("group", { name: "Variant rich" }).getByLabel("Variant", { exact: true }).fill("richer");
  await screen.getByRole("button", { name: "Save changes" }).click();
  const now = () => stack.api.read(`/api/v1/experiences/${made.id}`);
  await until("it is changed", async () => (await now()).variants[0].key === "richer");
  const { version: _, updated_at: __, ...after } = await now();
  const { version: ___, updated_at: ____, ...before } = made;
  assert.deepEqual(after, { ...before, variants: [{ ...before.variants[0], key: "richer" }, ...before.variants.slice(1)] });
});

check("some of all people are held out of all experiences, and nobody any more", async (stack) => {
  const { screen } = await enter(stack, "experiences");
  const share = async () => (await stack.api.read("/api/v1/experiences/holdout")).share;
  const card = screen.getByRole("region", { name: "Held out of all experiences" });
  await card.getByText(/^Nobody\./).waitFor();
  for (const [percent, said] of [["2.5", "2.5 % of all people see the default everywhere, so"], ["0", "Nobody. "]]) {
    await card.getByRole("button", { name: "Change…" }).click();
    await screen.getByRole("dialog").getByLabel("Of all people, in percent").fill(percent);
    await screen.getByRole("dialog").getByRole("button", { name: "Save" }).click();
    await card.getByText(said).waitFor();
    assert.equal(await share(), Number(percent) / 100);
  }
});

check("an experience's results have each arm, and say what they wait for", async (stack) => {
  const { screen } = await enter(stack, "experiences/EXPERIENCE?tab=results");
  const figures = screen.getByRole("region", { name: "Figures by arm" });
  await figures.getByRole("row", { name: /^plain 2/ }).waitFor();
  await figures.getByRole("row", { name: /^offer 2/ }).waitFor();
  await screen.getByText(/^Not yet: the baseline needs at least 2 people/).waitFor();
  await screen.getByText(/^4 people, as of/).waitFor();
});

check("a consent policy is tried over what arrived, published, and its former version comes back", async (stack) => {
  const { screen } = await enter(stack, "consent");
  const audiences = screen.getByRole("group", { name: "Put the person into audiences" });
  await audiences.getByLabel("advertising").check();
  await screen.getByRole("button", { name: "Show what would change" }).click();
  const row = screen.getByRole("row", { name: /^Put the person into audiences the person refused advertising/ });
  await row.waitFor();
  await screen.getByText("Bought twice: 6 members now, 0 then.").waitFor();
  await audiences.getByLabel("advertising").uncheck();
  assert.equal(await screen.getByRole("button", { name: "Publish…" }).isVisible(), false, "what was shown was of another policy");

  await screen.getByLabel("Country or region").fill("us-ca");
  await screen.getByRole("button", { name: "Add a place" }).click();
  const california = screen.getByRole("group", { name: "United States, CA" });
  await california.getByLabel("What is presumed").selectOption("opt_out");
  await california.getByLabel("Advertising").first().selectOption("opt_in");
  await california.getByLabel("A list of its own for Global Privacy Control").check();
  await california.getByRole("group", { name: "What the signal denies in United States, CA" }).getByLabel("Analytics").check();
  await california.getByLabel("Counted without agreement").selectOption("refusal");
  // A place counts nobody before it is said what is counted; the field that is wrong says so.
  await screen.getByRole("button", { name: "Show what would change" }).click();
  await california.getByRole("alert").getByText(/does not say what is counted/).waitFor();
  await screen.getByLabel("Count some events and pages").check();
  await screen.getByLabel("Events, one a line").fill("Order Completed\n");
  await screen.getByLabel("Smallest group that is shown").fill("25");
  await screen.getByText("A destination with needs of its own").click();
  await screen.getByLabel("Id of the destination").fill("dst_mail");
  await screen.getByRole("button", { name: "Add a destination" }).click();
  await screen.getByRole("group", { name: "Hand anything to dst_mail" }).getByLabel("Analytics").check();
  await screen.getByRole("button", { name: "Show what would change" }).click();
  await screen.getByText("Nothing would change for them.").waitFor();
  await screen.getByRole("button", { name: "Publish…" }).click();
  await screen.getByRole("button", { name: "Publish", exact: true }).click();
  const policy = async () => (await stack.api.read("/api/v1/consent/policy")).policy;
  await until("it is in force", async () => (await policy()).jurisdictions?.["US-CA"]?.regime === "opt_out");
  const { jurisdictions, counting, uses } = await policy();
  assert.deepEqual(jurisdictions["US-CA"], { regime: "opt_out", purposes: { advertising: "opt_in" }, gpc_denies: ["advertising", "sale_or_share", "analytics"], counting: "refusal" });
  assert.deepEqual(counting, { minimum_group: 25, events: ["Order Completed"], pages: [] });
  assert.deepEqual(uses["destination:dst_mail"].sort(), ["advertising", "analytics"]);

  await screen.getByRole("tab", { name: "Choices" }).click();
  await screen.getByRole("row", { name: /^advertising 0 6/ }).waitFor();
  await screen.getByRole("tab", { name: "Versions" }).click();
  await screen.getByRole("button", { name: "Publish again version 1" }).click();
  await until("the former one is back", async () => !(await policy()).jurisdictions?.["US-CA"]);
});

check("a policy that cannot be is refused with what to write", async (stack) => {
  const { screen } = await enter(stack, "consent");
  await screen.getByLabel("Country or region").fill("UK");
  await screen.getByRole("button", { name: "Add a place" }).click();
  await screen.getByRole("button", { name: "Show what would change" }).click();
  await screen.getByRole("alert").getByText(/GB/).waitFor();
});

check("results are a chart of differences with their intervals, and the same as a table", async (stack) => {
  const { screen, space } = await enter(stack, "experiences");
  await seedResults(stack.headwater, stack.api, space.experience.id);
  await screen.goto(`${stack.headwater.url}/#/experiences/${space.experience.id}?tab=results`);
  const chart = screen.getByRole("img", { name: /^plain: \+\d+%?.*; offer: \+/ });
  await chart.waitFor();
  await screen.getByRole("row", { name: /^offer 82 48 58\.54% \+192\.7% unclear$/ }).waitFor();
});

check("changing a word of a consent policy changes nothing else of it", async (stack) => {
  const { screen } = await enter(stack, "consent");
  const { policy: current } = await stack.api.read("/api/v1/consent/policy");
  const jurisdictions = {
    US: { regime: "opt_out", purposes: { advertising: "opt_in" } },
    "US-CA": { regime: "opt_out", gpc_denies: ["analytics"], counting: "start" },
    DE: { regime: "opt_in", gpc_denies: [] },
  };
  const wanted = { ...current, jurisdictions, unknown: { regime: "opt_in", counting: "refusal" }, gpc_denies: [], categories: { C0002: ["analytics"], Marketing: ["advertising", "sale_or_share"] }, counting: { minimum_group: 12, events: ["Signed Up"], pages: ["/", "/prices"] }, uses: { ...current.uses, "destination:dst_mail": ["analytics"] } };
  const published = await stack.api.call("/api/v1/consent/policy", { method: "POST", body: JSON.stringify(wanted) });
  assert.equal(published.status, 201, await published.clone().text());
  const { policy: before } = await stack.api.read("/api/v1/consent/policy");
  await screen.reload();
  await screen.getByLabel("analytics: for people").fill("Statistics");
  await screen.getByRole("button", { name: "Show what would change" }).click();
  await screen.getByRole("button", { name: "Publish…" }).click();
  await screen.getByRole("button", { name: "Publish", exact: true }).click();
  const policy = async () => (await stack.api.read("/api/v1/consent/policy")).policy;
  await until("it is in force", async () => (await policy()).version > before.version);
  const { version: _, ...after } = await policy();
  const { version: __, ...former } = before;
  assert.deepEqual(after, { ...former, purposes: former.purposes.map((/** @type {any} */ one) => (one.name === "analytics" ? { ...one, label: "Statistics" } : one)) });
});
