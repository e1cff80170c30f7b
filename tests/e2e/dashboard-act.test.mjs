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
  await screen.getByLabel("At most so many times").fill("3");
  await screen.getByRole("button", { name: "Save experience" }).click();
  await screen.getByRole("heading", { name: "Spring", exact: true }).waitFor();
  await screen.getByText("3 times in ").waitFor();
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
  await screen.getByRole("button", { name: "Resume" }).click();
  await screen.getByText("running", { exact: true }).waitFor();
  await screen.getByRole("button", { name: "End…" }).click();
  await screen.getByRole("button", { name: "End it" }).click();
  await screen.getByRole("link", { name: "Ended ones" }).click();
  await screen.getByRole("link", { name: "Spring", exact: true }).waitFor();
  assert.equal(await spring(), undefined);
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
  await screen.getByLabel("US-CA").selectOption("opt_out");
  await screen.getByRole("button", { name: "Show what would change" }).click();
  await screen.getByText("Nothing would change for them.").waitFor();
  await screen.getByRole("button", { name: "Publish…" }).click();
  await screen.getByRole("button", { name: "Publish", exact: true }).click();
  const policy = async () => (await stack.api.read("/api/v1/consent/policy")).policy;
  await until("it is in force", async () => (await policy()).jurisdictions?.["US-CA"]?.regime === "opt_out");

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
