/** Pages on their way through the worker: filled for who agreed, as they are for everybody else, and never decided twice. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { brotliCompressSync, gzipSync } from "node:zlib";
import { Edge } from "../harness/edge.mjs";
import { onStack } from "../harness/stack.mjs";
import { TcpProxy } from "../harness/tcp-proxy.mjs";
import { never, until } from "../harness/until.mjs";
import { batches, deliveries } from "../harness/wire.mjs";

/** @typedef {import("../harness/stack.mjs").Stack} Stack */

const check = onStack({ pages: true });

const AGREED = "1/+analytics/+personalization/";
const SHARED = { "cache-control": "public, max-age=600", etag: '"v1"', "last-modified": "Mon, 01 Jan 2024 00:00:00 GMT" };

/** What a person brings who agreed. @param {string} [said] @param {string} [id] */
const cookies = (said = AGREED, id = randomUUID()) => `theme=dark; hw_aid=${id}; hw_said=${said}`;

/** A page as a browser asks for it. @param {string} url @param {Record<string, string>} [headers] @param {RequestInit} [init] */
const visit = (url, headers = {}, init = {}) => fetch(url, { redirect: "manual", ...init, headers: { accept: "text/html,*/*;q=0.8", ...headers } });

/** An experience for everybody at a placement of its own. @param {Stack} stack @param {string} placement @param {unknown} value @param {object} [more] */
async function shows({ api }, placement, value, more = {}) {
  const body = JSON.stringify({ name: placement, placement, priority: 1, variants: [{ key: "edge", weight: 1, value }], ...more });
  const answer = await api.call("/api/v1/experiences", { method: "POST", body });
  assert.ok(answer.ok, await answer.clone().text());
  return (await answer.json()).id;
}

/** Until the worker knows of the placement, which it learns within five seconds. @param {Stack} stack @param {string} placement @param {{ url: string }} [edge] */
async function known({ headwater, edge: usual }, placement, edge = usual) {
  const asked = { writeKey: headwater.keys.write_key, anonymousId: randomUUID(), placements: [placement], consent: { categoryPreferences: { personalization: true } } };
  await until(`${placement} is known`, async () => {
    const answer = await fetch(`${edge.url}/v1/decide`, { method: "POST", body: JSON.stringify(asked) });
    return (await answer.json()).decisions[placement].experience;
  });
}

/** @param {string} placement @param {string} [inside] */
const place = (placement, inside = '<h1 data-field="title">Welcome</h1><p data-field="text">Default.</p><a data-field-href="href" href="/c/all">Look</a>') =>
  `<section data-headwater-placement="${placement}" style="min-height: 120px">${inside}</section><p id="below">Below.</p>`;

/** A page of the site with the SDK of `edge`. @param {Stack} stack @param {string} edge @param {string} body */
const withSdk = ({ headwater }, edge, body) =>
  `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Shop</title>
<script>window.shifts = []; new PerformanceObserver((list) => window.shifts.push(...list.getEntries().map(({ value, sources }) => [value, ...sources.map(({ node }) => node?.nodeName)]))).observe({ type: "layout-shift", buffered: true });</script>
<script src="${edge}/sdk/headwater.js?writeKey=${headwater.keys.write_key}" data-write-key="${headwater.keys.write_key}"></script>
<script src="${edge}/sdk/placements.js" data-timeout="5000"></script></head><body>${body}</body></html>`;

