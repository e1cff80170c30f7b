import type { Choice, ConsentState } from "../index.d.ts";
import type { Device } from "./device.ts";
import { attempt } from "./guard.ts";

/** Choices that were made. Whoever is not named was not decided. */
export type Choices = Record<string, boolean>;

/** Where choices are kept, once something is granted. */
export const CONSENT_KEY = "hw:consent";

/** The rules of a site, as `load` gives them. */
export interface Rules {
  purposes: string[];
  vetoed: string[];
  presumed: boolean;
  policyVersion: number;
}

/** `true` and `false` for a choice; nothing for one that is pending or means nothing. */
export const decided = (choice: Choice | undefined): boolean | undefined =>
  choice === true || choice === "granted" ? true : choice === false || choice === "denied" ? false : undefined;

/** The text that the engine reads. */
export const written = (choices: Choices): string =>
  Object.keys(choices)
    .map((purpose) => (choices[purpose] ? "+" : "-") + purpose)
    .join(" ");

/** The state of each purpose, for people. The engine judges by its own rule. */
export const states = (choices: Choices, rules: Rules): Record<string, ConsentState> => {
  const out: Record<string, ConsentState> = {};
  for (const purpose of rules.purposes) {
    const choice = purpose === "necessary" || (!rules.vetoed.includes(purpose) && (choices[purpose] ?? (rules.presumed || undefined)));
    out[purpose] = choice ? "granted" : choice === false ? "denied" : "pending";
  }
  return out;
};

/** What an earlier page kept, if it was for this version of the policy. */
export const stored = (device: Device, policyVersion: number): { choices: Choices; source: string } | undefined => {
  const kept = attempt(() => JSON.parse(device.read(CONSENT_KEY) || ""));
  return kept && kept.version === policyVersion && typeof kept.choices === "object" ? kept : undefined;
};
