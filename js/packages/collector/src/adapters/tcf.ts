import type { TcfOptions } from "../../adapter.d.ts";
import type { BannerState, ConsentAdapter } from "../../index.d.ts";
import { listenTo } from "./iab.ts";

type Ids = Record<string, boolean | undefined>;
/** What a platform tells its listeners; of all members only the first two are always there. */
interface TcData {
  gdprApplies?: boolean;
  eventStatus?: string;
  tcString?: string;
  purpose?: { consents?: Ids };
  vendor?: { consents?: Ids; disclosedVendors?: Ids };
  publisher?: { consents?: Ids; restrictions?: Record<string, Record<string, number> | undefined> };
}

/**
 * What each purpose of Headwater needs of the framework's. All need 1, to keep an id on the device. Analytics is what 7
 * to 10 say: measuring, audience statistics, improving services. `sale_or_share` is not the framework's subject.
 */
const PURPOSES: Record<string, number[]> = {
  analytics: [1, 7, 8, 9, 10],
  personalization: [1, 5, 6],
  advertising: [1, 2, 3, 4, 7],
};
/** A publisher's restriction that leaves consent as the legal basis. */
const CONSENT_REQUIRED = 1;

const undecided = (): BannerState => ({ decided: false, categories: {}, source: "tcf" });

/** Consent from an IAB TCF 2.2 or 2.3 platform. */
export const tcf = ({ purposes = PURPOSES, vendor, publisher, forward }: TcfOptions = {}): ConsentAdapter => {
  let state: BannerState | undefined;
  let heardBefore = false;

  const allowed = (data: TcData): ((id: number) => boolean) => {
    const consents = (publisher ? data.publisher : data.purpose)?.consents;
    const { consents: vendors, disclosedVendors } = data.vendor || {};
    if (vendor && (vendors?.[vendor] !== true || (disclosedVendors && disclosedVendors[vendor] !== true))) return () => false;
    return (id) => consents?.[id] === true && (!vendor || (data.publisher?.restrictions?.[id]?.[vendor] ?? CONSENT_REQUIRED) === CONSENT_REQUIRED);
  };

  const read = (data: TcData): BannerState | undefined => {
    // First of all: where the law does not apply there are no purposes to read, and it is the edge's place that counts.
    if (data.gdprApplies === false) return undecided();
    // Still finding out.
    if (data.gdprApplies !== true) return state;
    // The question is on the screen: what holds meanwhile is what was decided before, if anything was.
    if (data.eventStatus === "cmpuishown") return state || undecided();
    if (data.eventStatus !== "tcloaded" && data.eventStatus !== "useractioncomplete") return state;
    if (data.tcString === "") return undecided();
    const may = allowed(data);
    const categories = Object.fromEntries(Object.keys(purposes).map((purpose) => [purpose, purposes[purpose]!.length > 0 && purposes[purpose]!.every(may)]));
    return { decided: true, categories, source: forward && data.tcString ? "tcf:" + data.tcString : "tcf" };
  };

  return {
    read: () => state,
    subscribe: (changed) =>
      listenTo("__tcfapi", (data: TcData | null, success) => {
        if (!success || !data) return;
        state = read(data);
        // What a platform tells first it may have known for long; what it tells after that the person did just now.
        changed(heardBefore && data.eventStatus === "useractioncomplete");
        heardBefore = true;
      }),
  };
};