check("a page comes filled to who agreed: nobody decides it again, nothing moves, and it is told once that it was seen", async (stack) => {
  const { site, proxy, visitor } = stack;
  await shows(stack, "told-once", { title: "For you", href: "/c/you" });
  await known(stack, "told-once");
  site.page("/told-once", withSdk(stack, "", place("told-once")), { "cache-control": "no-cache", etag: '"v1"' });
  const page = await (await visitor()).tab();
  const title = () => page.locator("h1").textContent();

  const address = `${proxy.url}/told-once`;
  await page.goto(address);
  await page.evaluate(() => new Promise((resolve) => window.headwater.ready(resolve)));
  assert.equal(await title(), "Welcome", "nobody has agreed to anything");
  await page.evaluate(() => window.headwater.consent({ analytics: true, personalization: true }));

  const [before, exchanges] = [batches(proxy).length, proxy.exchanges.length];
  const answer = await page.goto(address);
  assert.equal(answer?.headers()["cache-control"], "private, no-store");
  const html = (await answer?.text()) ?? "";
  assert.match(html, /<h1 data-field="title">For you<\/h1>/, "it came so from the edge");
  const told = () => deliveries(proxy, before).filter(({ message }) => message.event === "Experience Viewed");
  const [{ message, outcome }] = await until("it is told, and answered", () => told().some(({ outcome }) => outcome) && told());
  assert.equal(outcome, "ok");
  assert.deepEqual([message.properties.placement, message.properties.variant, message.properties.holdout], ["told-once", "edge", false]);
  assert.ok(html.includes(message.properties.decision_id), "the decision that the edge made");
  await never("it is told again, or asked for", 1_000, () => told().length > 1 || proxy.exchanges.slice(exchanges).find(({ path }) => path === "/v1/decide"));
  assert.equal(await title(), "For you");
  assert.deepEqual(await page.evaluate(() => /** @type {any} */ (window).shifts), [], "nothing moved");

  await page.evaluate(() => window.headwater.consent({ personalization: false }));
  await page.goto(address);
  assert.equal(await title(), "Welcome", "withdrawn, the next page is the page as it is");
  await page.evaluate(() => window.headwater.consent({ analytics: false, personalization: false }));
  assert.equal(await page.evaluate(() => document.cookie), "", "and nothing is left on the device");
});

check("without consent that can be read, a page passes through as it is", async (stack) => {
  const { site, edge, headwater } = stack;
  await shows(stack, "asked-first", { title: "For you" });
  await known(stack, "asked-first");
  const html = place("asked-first");
  site.page("/asked-first", html, { ...SHARED, "set-cookie": ["a=1; Path=/", "b=2; Path=/; HttpOnly"], "x-own": "yes" });
  const address = `${edge.url}/asked-first`;

  const filled = await visit(address, { cookie: cookies(), "if-none-match": '"v1"' });
  assert.match(await filled.text(), />For you</, "with consent it is filled");
  assert.equal(site.requests.at(-1)?.headers["if-none-match"], undefined, "the page that the browser has is another");
  for (const name of ["etag", "last-modified"]) assert.equal(filled.headers.get(name), null, name);
  assert.equal(filled.headers.get("cache-control"), "private, no-store");
  assert.equal(filled.headers.get("x-own"), "yes");
  assert.deepEqual(filled.headers.getSetCookie(), ["a=1; Path=/", "b=2; Path=/; HttpOnly"]);

  const withdrawn = randomUUID();
  const consent = { categoryPreferences: { analytics: true, personalization: false } };
  const said = await fetch(`${edge.url}/v1/consent`, { method: "POST", body: JSON.stringify({ writeKey: headwater.keys.write_key, anonymousId: withdrawn, consent }) });
  assert.equal(said.status, 200, await said.text());
  /** @type {[string, Record<string, string>][]} */
  const silent = [
    ["no cookie", {}],
    ["an id alone", { cookie: `hw_aid=${randomUUID()}` }],
    ["a word alone", { cookie: `hw_said=${AGREED}` }],
    ["denied on this device", { cookie: cookies("1/+analytics/-personalization/") }],
    ["left open on this device", { cookie: cookies("1/+analytics/?personalization/") }],
    ["to another version of the policy", { cookie: cookies("7/+analytics/+personalization/") }],
    ["two words that differ", { cookie: `${cookies()}; hw_said=1/-personalization/` }],
    ["withdrawn elsewhere", { cookie: cookies(AGREED, withdrawn) }],
    ["an id that could be guessed", { cookie: cookies(AGREED, "42") }],
  ];
  for (const [what, headers] of silent) {
    const answer = await visit(address, headers);
    assert.equal(await answer.text(), html, what);
    assert.equal(answer.headers.get("etag"), '"v1"', what);
    assert.equal(answer.headers.get("cache-control"), SHARED["cache-control"], what);
    assert.deepEqual(answer.headers.getSetCookie(), ["a=1; Path=/", "b=2; Path=/; HttpOnly"], `${what}: no cookie of ours`);
  }
});

