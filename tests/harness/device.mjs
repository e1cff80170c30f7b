/** Everything that a site has written to a visitor's device. */

/**
 * Names of all that is kept, as `cookie:…`, `local:…`, `session:…`, `database:…`, `cache:…`, `worker:…`. The page has to
 * be on the site.
 *
 * @param {import("playwright-core").Page} page
 * @returns {Promise<string[]>}
 */
export async function kept(page) {
  const cookies = (await page.context().cookies()).map(({ name }) => `cookie:${name}`);
  const rest = await page.evaluate(async () => {
    const databases = await indexedDB.databases();
    const workers = await navigator.serviceWorker.getRegistrations();
    return [
      ...Object.keys(localStorage).map((key) => `local:${key}`),
      ...Object.keys(sessionStorage).map((key) => `session:${key}`),
      ...databases.map(({ name }) => `database:${name}`),
      ...(await caches.keys()).map((name) => `cache:${name}`),
      ...workers.map(({ scope }) => `worker:${scope}`),
    ];
  });
  return [...cookies, ...rest].sort();
}

/** Of what is kept, what is the shop's own: the banner's cookie, the bag, the sign-in, whether the panel is open. */
const SHOPS_OWN = /^(cookie:cc_cookie|session:shop_\w+)$/;

/** What is kept that is not the shop's own. @param {import("playwright-core").Page} page */
export async function keptByHeadwater(page) {
  return (await kept(page)).filter((name) => !SHOPS_OWN.test(name));
}

/** Bytes in both storages, as browsers count them. @param {import("playwright-core").Page} page */
export function storedBytes(page) {
  return page.evaluate(() => [localStorage, sessionStorage].flatMap((storage) => Object.entries(storage)).reduce((sum, [key, value]) => sum + key.length + String(value).length, 0));
}
