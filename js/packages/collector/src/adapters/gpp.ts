import type { GppOptions } from "../../adapter.d.ts";
import type { BannerState, ConsentAdapter } from "../../index.d.ts";
import { listenTo } from "./iab.ts";

type Fields = Record<string, unknown>;
interface PingData {
  signalStatus?: string;
  cmpDisplayStatus?: string | null;
  applicableSections?: number[];
  gppString?: string;
  parsedSections?: Record<string, Fields | Fields[] | string | undefined>;
}
interface Told {
  eventName?: string;
  pingData?: PingData;
}

/** The sections of the United States, by id from 6 on. */
const FIRST = 6;
const SECTIONS = "uspv1 usnat usca usva usco usut usct usfl usmt usor ustx usde usia usne usnh usnj ustn usmn usmd usin usky usri".split(" ");
const OPT_OUTS = ["SaleOptOut", "SharingOptOut", "TargetedAdvertisingOptOut"];
const OPTED_OUT = 1;

/** Whether a section says that the person opted out. */
const optedOut = (section: Fields | Fields[] | string | undefined): boolean => {
  // The older US string as it is: version, notice, opt-out, agreement.
  if (typeof section === "string") return section[2] === "Y";
  // By the standard a section is a list of its parts; the reference implementation makes one object of them.
  const fields: Fields = Object.assign({}, ...[section].flat());
  return OPT_OUTS.some((name) => fields[name] === OPTED_OUT) || fields["Gpc"] === true || fields["OptOutSale"] === "Y";
};

/**
 * Consent from an IAB GPP 1.1 platform: the opt-outs of the United States. Not to have opted out is no consent, so that
 * denies nothing and grants nothing: the regime of the visitor's place holds.
 */
export const gpp = ({ denies = ["advertising", "sale_or_share"], forward }: GppOptions = {}): ConsentAdapter => {
  let state: BannerState | undefined;
  /** The person was asked, or a signal that was ready is being made anew. */
  let asked = false;

  const read = (ping: PingData): BannerState | undefined => {
    const applicable = ping.applicableSections || [];
    // Nobody knows yet which law applies.
    if (!applicable.length || applicable.includes(0)) return state;
    const out = applicable.some((id) => {
      const name = SECTIONS[id - FIRST];
      return name !== undefined && optedOut(ping.parsedSections?.[name]);
    });
    const categories = Object.fromEntries(out ? denies.map((purpose) => [purpose, false]) : []);
    return { decided: true, categories, source: forward && ping.gppString ? "gpp:" + ping.gppString : "gpp" };
  };

  return {
    read: () => state,
    subscribe: (changed) =>
      listenTo("__gpp", ({ eventName, pingData }: Told = {}, success) => {
        if (success === false || !pingData) return;
        if (pingData.signalStatus !== "ready") {
          asked ||= !!state || pingData.cmpDisplayStatus === "visible";
          return;
        }
        const anew = asked || (!!state && eventName === "sectionChange");
        asked = false;
        state = read(pingData);
        changed(anew);
      }),
  };
};