const HOSTILE = {
  title: `</h1><script>window.hurt = 1</script><img src=x onerror="window.hurt = 2">`,
  text: `"quotes" & 'more' &amp; &lt;b&gt; é 🙂 \u0000\u0085 \r\n <!-- -->]]>`,
  href: "java\nscript:window.hurt=3",
  data: "data:text/html,<script>window.hurt=4</script>",
  good: `/c/a?b=1&c="><script>window.hurt=5</script>&é`,
  code: "window.hurt = 6",
  sheet: "https://evil.example/hurt.css",
};
const PARTS = `<h1 data-field="title">T</h1><p data-field="text">D</p><textarea data-field="title"></textarea>
<a class="bad" data-field-href="href" href="/a">a</a><a class="worse" data-field-href="data" href="/b">b</a><a class="good" data-field="good" data-field-href="good" href="/c">c</a>
<img data-field-src="href" alt="" width="1" height="1"><script data-field="code"></script><style data-field="title"></style><script type="text/plain" data-field-src="sheet"></script>
<link data-field-href="sheet" href="data:text/css,"><svg width="1" height="1"><text data-field="title">s</text></svg><i data-field="constructor">i</i><i data-field="missing">m</i>
<div data-headwater-placement="inner-place"><b data-field="title">inner</b></div><b data-field="title">last</b>`;

check("what a marketer writes is no markup, and the edge fills as the page's own script does", async (stack) => {
  const { site, edge, visitor } = stack;
  await shows(stack, "hostile", HOSTILE);
  await shows(stack, "hostile-text", `<script>window.hurt = 7</script> & "so" é`);
  await known(stack, "hostile-text");
  const body = place("hostile", PARTS) + place("hostile-text", "<b>Default</b>") + `<h2 data-field="title">Outside</h2>`;
  const guest = await visitor({ accepted: [/evil\.example/] });
  /** What stands in the page, without what tells who filled it. @param {string} url */
  const seen = async (url) => {
    const page = await guest.tab();
    await page.goto(url);
    await page.locator('[data-headwater-placement="hostile-text"][data-variant]').waitFor();
    await page.evaluate(() => new Promise((resolve) => requestAnimationFrame(() => requestAnimationFrame(resolve))));
    return page.evaluate(() => {
      for (const element of document.querySelectorAll("[data-headwater-placement]")) for (const name of ["style", "data-headwater-decision"]) element.removeAttribute(name);
      return { html: document.body.innerHTML, hurt: /** @type {any} */ (window).hurt, good: document.querySelector("a.good")?.getAttribute("href"), loaded: performance.getEntriesByType("resource").map(({ name }) => name) };
    });
  };
  site.page("/agree", withSdk(stack, edge.url, ""));
  site.page("/hostile", withSdk(stack, edge.url, body));
  // The same page, where the edge stands before it and where nobody does; a choice belongs to one of the two.
  for (const origin of [edge.url, site.url]) {
    const page = await guest.tab();
    await page.goto(`${origin}/agree`);
    await page.evaluate(() => new Promise((resolve) => window.headwater.ready(resolve)));
    await page.evaluate(() => window.headwater.consent({ analytics: true, personalization: true }));
  }
  const filled = await seen(`${edge.url}/hostile`);
  const own = await seen(`${site.url}/hostile`);

  for (const { hurt, loaded, good } of [filled, own]) {
    assert.equal(hurt, undefined);
    assert.equal(good, HOSTILE.good);
    assert.ok(!loaded.some((name) => name.includes("evil.example")), String(loaded));
  }
  // A control character is no text of a page; where each of the two drops it is its own.
  const plain = (/** @type {string} */ html) => html.replace(/[\0\u0085\ufffd\r]/g, "").replaceAll("\n\n", "\n");
  assert.equal(plain(filled.html), plain(own.html));

  const cyrillic = Buffer.concat([Buffer.from('<!doctype html><meta charset="windows-1251"><i>'), Buffer.from([0xcf]), Buffer.from(`</i>${place("hostile", '<p data-field="text">D</p>')}`)]);
  site.page("/encoded", cyrillic, { "content-type": "text/html" });
  const bytes = await (await visit(`${edge.url}/encoded`, { cookie: cookies() })).arrayBuffer();
  const text = new TextDecoder("windows-1251").decode(bytes);
  assert.ok(text.includes("<i>П</i>") && text.includes("&#233; &#128578;"), text);
});

