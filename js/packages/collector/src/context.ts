import { attempt } from "./guard.ts";
import type { Properties } from "../index.d.ts";

/** The page as Segment's clients describe it. */
export const pageContext = (): Properties => ({
  path: location.pathname,
  referrer: document.referrer,
  search: location.search,
  title: document.title,
  url: location.href.split("#")[0],
});

const campaign = (): Properties | undefined => {
  const found: Properties = {};
  let any;
  new URLSearchParams(location.search).forEach((value, key) => {
    if (key.startsWith("utm_")) {
      key = key.slice(4);
      any = found[key === "campaign" ? "name" : key] = value;
    }
  });
  return any === undefined ? any : found;
};

/** The context of an event captured now. */
export const context = (version: string, extra?: Properties): Properties => ({
  page: pageContext(),
  userAgent: navigator.userAgent,
  locale: navigator.language,
  screen: { width: screen.width, height: screen.height, density: devicePixelRatio },
  timezone: attempt(() => Intl.DateTimeFormat().resolvedOptions().timeZone),
  campaign: attempt(campaign),
  ...extra,
  // These are the engine's to write.
  consent: undefined,
  ledger: undefined,
  storage: undefined,
  library: { name: "headwater.js", version },
});
