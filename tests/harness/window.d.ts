/** What the pages under test put on `window`. */
export {};

declare global {
  interface Window {
    headwater: any;
    clients: any;
  }
}
