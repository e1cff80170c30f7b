import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import { launch, Visitor } from "../harness/browser.mjs";
import { Headwater } from "../harness/headwater.mjs";
import { CLIENT, Key, lyingProvider, realProvider, tlsProvider, unsigned } from "../harness/identity-provider.mjs";
import { until } from "../harness/until.mjs";

/** @type {Headwater} */
let headwater;
/** @type {import("playwright-core").Browser} */
let browser;
/** @type {Awaited<ReturnType<typeof realProvider>>} */
let provider;
/** What the provider knows of those who sign in there. @type {Map<string, { email: string, email_verified: boolean, name?: string }>} */
const people = new Map();

const PASSWORD = "four words in a row";

before(async () => {
  [headwater, browser] = await Promise.all([Headwater.start(), launch()]);
  // Its own address is known once it runs.
  await headwater.shutDown();
  headwater.more = ["--public-url", headwater.url, "--insecure-loopback"];
  await headwater.serve();
  provider = await realProvider(`${headwater.url}/sign-in/callback`, people);
}, { timeout: 60_000 });

after(async () => {
  await browser?.close();
  await headwater?.stop();
  await provider?.stop();
});

/** @param {string} path @param {{ method?: string, body?: unknown }} [options] */
async function call(path, { method = "GET", body } = {}) {
  const response = await fetch(`${headwater.url}/api/v1/${path}`, { method, headers: { authorization: `Bearer ${headwater.keys.token}`, "content-type": "application/json" }, ...(body ? { body: JSON.stringify(body) } : {}) });
  assert.ok(response.ok, `${path}: ${response.status} ${await response.clone().text()}`);
  return response.status === 204 ? null : response.json();
}

/** Goes from the door to the provider, and through it. @param {import("playwright-core").Page} page @param {string} login */
async function through(page, login) {
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await page.getByPlaceholder("Enter any login").fill(login);
  await page.getByPlaceholder("and password").fill("any");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}

const inside = (/** @type {import("playwright-core").Page} */ page) => page.getByRole("navigation", { name: "Screens" }).waitFor();
const refused = (/** @type {import("playwright-core").Page} */ page, /** @type {RegExp} */ words) => page.getByRole("alert").filter({ hasText: words }).waitFor();

test("an owner sets a provider up on its screen, and comes in through it to the screen that was wanted", { timeout: 90_000 }, async () => {
  const owner = await Visitor.arrive(browser);
  const page = await owner.tab();
  // Each start prints another, and the last one counts.
  await page.goto(await until("the setup link is printed", () => /"setup_link":"([^"]+)"/.exec(headwater.runs.at(-1)?.log ?? "")?.[1]));
  await page.getByLabel("Your name").fill("Olga");
  await page.getByLabel("Email").fill("olga@owner.test");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.keyboard.press("Enter");
  await inside(page);
  await page.getByRole("link", { name: "Sign-in", exact: true }).click();
  assert.equal(await page.getByLabel("Redirect address").inputValue(), `${headwater.url}/sign-in/callback`);
  await page.getByLabel("Name", { exact: true }).fill("Acme");
  await page.getByLabel("Issuer").fill(`${provider.issuer}/other`);
  await page.getByLabel("Client id").fill(CLIENT.id);
  await page.getByLabel("Client secret").fill(CLIENT.secret);
  await page.getByRole("button", { name: "Check and save" }).click();
  await refused(page, /this provider cannot be used/);
  await page.getByLabel("Issuer").fill(provider.issuer);
  await page.getByRole("button", { name: "Check and save" }).click();
  await page.getByText("the provider answers as it should").waitFor();
  await page.getByRole("button", { name: "Sign out" }).click();

  people.set("olga", { email: "Olga@Owner.test", email_verified: true, name: "Olga at Acme" });
  await page.goto(`${headwater.url}/#/members`);
  await through(page, "olga");
  await page.getByRole("heading", { name: "Members" }).waitFor();
  await page.getByRole("row", { name: /Olga.*olga@owner\.test.*owner/ }).waitFor();
  assert.equal(new URL(page.url()).pathname, "/");
  assert.ok(!page.url().includes("code="), "the code does not stay in the address");
  assert.equal(await page.evaluate(() => document.cookie), "");
  assert.deepEqual(owner.problems, []);
  await owner.context.close();
});

