/** Headwater's browser SDK. Importing it touches nothing: it works under server rendering. */

/** A consent choice of one purpose. */
export type Choice = boolean | "granted" | "denied" | "pending";
/** The three states a purpose can be in. */
export type ConsentState = "granted" | "denied" | "pending";
/** What became of an event. Every outcome but `retry` is final. */
export type OutcomeName = "ok" | "held" | "denied" | "quarantined" | "duplicate" | "retry";

/** Values of events and traits: anything JSON can say. */
export type Properties = Record<string, unknown>;

/** What a consent banner knows. */
export interface BannerState {
  /** Whether the visitor has chosen; while false only a `null` among the categories counts. */
  decided: boolean;
  /**
   * Choice per purpose. A purpose that is not named is not decided. `null` lets a purpose wait until somebody decides, even
   * where the place presumes consent; it gives way to whatever the banner said before.
   */
  categories: Record<string, boolean | null>;
  /** Where the choice came from, such as `banner`: kept in each event's receipt. What follows a colon is a note to it. */
  source: string;
}

/** The seam to a consent banner. docs/consent-signals.md says how several of them are settled. */
export interface ConsentAdapter {
  /** What the banner knows now; nothing while it is still loading. Called at load and whenever the page is shown again. */
  read(): BannerState | undefined;
  /**
   * Calls back when that may have changed: with `true` when the person decided just now, which replaces what others said;
   * without it, the banner only said what it had kept.
   */
  subscribe(changed: (decidedNow?: boolean) => void): void;
}

/** Options of `load`. */
export interface Options {
  /** Origin of the edge, such as `https://events.example.com`. Default: where the script came from, else the page's own. */
  host?: string;
  /** What holds while the visitor has chosen nothing. Default: what the edge says of the visitor's place, else `opt_in`. Where the edge says `opt_in`, that stays. */
  regime?: "opt_in" | "opt_out";
  /** The space's purposes. A choice of any other purpose is refused with a message. */
  purposes?: string[];
  /** The purposes that collecting needs, divided by spaces: all of them, and those that the edge names. Default `analytics`. */
  collectPurpose?: string;
  /** The purposes that decisions need, in the same way. Default `personalization`. */
  decidePurpose?: string;
  /** What Global Privacy Control denies, beside what the edge says. Default `["advertising", "sale_or_share"]`. */
  gpcDenies?: string[];
  /** Version of the consent policy shown; a stored choice of another version counts no more. */
  policyVersion?: number;
  /** `js` runs the engine as JavaScript and does not try WebAssembly, so that a strict policy gets no report. */
  engine?: "auto" | "js";
  /** Placements whose decisions each reply shall bring; the same as `watch`. */
  placements?: string[];
  /** A consent banner; the same as `use`. */
  adapter?: ConsentAdapter;
}

/** Options of one call, as Segment's clients have them. */
export interface CallOptions {
  /** Members to add to the event's context. */
  context?: Properties;
  /** Destinations to include or leave out. */
  integrations?: Record<string, unknown>;
  /** When it happened, if not now. */
  timestamp?: Date | string;
}

/** What a placement shows to this visitor, and why. */
export interface Decision {
  placement: string;
  experience: string | null;
  variant: string | null;
  value: unknown;
  reasons: string[];
  /** The same as `reasons` for a program; absent where the edge was not asked. */
  why?: Why[];
  /** The properties of the event that tells that this was shown: `track("Experience Viewed", decision.exposure)`. */
  exposure?: Exposure;
}
/** What became of one experience of the placement. */
export interface Why {
  experience?: string;
  outcome:
    | "chosen"
    | "audience"
    | "variant_audience"
    | "schedule"
    | "cap"
    | "holdout"
    | "priority"
    | "disabled"
    | "consent"
    | "caller"
    | "unavailable";
  /** How the visitor came to the arm. */
  by?: "exposure" | "audience" | "hash";
  audiences?: { audience: string; member: boolean; since?: string }[];
  /** Of when what is known of the visitor is. */
  as_of?: string;
}
/** That a decision was shown. */
export interface Exposure {
  experience: string;
  variant: string | null;
  placement: string;
  holdout: boolean;
  decision_id?: string;
  [property: string]: unknown;
}
/** Decisions by placement. */
export type Decisions = Record<string, Decision>;