check("whatever is no page to look at passes through, and nothing leads anywhere but to the site", async (stack) => {
  const { site, edge } = stack;
  await shows(stack, "passing", { title: "For you" });
  await known(stack, "passing");
  const html = place("passing");
  const cookie = cookies();
  site.page("/passing", html, SHARED);
  /** @type {[string, Buffer, boolean][]} */
  const coded = [
    ["gzip", gzipSync(html), true],
    ["br", brotliCompressSync(html), true],
  ];
  for (const [coding, body] of coded) {
    site.page(`/${coding}`, body, { "content-encoding": coding });
    const answer = await visit(`${edge.url}/${coding}`, { cookie, "accept-encoding": coding });
    assert.equal(answer.headers.get("content-encoding"), coding);
    assert.match(await answer.text(), />For you</, coding);
  }
  site.page("/sealed", "not for us", { "content-encoding": "compress" });
  assert.equal((await visit(`${edge.url}/sealed`, { cookie })).status, 200);

  const posted = await visit(`${edge.url}/passing?q=1`, { cookie, "content-type": "text/plain" }, { method: "POST", body: "a=1" });
  assert.equal(await posted.text(), html, "the answer to a form");
  const { method, url, body, headers } = site.requests.at(-1) ?? assert.fail();
  assert.deepEqual([method, url, body, headers.cookie], ["POST", "/passing?q=1", "a=1", cookie]);
  assert.deepEqual([headers.host, headers["x-forwarded-host"], headers["x-forwarded-proto"]], [site.address, edge.address, "http"]);
  const head = await visit(`${edge.url}/passing`, { cookie }, { method: "HEAD" });
  assert.deepEqual([head.status, head.headers.get("etag"), await head.text()], [200, '"v1"', ""]);
  const part = await visit(`${edge.url}/passing`, { cookie, range: "bytes=0-9" });
  assert.equal(await part.text(), html);
  const data = await visit(`${edge.url}/passing`, { cookie, accept: "*/*" });
  assert.equal(await data.text(), html, "a script's own request");

  site.page("/gone", html, {}, 404);
  const gone = await visit(`${edge.url}/gone`, { cookie });
  assert.deepEqual([gone.status, await gone.text()], [404, html]);
  site.page("/picture", Buffer.from([0, 255, 1]), { "content-type": "image/png" });
  assert.deepEqual(new Uint8Array(await (await visit(`${edge.url}/picture`, { cookie })).arrayBuffer()), new Uint8Array([0, 255, 1]));
  site.page("/same", "", { etag: '"v2"' }, 304);
  assert.equal((await visit(`${edge.url}/same`, { cookie: `hw_aid=${randomUUID()}`, "if-none-match": '"v2"' })).status, 304);
  site.page("/moved", "", { location: `${site.url}/passing?a=1#b` }, 302);
  assert.equal((await visit(`${edge.url}/moved`, { cookie })).headers.get("location"), `${edge.url}/passing?a=1#b`);
  for (const elsewhere of [`${site.url}@evil.example/x`, `${site.url}.example/x`, "https://other.example/y"]) {
    site.page("/away", "", { location: elsewhere }, 301);
    assert.equal((await visit(`${edge.url}/away`, { cookie })).headers.get("location"), elsewhere);
  }

  for (const path of ["//evil.example/x", "/http://evil.example/x", "/.%2e//evil.example", "/@evil.example"]) {
    const before = site.requests.length;
    assert.equal((await visit(edge.url + path, { cookie })).status, 404, path);
    assert.equal(site.requests.length, before + 1, `${path} was the site's to answer`);
  }
  assert.equal((await visit(`${edge.url}/health`)).headers.get("content-type"), "application/json", "what is the edge's stays the edge's");
  assert.equal((await visit(`${edge.url}/passing`, { "x-headwater-pages": "1" })).status, 500, "a circle is cut");
});

