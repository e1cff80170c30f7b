// A page with Google Consent Mode and a banner of its own: the default first, and what was kept as an update.
window.dataLayer = window.dataLayer || [];
window.gtag = function () {
  window.dataLayer.push(arguments);
};
const TYPES = ["ad_storage", "ad_user_data", "ad_personalization", "analytics_storage"];
const all = (value) => Object.fromEntries(TYPES.map((type) => [type, value]));
gtag("consent", "default", { ...all("denied"), wait_for_update: 500 });
window.platform = {
  choose: (value) => {
    localStorage.setItem("platform", value);
    gtag("consent", "update", all(value));
  },
};
if (localStorage.getItem("platform")) gtag("consent", "update", all(localStorage.getItem("platform")));