/** An event as the page made it; the engine adds consent, number and anonymous id. */
export interface CapturedEvent {
  type: "track" | "identify" | "page" | "group" | "alias";
  messageId: string;
  originalTimestamp: string;
  event?: string;
  name?: string;
  properties?: Properties;
  traits?: Properties;
  [member: string]: unknown;
}

/** The answer to one event. */
export interface Outcome {
  index: number;
  messageId: string;
  outcome: OutcomeName;
  reason?: string | null;
}

/** What each event of `on` brings. */
export interface EventMap {
  consent: Record<string, ConsentState>;
  captured: CapturedEvent;
  held: { count: number };
  sent: { bytes: number };
  outcome: Outcome;
  decisions: Decisions;
  dropped: { count: number; reason: string };
  error: unknown;
}

/** A look into the engine, for a side panel. */
export interface Inspection {
  /** How the engine runs; `none` while it is loading or where it could not load. */
  engine: "wasm" | "js" | "none";
  consent: Record<string, ConsentState>;
  /** Who had the last word on consent, such as `banner` or `gpc`; `default` while nobody has said anything. */
  source: string;
  /** When the visitor decided what holds, where they did. */
  chosenAt?: string;
  /** Events that wait for a choice. */
  held: number;
  /** Events that wait for an outcome. */
  queued: number;
  /** Events with a final outcome. */
  sent: number;
  /** Events this page lost or refused, by reason. */
  dropped: Record<string, number>;
  /** The last hundred outcomes. */
  outcomes: Outcome[];
  decisions: Decisions;
}

/** The visitor. */
export interface User {
  /** The customer's own id, after `identify`. */
  id(): string | null;
  /** The browser's id; `null` until consent allows one. */
  anonymousId(): string | null;
  traits(): Properties;
}

/** The SDK. No call ever throws. */
export interface Headwater {
  readonly version: string;
  load(writeKey: string, options?: Options): void;
  track(event: string, properties?: Properties, options?: CallOptions): void;
  identify(userId: string, traits?: Properties, options?: CallOptions): void;
  identify(traits: Properties): void;
  page(category: string, name: string, properties?: Properties, options?: CallOptions): void;
  page(name?: string, properties?: Properties, options?: CallOptions): void;
  page(properties: Properties): void;
  group(groupId: string, traits?: Properties, options?: CallOptions): void;
  alias(userId: string, previousId?: string, options?: CallOptions): void;
  /** Somebody else from here on: forgets the user and takes a new anonymous id. */
  reset(): void;
  user(): User;
  /** Calls back when the engine runs, or at once if it does. */
  ready(callback: () => void): void;
  /** Listens; the result stops listening. */
  on<Name extends keyof EventMap>(name: Name, callback: (value: EventMap[Name]) => void): () => void;
  /** What the visitor decides now, added to earlier calls; it replaces what banners said of these purposes. Without arguments, only answers. */
  consent(choices?: Record<string, Choice>, options?: { source?: string }): Record<string, ConsentState>;
  /** Takes consent from a banner, beside those in use. */
  use(adapter: ConsentAdapter): void;
  /** Asks what placements show. Never rejects: without consent or answer each decision is empty and says why. */
  decide(question: { placements: string[] }): Promise<Decisions>;
  /** Lets each reply bring fresh decisions of these placements, to `on("decisions")`. */
  watch(placements: string[]): void;
  inspect(): Inspection;
}

declare const headwater: Headwater;
export default headwater;
export { headwater };

declare global {
  interface Window {
    headwater?: Headwater;
  }
}