check("a decision that does not come in time leaves the default, and a site that is away is said to be", async (stack) => {
  const { site, headwater } = stack;
  await shows(stack, "patient", { title: "For you" });
  const way = await TcpProxy.start(headwater.address);
  const pages = { site: site.address, writeKey: headwater.keys.write_key };
  const edge = await Edge.start({ aggregator: way.address, secret: headwater.keys.edge_secret, pages });
  try {
    const html = place("patient");
    site.page("/patient", html, SHARED);
    await known(stack, "patient", edge);
    const address = `${edge.url}/patient`;
    assert.match(await (await visit(address, { cookie: cookies() })).text(), />For you</);
    way.way = "black hole";
    const begun = performance.now();
    const late = await visit(address, { cookie: cookies() });
    assert.equal(await late.text(), html);
    assert.equal(late.headers.get("etag"), '"v1"');
    const took = performance.now() - begun;
    assert.ok(took > 300 && took < 3_000, `${took} ms`);

    const other = await TcpProxy.start(site.address);
    const cut = await Edge.start({ aggregator: way.address, secret: headwater.keys.edge_secret, pages: { ...pages, site: other.address } });
    other.way = "reset";
    try {
      const answer = await visit(`${cut.url}/patient`, { cookie: cookies() });
      assert.equal(answer.status, 502);
      assert.match(await answer.text(), /cannot be reached: try again in a moment/);
      assert.equal(answer.headers.get("cache-control"), "no-store");
      assert.equal((await visit(`${cut.url}/health`)).status, 200);
    } finally {
      await cut.stop();
      await other.stop();
    }
  } finally {
    await edge.stop();
    await way.stop();
  }
});

check("a large page comes as it is written: its beginning is there before its end exists", async (stack) => {
  const { site, edge } = stack;
  await shows(stack, "large", { title: "For you" });
  await known(stack, "large");
  const [row, rows] = [`<p>${"x".repeat(1_000)}</p>\n`, 20_000];
  /** @type {() => void} */
  let goOn = () => {};
  const gone = new Promise((resolve) => (goOn = () => resolve(undefined)));
  site.pages.set("/large", async (_request, response) => {
    response.writeHead(200, { "content-type": "text/html; charset=utf-8" });
    response.write(`<!doctype html>${place("large")}${row.repeat(20)}`);
    await gone;
    for (let block = 0; block < rows / 1_000; block++) {
      if (!response.write(row.repeat(1_000))) await new Promise((resolve) => response.once("drain", resolve));
    }
    response.end(place("large"));
  });
  const answer = await visit(`${edge.url}/large`, { cookie: cookies() });
  const reader = /** @type {ReadableStream<Uint8Array>} */ (answer.body).getReader();
  const decoder = new TextDecoder();
  let text = "";
  while (!text.includes(">For you<")) {
    const { value, done } = await reader.read();
    assert.ok(!done, "the beginning came filled");
    text += decoder.decode(value, { stream: true });
  }
  goOn();
  let [bytes, tail] = [text.length, ""];
  for (;;) {
    const { value, done } = await reader.read();
    if (done) break;
    bytes += value.length;
    tail = (tail + decoder.decode(value, { stream: true })).slice(-5_000);
  }
  assert.ok(bytes > row.length * rows, String(bytes));
  assert.match(tail, />For you</, "and so did its end");
});