test("who is not verified, not of the domain or not invited is told so; who may joins", { timeout: 90_000 }, async () => {
  people.set("ulf", { email: "ulf@acme.test", email_verified: false });
  people.set("eve", { email: "eve@evil.test", email_verified: true });
  people.set("mia", { email: "mia@acme.test", email_verified: true, name: "Mia" });
  const settings = { name: "Acme", issuer: provider.issuer, client_id: CLIENT.id, domains: ["acme.test"] };
  await call("sign-in/settings", { method: "PUT", body: settings });
  for (const [login, words] of /** @type {[string, RegExp][]} */ ([["ulf", /not verified/], ["eve", /evil\.test may not come in/], ["mia", /nobody has invited/]])) {
    const visitor = await Visitor.arrive(browser);
    const page = await visitor.tab();
    await page.goto(`${headwater.url}/`);
    await through(page, login);
    await refused(page, words);
    await visitor.context.close();
  }
  await call("sign-in/settings", { method: "PUT", body: { ...settings, join_role: "analyst", passwords: false } });
  const visitor = await Visitor.arrive(browser);
  const page = await visitor.tab();
  await page.goto(`${headwater.url}/`);
  await page.getByText("Passwords are for owners here.").waitFor();
  await through(page, "mia");
  await inside(page);
  const { data } = await call("members");
  assert.deepEqual(data.map((/** @type {any} */ one) => [one.email, one.role]).sort(), [["mia@acme.test", "analyst"], ["olga@owner.test", "owner"]]);
  // Another address at the provider is still her account.
  people.set("mia", { email: "mia@married.test", email_verified: true });
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await inside(page);
  assert.equal((await call("members")).data.length, 2);
  assert.deepEqual(visitor.problems, []);
  await visitor.context.close();
});

test("an answer of the provider's counts once, and only in the browser that asked", { timeout: 90_000 }, async () => {
  const visitor = await Visitor.arrive(browser);
  const page = await visitor.tab();
  await page.goto(`${headwater.url}/`);
  await through(page, "mia");
  await inside(page);
  const callback = visitor.requests.find(({ url }) => url.includes("/sign-in/callback?"))?.url ?? "";
  await page.getByRole("button", { name: "Sign out" }).click();
  await page.getByRole("heading", { name: "Sign in" }).waitFor();
  await page.goto(callback);
  await refused(page, /finished already/);
  const thief = await Visitor.arrive(browser);
  const other = await thief.tab();
  await other.goto(callback);
  await refused(other, /not begun in this browser/);
  // Nor with a sign-in of the thief's own.
  await other.getByRole("button", { name: "Sign in with Acme" }).click();
  await other.getByPlaceholder("Enter any login").waitFor();
  await other.goto(callback);
  await refused(other, /not begun in this browser/);
  await Promise.all([visitor.context.close(), thief.context.close()]);
});

test("a provider that lies lets nobody in", { timeout: 90_000 }, async () => {
  const lying = await lyingProvider();
  await call("sign-in/settings", { method: "PUT", body: { name: "Acme", issuer: lying.issuer, client_id: CLIENT.id } });
  const visitor = await Visitor.arrive(browser);
  const page = await visitor.tab();
  const stranger = new Key("k1");
  for (const [token, words] of /** @type {[import("../harness/identity-provider.mjs").LyingProvider["token"], RegExp][]} */ ([
    [(claims, key) => key.token({ ...claims, nonce: "another" }), /belongs to another sign-in/],
    [(claims) => stranger.token(claims), /signature is wrong/],
    [(claims) => unsigned(claims), /in a way that can be trusted/],
    [(claims, key) => key.token({ ...claims, aud: "another" }), /for another client/],
  ])) {
    lying.token = token;
    await page.goto(`${headwater.url}/`);
    await page.getByRole("button", { name: "Sign in with Acme" }).click();
    await refused(page, words);
  }
  lying.token = (claims, key) => key.token(claims);
  await page.goto(`${headwater.url}/`);
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await inside(page);
  await page.getByRole("button", { name: "Sign out" }).click();
  await visitor.context.close();
  await lying.stop();
});

test("a provider by TLS is asked where its certificate is trusted, and nowhere else", { timeout: 60_000 }, async () => {
  const secure = await tlsProvider();
  const settings = { name: "Acme", issuer: secure.issuer, client_id: CLIENT.id };
  const put = () => fetch(`${headwater.url}/api/v1/sign-in/settings`, { method: "PUT", headers: { authorization: `Bearer ${headwater.keys.token}` }, body: JSON.stringify(settings) });
  const before = headwater.more;
  const start = async (/** @type {string[]} */ more, /** @type {Record<string, string>} */ environment) => {
    await headwater.shutDown();
    Object.assign(headwater, { more, environment });
    await headwater.serve();
  };
  await start(["--allow-outbound", new URL(secure.issuer).host], {});
  assert.match(await (await put()).text(), /no secure connection/);
  await start([], { SSL_CERT_FILE: secure.authority });
  assert.match(await (await put()).text(), /no public address/);
  await start(["--allow-outbound", new URL(secure.issuer).host], { SSL_CERT_FILE: secure.authority });
  assert.equal((await put()).status, 200);
  await secure.stop();
  await start(before, {});
});

test("a provider that is away is told at the door, where a password still opens", { timeout: 90_000 }, async () => {
  await headwater.shutDown();
  await headwater.serve();
  const visitor = await Visitor.arrive(browser);
  const page = await visitor.tab();
  await page.goto(`${headwater.url}/`);
  await page.getByRole("button", { name: "Sign in with Acme" }).click();
  await refused(page, /cannot be used at the moment.*owners can come in by password/);
  await page.getByLabel("Email").fill("olga@owner.test");
  await page.getByLabel("Password").fill(PASSWORD);
  await page.getByRole("button", { name: "Sign in", exact: true }).click();
  await inside(page);
  assert.deepEqual(visitor.problems, []);
  await visitor.context.close();
});
