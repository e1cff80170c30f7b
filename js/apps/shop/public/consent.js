/**
 * The consent banner (vanilla-cookieconsent) and its join to Headwater, which is the SDK's own adapter. When the adapter
 * cannot be had, nothing is joined and the SDK stays silent: consent fails closed.
 */

/** @type {typeof import("vanilla-cookieconsent") | undefined} */
let banner;

const SECTIONS = [
  {
    title: "Your choice",
    description: "Everything but the necessary is off until you turn it on. You can change your mind at any time under “Privacy choices” in the footer.",
  },
  {
    title: "Necessary",
    description: "Keeps your bag, your sign-in and this choice. Nothing is kept while you only look around.",
    linkedCategory: "necessary",
  },
  {
    title: "Analytics",
    description: "Lets us count what is looked at and bought, so that we can mend what does not work.",
    linkedCategory: "analytics",
  },
  {
    title: "Personalization",
    description: "Lets the shop show what fits you, such as sneakers first if you look at sneakers.",
    linkedCategory: "personalization",
  },
  {
    title: "Advertising",
    description: "Lets us tell advertising partners what you were interested in. This shop has none.",
    linkedCategory: "advertising",
  },
];

/** @param {string} edge */
export async function startConsent(edge) {
  try {
    banner = await import("/vendor/cookieconsent.esm.js");
  } catch {
    return; // A blocked banner means no consent, and the shop goes on.
  }
  window.CookieConsent = banner;
  joinHeadwater(edge);
  document.querySelector("[data-privacy]")?.addEventListener("click", openChoices);
  await banner?.run({
    // By default the banner hides from automated browsers, which would make the shop untestable.
    hideFromBots: false,
    disablePageInteraction: false,
    guiOptions: {
      consentModal: { layout: "box wide", position: "bottom left", equalWeightButtons: true },
      preferencesModal: { layout: "box", equalWeightButtons: true },
    },
    categories: {
      necessary: { enabled: true, readOnly: true },
      analytics: {},
      personalization: {},
      advertising: {},
    },
    language: {
      default: "en",
      translations: {
        en: {
          consentModal: {
            title: "May we take notes?",
            description: "With your permission we remember what you look at, to improve the shop and show what fits you. Until you choose, nothing is stored and nothing is sent.",
            acceptAllBtn: "Accept all",
            acceptNecessaryBtn: "Reject all",
            showPreferencesBtn: "Choose",
          },
          preferencesModal: {
            title: "Privacy choices",
            acceptAllBtn: "Accept all",
            acceptNecessaryBtn: "Reject all",
            savePreferencesBtn: "Save my choice",
            closeIconLabel: "Close",
            sections: SECTIONS,
          },
        },
      },
    },
  });
}

/** @returns {boolean} whether the visitor has chosen, whatever the choice */
export function hasChosen() {
  return banner?.validConsent() ?? false;
}

export function openChoices() {
  banner?.showPreferences();
}

/**
 * The adapter reads the banner's state and follows it. The banner asks about advertising, which answers for sale or
 * sharing too.
 *
 * @param {string} edge
 */
function joinHeadwater(edge) {
  if (!edge) return;
  const adapter = document.createElement("script");
  adapter.async = true;
  adapter.src = `${edge}/sdk/adapter-vanilla-cookieconsent.js`;
  adapter.dataset.purposes = "advertising=advertising sale_or_share=advertising";
  document.head.append(adapter);
}
