import type { Choice, ConsentState } from "../index.d.ts";
import type { Device } from "./device.ts";
import { attempt } from "./guard.ts";
import { type Heard, Word, type Words } from "./settle.ts";

/** Where choices are kept while collecting is allowed. */
export const CONSENT_KEY = "hw:consent";

/** The rules of a site, as `load` and the edge give them. */
export interface Rules {
  purposes: string[];
  vetoed: string[];
  /** Purposes that the place allows until somebody objects. */
  presumed: string[];
  version: number;
}

/** What is kept for the next page: what was heard, what held, and who had the last word. */
export interface Kept {
  heard: Heard;
  choices: Words;
  source: string;
  /** When the person decided; nothing where only statements were heard. */
  chosenAt?: string;
  version: number;
}

/** The word that a choice is; nothing for one that is pending or means nothing. */
export const word = (choice: Choice | null | undefined): Word | undefined =>
  choice === null ? Word.Waits : choice === true || choice === "granted" ? Word.Granted : choice === false || choice === "denied" ? Word.Denied : undefined;

/** The text that the engine reads; equal choices make equal texts. */
export const written = (choices: Words): string =>
  Object.keys(choices)
    .sort()
    .map((purpose) => "?+-"[choices[purpose]!] + purpose)
    .join(" ");

/** What holds of a purpose, with what the place presumes. The engine judges by its own rule. */
export const holding = (choices: Words, rules: Rules, purpose: string): Word =>
  purpose === "necessary" ? Word.Granted : (choices[purpose] ?? +rules.presumed.includes(purpose));

/** The state of each purpose, for people. */
export const states = (choices: Words, rules: Rules): Record<string, ConsentState> => {
  const out: Record<string, ConsentState> = {};
  for (const purpose of rules.purposes) out[purpose] = (["pending", "granted", "denied"] as const)[holding(choices, rules, purpose)]!;
  return out;
};

/** What an earlier page or another tab kept, if it was for this version of the policy. */
export const stored = (device: Device, policyVersion: number): Kept | undefined => {
  const kept = attempt(() => JSON.parse(device.read(CONSENT_KEY) || ""));
  return kept && kept.version === policyVersion && kept.heard ? kept : undefined;
};
