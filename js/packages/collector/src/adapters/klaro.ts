import type { KlaroManager, KlaroOptions } from "../../adapter.d.ts";
import type { BannerState, ConsentAdapter } from "../../index.d.ts";
import { onArrival } from "./arrival.ts";
import { renamed } from "./renamed.ts";

const page = (): KlaroManager | undefined => (window as { klaro?: { getManager(): KlaroManager } }).klaro?.getManager();

/**
 * Consent from Klaro. It answers `true` for a service that is on by default before anybody was asked, so nothing counts
 * until the choice is confirmed; and what a visitor toggles counts when it is saved.
 */
export const klaro = ({ purposes = {}, manager = page }: KlaroOptions = {}): ConsentAdapter => {
  const current = (): KlaroManager | undefined => {
    try {
      return manager();
    } catch {
      // It has no configuration yet.
      return undefined;
    }
  };
  const read = (): BannerState | undefined => {
    const found = current();
    if (!found) return undefined;
    const services: Record<string, boolean> = {};
    const categories: Record<string, boolean> = {};
    for (const service of found.config.services) {
      services[service.name] = found.savedConsents[service.name] === true;
      // Asked for on the spot where it is shown, and not by the banner.
      if (service.contextualConsentOnly) continue;
      // Klaro asks by service: a purpose is granted when all of its services are.
      for (const purpose of service.purposes || []) categories[purpose] = categories[purpose] !== false && services[service.name]!;
    }
    return { decided: found.confirmed, categories: renamed(categories, purposes, services), source: "klaro" };
  };
  return {
    read,
    subscribe: (changed) =>
      onArrival(current, (found) => {
        changed();
        found.watch({
          update: ({ confirmed }, name) => {
            if (name === "saveConsents") changed(true);
            // A reset asks anew. Anything else is a toggle that nobody has saved.
            else if (!confirmed) changed();
          },
        });
      }),
  };
};
