/**
 * Headwater's snippet: calls made before the SDK is here wait in a queue that the SDK empties. When the SDK never comes
 * (blocked, refused, offline) the calls simply stay there and the shop does not notice.
 */
(function () {
  const script = /** @type {HTMLScriptElement} */ (document.currentScript);
  const { edge, writeKey } = script.dataset;
  /** @type {any} */
  const headwater = (/** @type {any} */ (window).headwater ||= []);
  if (headwater.load || !edge || !writeKey) return;
  for (const method of ["load", "track", "identify", "page", "group", "alias", "reset", "ready", "on", "consent", "use", "watch"]) {
    headwater[method] = (/** @type {unknown[]} */ ...args) => {
      headwater.push([method, ...args]);
    };
  }
  headwater.load(writeKey, { host: edge });
  const sdk = document.createElement("script");
  sdk.async = true;
  sdk.src = `${edge}/sdk/headwater.js?writeKey=${writeKey}`;
  document.head.append(sdk);
})();
