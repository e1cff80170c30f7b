/** Where the SDK's adapter looks for the banner. */
interface Window {
  CookieConsent?: unknown;
}
