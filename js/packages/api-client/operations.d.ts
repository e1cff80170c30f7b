// Made by `cargo xtask codegen` from spec/openapi.json: not to be changed by hand.

/** Who does something, as the audit log names them. */
export type Actor = {
  /** mem_… or tok_…; empty for nobody. */
  id: string;
  /** member, token, or nobody before a sign-in. */
  kind: string;
  /** What people call them. */
  name: string;
};

/** How events become one value. */
export type Aggregate = ("count" | "sum" | "average" | "min" | "max" | "first" | "last" | "most_frequent" | "unique_count" | "last_n" | "time_since_last" | "time_since_first" | "times");

/** What is shown of an arm. */
export type ArmFigures = {
  arm: string;
  /** Compared with the baseline; absent of the baseline itself, and of variants with an audience of their own. */
  comparison?: Comparison;
  /** People with an event that counts. */
  converted: number;
  people: number;
  /** The share, the sum for each person, or the mean of all values. */
  value?: number;
};

/** One arm as it was counted. */
export type ArmLevel = {
  /** The share, the mean, or the ratio, without any adjustment; none where there is nothing to divide by. */
  mean: number | null;
  /** People. */
  n: number;
};

/** The token as which a session acts. */
export type AsToken = {
  token: NamedToken;
};

/** An audience, how many are in it, and how far it is. */
export type Audience = {
  created_at: Timestamp;
  definition: AudienceRule;
  id: string;
  members: number;
  name: string;
  /** The definition that is to take the place of this one. */
  next?: AudienceToCome;
  /** How much of its stage is done, from 0 to 1; 1 when it has looked at everybody. */
  progress: number;
  /** What it does; nothing when it is done. */
  stage?: AudienceStage;
  /** Since when it looks at everybody. */
  started_at?: Timestamp;
  /** building until everybody was looked at once, then ready; rebuilding while everybody is looked at again. */
  status: string;
  text: string;
  updated_at: Timestamp;
  /** Counts the definitions that it has had. */
  version: number;
};

/** Somebody entered or left. */
export type AudienceChange = {
  audience_id: string;
  /** What it is called now; nothing where it was taken away. */
  audience_name: string | null;
  cause: AudienceChangeCause;
  happened_at: Timestamp;
  id: string;
  /** entered or left. */
  kind: string;
  profile_id: string;
};

/** What made somebody enter or leave. */
export type AudienceChangeCause = {
  /** Its name; absent of events without one. */
  event?: string;
  kind: "event";
  /** Which. */
  message_id: string;
} | {
  kind: "time";
} | {
  kind: "identity";
} | {
  kind: "recount";
} | {
  kind: "definition";
};

/** One rule of a definition with its answer. */
export type AudienceClause = {
  /** When the answer can change although nothing happens. */
  changes_at?: Timestamp;
  /** The rules that it joins. */
  clauses?: AudienceClause[];
  /** Whether it holds. */
  holds: boolean;
  /** The rule, in the text form. */
  rule: string;
  /** What it looked at: the values of attributes, a count, what was said to consent. Null of rules that only join others. */
  seen: unknown;
};

/** An audience that was looked at. */
export type AudienceEvidence = {
  /** aud_… */
  audience: string;
  /** Whether the person is in it. */
  member: boolean;
  /** Since when, as far as the snapshot says. */
  since?: Timestamp;
};

export type AudienceExample = {
  id: string;
  identifiers: ProfileIdentifier[];
};

/** Somebody in an audience. */
export type AudienceMember = {
  /** The profile's. */
  id: string;
  identifiers: ProfileIdentifier[] | null;
  since: Timestamp;
};

/** The answer of a preview. */
export type AudiencePreview = {
  /** How many it reaches. */
  count: number;
  /** Between these the count is in 95 of 100 such estimates. */
  count_at_least: number;
  count_at_most: number;
  /** The definition as a tree, and as a text. */
  definition: AudienceRule;
  /** Whether everybody was looked at. If not, count is an estimate and looked_at says from how many. */
  exact: boolean;
  looked_at: number;
  sample: AudienceExample[];
  text: string;
};

export type AudienceQuestion = {
  definition: (string | (ShortRule | AudienceRuleInput));
};

/** A rule over one person. */
export type AudienceRule = {
  /** The rules. */
  all: AudienceRule[];
} | {
  /** The rules. */
  any: AudienceRule[];
} | {
  /** The rule. */
  not: AudienceRule;
} | {
  /** What they have to be. */
  traits: Condition;
} | {
  /** What they have to be. */
  computed_traits: Condition;
} | DateRule | EventRule | SequenceRule | {
  /** Its id. */
  audience: string;
} | {
  /** The purpose. */
  consent: string;
  /** What was said. */
  is?: ConsentSaid;
} | {
  /** The kind, such as email. */
  identifier: string;
};

/** A rule over one person. */
export type AudienceRuleInput = {
  /** The rules. */
  all: ((ShortRule | AudienceRuleInput))[];
} | {
  /** The rules. */
  any: ((ShortRule | AudienceRuleInput))[];
} | {
  /** The rule. */
  not: (ShortRule | AudienceRuleInput);
} | {
  /** What they have to be. */
  traits: Condition;
} | {
  /** What they have to be. */
  computed_traits: Condition;
} | DateRuleInput | EventRuleInput | SequenceRule | {
  /** Its id. */
  audience: string;
} | {
  /** The purpose. */
  consent: string;
  /** What was said. */
  is?: ConsentSaid;
} | {
  /** The kind, such as email. */
  identifier: string;
};

export type AudienceStage = ("counting" | "waiting" | "looking");

/** How far it is. */
export type AudienceToCome = {
  definition: AudienceRule;
  /** How much of its stage is done, from 0 to 1; 1 when it has looked at everybody. */
  progress: number;
  /** What it does; nothing when it is done. */
  stage?: AudienceStage;
  /** Since when it looks at everybody. */
  started_at?: Timestamp;
  status: string;
  text: string;
  version: number;
};

export type AudienceUpdate = {
  definition?: (string | (ShortRule | AudienceRuleInput)) | null;
  name?: string | null;
};

/** What decides whether somebody belongs. */
export type AudienceWhy = {
  audience_id: string;
  /** Whether what the person said to consent lets audiences look at them at all. */
  consent: boolean;
  /** As of when. */
  evaluated_at: Timestamp;
  member: boolean;
  profile_id: string;
  /** Since when. */
  since?: Timestamp;
  /** Each rule with its answer and what it saw. */
  why: AudienceClause;
};

export type AuditBad = {
  number: number;
  reason: string;
};

/** An entry as the API shows it. */
export type AuditEntry = {
  about: unknown;
  actor: Actor;
  address: string;
  at: Timestamp;
  hash: string;
  number: number;
  operation: string;
  person: string | null;
  /** 0 of a change that has begun and whose end is not written yet. */
  status: number;
};

/** What looking through the whole log gave. */
export type AuditVerdict = {
  /** Entries that were looked at. */
  entries: number;
  /** The first that is not as it was written. */
  first_bad: (AuditBad | null);
  /** The digest at the end. Who keeps it elsewhere can tell later that nobody wrote the log anew. */
  head: string;
  /** Whether nothing was changed, moved, put between or taken away. */
  intact: boolean;
};

/** Whether matching merges by itself, as callers see it. */
export type AutomaticMatching = {
  /** Automatic merges that hold. */
  merged: number;
  on: boolean;
  /** The share of right pairs that is asked for. */
  precision: number;
  /** Why there is no such weight. */
  reason?: string;
  /** Automatic merges that were taken back just now. */
  taken_back?: number;
  /** From where on pairs are known to be right, by the weights with which they were reviewed. */
  threshold?: MatchingThreshold;
};

export type AutomaticMatchingWish = {
  on: boolean;
  precision?: number | null;
  take_back?: boolean;
};

/** Evidence that was refused. */
export type BlockedMerge = {
  a: Identifier;
  b: Identifier;
  blocked: string;
  reason: string;
};

/** What belongs to nobody. */
export type BlockedValues = {
  /** Whether the product's own list counts, too. */
  defaults: boolean;
  /** Patterns in which * stands for any letters, whatever their case. */
  patterns: string[];
  /** Whole values, whatever their case. */
  values: string[];
};

/** What belongs to nobody. */
export type BlockedValuesInput = {
  /** Whether the product's own list counts, too. */
  defaults?: boolean;
  /** Patterns in which * stands for any letters, whatever their case. */
  patterns?: string[];
  /** Whole values, whatever their case. */
  values?: string[];
};

/** What becomes of events of known bots. */
export type Bots = ("keep" | "flag" | "drop");

/** A period of the calendar. */
export type CalendarPeriod = ("day" | "week" | "month" | "quarter" | "year");

/** A policy that may be published. */
export type CheckedConsentPolicy = {
  policy: ConsentPolicy;
};

/** Rules that may be published. */
export type CheckedIdentityRules = {
  rules: IdentityRules;
};

/** Whether the split is as it should be, or why that cannot be said. */
export type CheckedSplit = (Split | {
  reason: string;
});

/** What a source takes and what it records. */
export type CollectionPolicy = {
  /** Known bots. */
  bots: Bots;
  /** Addresses. */
  ip: IpPolicy;
  /** Speed. */
  rate_limits: RateLimits;
};

/** What a source takes and what it records. */
export type CollectionPolicyChange = {
  /** Known bots. */
  bots?: ("keep" | "flag" | "drop");
  /** Addresses. */
  ip?: ("drop" | "truncate" | "keep");
  /** Speed. */
  rate_limits?: {
    /** From one caller (crate::address::caller), where callers have public addresses. */
    address?: {
      /** Events at once after a pause. */
      burst?: number;
      /** Events a second on average; 0 is no limit. */
      events_per_second?: number;
    };
    /** From all callers together. */
    write_key?: {
      /** Events at once after a pause. */
      burst?: number;
      /** Events a second on average; 0 is no limit. */
      events_per_second?: number;
    };
  };
};

/** Two arms compared: what a results screen shows. */
export type Comparison = {
  /** The baseline as it was counted. */
  baseline: ArmLevel;
  /** The difference, or why there is none to show yet. */
  outcome: ComparisonOutcome;
  /** The variant as it was counted. */
  variant: ArmLevel;
};

/** The difference, or why there is none. */
export type ComparisonOutcome = {
  /** What follows, in a word. */
  conclusion: Conclusion;
  /** The difference: variant − baseline, or that divided by the baseline. With a Bayesian prior, what is thought of it now. */
  estimate: number;
  /** How strong the evidence is. */
  evidence: FindingEvidence;
  /** Where the difference is, but for `alpha` of the experiences. Among several variants the intervals of the tests hold all at once, but for `alpha`. A relative one reaches zero while the absolute difference is unclear. */
  interval: Interval;
  /** The standard error of the estimate; with a Bayesian method, the standard deviation of what is thought. */
  standard_error: number;
  status: "ready";
} | {
  /** Why; written as a sentence. */
  reason: Unready;
  status: "not_ready";
};

/** A definition with its id and how far its backfill is. */
export type ComputedTrait = {
  /** How. */
  aggregate: Aggregate;
  /** false leaves the events of known bots out, true takes only them. */
  bots?: boolean;
  /** Which period. */
  calendar?: CalendarPeriod;
  created_at: Timestamp;
  /** Name of the events that count. */
  event: string;
  /** Not before this moment. */
  from?: Timestamp;
  /** How people know it; stays when the definition changes. */
  id: string;
  /** The trait's name. */
  key: string;
  /** How many times are remembered; only of Aggregate::Times. */
  most?: number;
  /** How many values are listed; only of Aggregate::LastN. */
  n?: number;
  /** The definition that is to take the place of this one. */
  next?: ComputedTraitToCome;
  /** Of which values, a path such as properties.revenue that goes through arrays; count needs none. */
  of?: string;
  /** How much of what was there before it is counted, from 0 to 1. */
  progress: number;
  status: string;
  /** Name of the time zone (IANA), such as Europe/Berlin. */
  timezone?: string;
  /** Before this moment. */
  until?: Timestamp;
  /** Counts the definitions that it has had. */
  version: number;
  /** What their properties have to be. */
  where?: Condition;
  /** Younger than this. What is exactly as old is outside. */
  within?: Span;
};

/** What to compute. */
export type ComputedTraitDefinition = {
  /** How. */
  aggregate: Aggregate;
  /** false leaves the events of known bots out, true takes only them. */
  bots?: boolean;
  /** Which period. */
  calendar?: CalendarPeriod;
  /** Name of the events that count. */
  event: string;
  /** Not before this moment. */
  from?: Timestamp;
  /** The trait's name. */
  key: string;
  /** How many times are remembered; only of Aggregate::Times. */
  most?: number;
  /** How many values are listed; only of Aggregate::LastN. */
  n?: number;
  /** Of which values, a path such as properties.revenue that goes through arrays; count needs none. */
  of?: string;
  /** Name of the time zone (IANA), such as Europe/Berlin. */
  timezone?: string;
  /** Before this moment. */
  until?: Timestamp;
  /** What their properties have to be. */
  where?: Condition;
  /** Younger than this. What is exactly as old is outside. */
  within?: Span;
};

/** What to compute. */
export type ComputedTraitDefinitionInput = {
  /** How. */
  aggregate: Aggregate;
  /** false leaves the events of known bots out, true takes only them. */
  bots?: boolean | null;
  /** Which period. */
  calendar?: CalendarPeriod;
  /** Name of the events that count. */
  event: string;
  /** Not before this moment. */
  from?: (TimestampInput | null);
  /** The trait's name. */
  key: string;
  /** How many times are remembered; only of Aggregate::Times. */
  most?: number;
  /** How many values are listed; only of Aggregate::LastN. */
  n?: number | null;
  /** Of which values, a path such as properties.revenue that goes through arrays; count needs none. */
  of?: string | null;
  /** Name of the time zone (IANA), such as Europe/Berlin. */
  timezone?: string;
  /** Before this moment. */
  until?: (TimestampInput | null);
  /** What their properties have to be. */
  where?: (Condition | null);
  /** Younger than this. What is exactly as old is outside. */
  within?: (Span | null);
};

/** A definition that counts before it takes the place of another. */
export type ComputedTraitToCome = {
  definition: ComputedTraitDefinition;
  progress: number;
  /** Since when it counts. */
  started_at: Timestamp;
  version: number;
};

/** What follows, in a word. */
export type Conclusion = ("better" | "worse" | "unclear");

/** What has to hold: names with what their values have to be, or $and, $or, $nor and $not; the language of GrowthBook's conditions. */
export type Condition = Record<string, unknown>;

/** What a person says of each purpose now, and all that they said. */
export type Consent = {
  entries: ConsentEntry[];
  /** The profile's. */
  id: string;
  purposes: Record<string, ConsentStanding>;
  /** Whether nothing was changed since it was said. */
  verified: boolean;
};

/** How consent reaches a source. */
export type ConsentBasis = {
  kind: "every_event";
} | {
  /** The basis in the owner's words, such as contract. */
  basis: string;
  kind: "declared";
};

/** Something that a person said, as it was kept. */
export type ConsentEntry = {
  anchor: string;
  /** What was said, by purpose. */
  choices: Record<string, boolean>;
  gpc: boolean;
  /** The hash of hashed, which has the hash of the entry before in it. */
  hash: string;
  /** What was hashed, byte by byte. */
  hashed: string;
  jurisdiction?: string;
  kind: ConsentEntryKind;
  message_id: string;
  policy_version?: number;
  /** Hash of the entry before; empty for the first. */
  previous: string;
  received_at: Timestamp;
  /** When it was said, by our clock. */
  said_at: Timestamp;
  seq: number;
  source?: string;
  source_id: string;
  space_id: string;
};

/** How the server heard of a choice. */
export type ConsentEntryKind = ("statement" | "receipt" | "release");

/** What consent says to some uses of the evidence, and of which message it says so. */
export type ConsentEvidence = {
  allowed: boolean;
  /** The event that decides: one that counts where there is one, the youngest of its kind. */
  message_id: string;
  reasons: ConsentExplained[];
};

/** A Why that can be kept and shown. */
export type ConsentExplained = {
  /** What decided. */
  ground: ConsentGround;
  /** Version of the policy that was asked. */
  policy_version: number;
  /** The purpose that decided. */
  purpose: string;
  /** What the place presumes of the purpose. */
  regime: ConsentRegime;
  /** Place in the policy of the rule that decided, such as jurisdictions.US-CA. */
  rule: string;
  /** The same for people. */
  sentence: string;
  /** Where the person's choices came from. */
  source?: string;
  /** The use that was asked for. */
  use?: string;
  /** The answer. */
  verdict: ConsentVerdict;
};

/** What decided. */
export type ConsentGround = ("necessary" | "agreed" | "refused" | {
  withdrawn: Timestamp;
} | "global_privacy_control" | "presumed" | "undecided" | "declared" | "unknown_purpose" | "unmapped");

/** What consent says of an event. */
export type ConsentOfEvent = {
  /** The purposes for which it counts now. */
  counts_for: string[];
  evidence: (ConsentEvidence | null);
  message_id: string;
  receipt: Receipt;
};

/** A space's consent policy. Reading one checks it as a whole (Policy::read). */
export type ConsentPolicy = {
  /** A consent tool's own names for what people choose, and the purposes each stands for. */
  categories?: Record<string, string[]>;
  /** What is counted of those that are not collected, where a place's rule says so. */
  counting?: Counting;
  /** What holds in a known place without a rule of its own. */
  default: ConsentRule;
  /** What Global Privacy Control denies where a place does not say otherwise. Empty where the owner does not honour it. */
  gpc_denies: string[];
  /** By country (DE) or a country's region (US-CA). The closest is the whole rule: a region inherits nothing from its country. */
  jurisdictions?: Record<string, ConsentRule>;
  /** The purposes of the space; necessary is among them. */
  purposes: Purpose[];
  /** What holds where the edge does not know the place. */
  unknown: ConsentRule;
  /** What each use needs. */
  uses: Uses;
  /** Counts up with each published change; every receipt names it. */
  version: number;
};

/** A space's consent policy. Reading one checks it as a whole (Policy::read). */
export type ConsentPolicyInput = {
  /** A consent tool's own names for what people choose, and the purposes each stands for. */
  categories?: Record<string, string[]>;
  /** What is counted of those that are not collected, where a place's rule says so. */
  counting?: (CountingInput | null);
  /** What holds in a known place without a rule of its own. */
  default?: (ConsentRegime | ConsentRule);
  /** What Global Privacy Control denies where a place does not say otherwise. Empty where the owner does not honour it. */
  gpc_denies?: string[];
  /** By country (DE) or a country's region (US-CA). The closest is the whole rule: a region inherits nothing from its country. */
  jurisdictions?: Record<string, (ConsentRegime | ConsentRuleInput)>;
  /** The purposes of the space; necessary is among them. */
  purposes?: ((string | PurposeInput))[];
  /** What holds where the edge does not know the place. */
  unknown?: (ConsentRegime | ConsentRuleInput);
  /** What each use needs. */
  uses?: Uses;
  /** Counts up with each published change; every receipt names it. */
  version?: number;
};

/** A published version. */
export type ConsentPolicyVersion = {
  policy: ConsentPolicy;
  published_at: Timestamp;
  version: number;
};

/** What a place's law presumes while a person has said nothing. */
export type ConsentRegime = ("opt_in" | "opt_out");

/** What holds in a place. */
export type ConsentRule = {
  /** Who is counted here, of those that are not collected; nobody where absent. */
  counting?: CountedFrom;
  /** What Global Privacy Control denies here; the policy's own list where absent. */
  gpc_denies?: string[];
  /** What is presumed of single purposes. */
  purposes?: Record<string, ConsentRegime>;
  /** What is presumed of every purpose that has no regime of its own here. */
  regime: ConsentRegime;
};

/** What holds in a place. */
export type ConsentRuleInput = {
  /** Who is counted here, of those that are not collected; nobody where absent. */
  counting?: (CountedFrom | null);
  /** What Global Privacy Control denies here; the policy's own list where absent. */
  gpc_denies?: string[] | null;
  /** What is presumed of single purposes. */
  purposes?: Record<string, ConsentRegime>;
  /** What is presumed of every purpose that has no regime of its own here. */
  regime?: ConsentRegime;
};

/** What somebody said of a purpose. */
export type ConsentSaid = ("granted" | "denied" | "unset");

/** How a person stands to a purpose now. */
export type ConsentStanding = {
  denied_at: (Timestamp | null);
  granted: boolean;
  granted_at: (Timestamp | null);
};

/** What is said. */
export type ConsentStatement = {
  /** When it was said; now when absent. */
  capturedAt?: (TimestampInput | null);
  categoryPreferences: Record<string, boolean>;
  /** Names the statement, so that it counts once however often it is sent. */
  messageId?: string | null;
  /** How it was heard, such as phone. */
  source?: string | null;
};

/** A statement that was taken in. */
export type ConsentTaken = {
  message_id: string;
  outcome: Outcome;
  profile_id: string;
  reason: string | null;
};

/** What would change. Events are judged by their own receipts, people by all that is kept of them; what is denied today was not kept and cannot be tried. */
export type ConsentTrial = {
  /** What would have become of them, by outcome. */
  outcomes: Record<string, number>;
  /** What publishing would make of the people who had events. */
  people: ConsentTrialPeople;
  /** Messages in quarantine. */
  quarantined: ConsentTrialQuarantined;
  /** Those that would not have been stored, by the rule that decides. */
  refused: Record<string, ConsentTrialRefusal>;
  /** Stored events that were tried. */
  stored: ReadEvents;
  /** For each use, of how many events it may be made, now and then. */
  uses: Record<string, ConsentTrialUse>;
  /** The version that the policy is compared with. */
  version: number;
};

/** How a number changes. */
export type ConsentTrialAudience = {
  gained: number;
  lost: number;
  name: string;
  now: number;
  /** Profiles that come or go. */
  samples: string[];
  then: number;
};

export type ConsentTrialChange = {
  events: number;
  samples: ConsentTrialSample[];
};

/** What destinations would hear. */
export type ConsentTrialDeliveries = {
  /** Profiles that came into one. */
  audience_joined: number;
  /** Profiles that left an audience. */
  audience_left: number;
};

/** What would change for the people that were tried. */
export type ConsentTrialPeople = {
  /** Whether these are all that had events; otherwise they are those with the youngest. */
  complete: boolean;
  deliveries: ConsentTrialDeliveries;
  /** Pairs of identifiers that evidence links. */
  links: ConsentTrialShift;
  /** By the audience's id. */
  memberships: Record<string, ConsentTrialAudience>;
  /** People that were tried. */
  people: number;
  /** Profiles that they are. */
  profiles: ConsentTrialShift;
};

export type ConsentTrialQuarantined = {
  /** Whether these are all; otherwise they are the youngest. */
  complete: boolean;
  /** Messages that were read. */
  events: number;
  /** Those that edge and consent would let through. */
  ok: number;
};

export type ConsentTrialRefusal = {
  events: number;
  samples: ConsentTrialSample[];
};

/** An event, and what the policy that is tried says of it. */
export type ConsentTrialSample = {
  message_id: string;
  reason: string;
};

/** How a number changes. */
export type ConsentTrialShift = {
  gained: number;
  lost: number;
  now: number;
  then: number;
};

/** How a use changes. */
export type ConsentTrialUse = {
  allowed_now: number;
  allowed_then: number;
  gained: ConsentTrialChange;
  lost: ConsentTrialChange;
};

export type ConsentTrialWish = {
  days?: number | null;
  /** Its text, so that mistakes have the lines that it has. */
  policy: ConsentPolicyInput;
};

/** What consent says to one use of one purpose, the strictest last. */
export type ConsentVerdict = ("allow" | "hold" | "deny");

/** Whether something may be, and which evidence says so. */
export type ConsentWhy = {
  allowed: boolean;
  evidence: (ConsentEvidence | null);
  /** The profile's. */
  id: string;
  /** Why there is no evidence. */
  reason?: string;
};

/** Who of a place is counted. */
export type CountedFrom = ("refusal" | "start");

/** What a space has counted where people do not agree to be collected. Only what is named here is ever sent, so that nothing that a page made of somebody's data can be. */
export type Counting = {
  /** Names of track events. */
  events: string[];
  /** Numbers below this are not shown. */
  minimum_group: number;
  /** Paths of pages, without a query. */
  pages: string[];
};

/** What a space has counted where people do not agree to be collected. Only what is named here is ever sent, so that nothing that a page made of somebody's data can be. */
export type CountingInput = {
  /** Names of track events. */
  events?: string[];
  /** Numbers below this are not shown. */
  minimum_group?: number;
  /** Paths of pages, without a query. */
  pages?: string[];
};

export type Credentials = {
  email: string;
  password: string;
};

/** The policy in force. */
export type CurrentConsentPolicy = {
  policy: ConsentPolicy;
  published_at: Timestamp;
  /** Whether what there is is still being counted by an older version. */
  refolding: boolean;
  version: number;
};

/** The rules in force. */
export type CurrentIdentityRules = {
  /** None of the rules that every space begins with. */
  published_at?: Timestamp;
  /** What is read by rules that are to come into force. */
  reading?: IdentityRulesReading;
  /** How many groups of identifiers are still to be resolved by them. */
  resolving: number;
  rules: unknown;
  version: number;
};

/** A trait is a time, and this time is so. */
export type DateRule = {
  in_last: Span;
} | {
  in_next: Span;
} | {
  longer_ago: Span;
} | {
  before: Timestamp;
} | {
  after: Timestamp;
} & {
  /** Name of the trait; dots go into objects. Its value is RFC 3339, a date, or a number since the epoch, as in events. */
  date: string;
};

/** A trait is a time, and this time is so. */
export type DateRuleInput = {
  in_last: Span;
} | {
  in_next: Span;
} | {
  longer_ago: Span;
} | {
  before: TimestampInput;
} | {
  after: TimestampInput;
} & {
  /** Name of the trait; dots go into objects. Its value is RFC 3339, a date, or a number since the epoch, as in events. */
  date: string;
};

/** A decision as callers see it. */
export type DecidedIdentity = {
  /** Whether matching decided it, and not a person. */
  automatic: boolean;
  decided_at: Timestamp;
  id: string;
  kind: string;
  pairs: DecidedPair[];
  reason: string;
  undone_at?: Timestamp;
};

/** Two identifiers and what was decided of them. The order of the two says nothing. */
export type DecidedPair = {
  /** The one. */
  a: Identifier;
  /** The other. */
  b: Identifier;
  /** What was decided. */
  decision: IdentityDecision;
};

/** The answer for one placement. */
export type Decision = {
  /** The experience; null shows the default. */
  experience: string | null;
  /** The properties of the event that tells that this was shown; absent where nothing was decided. */
  exposure?: Exposure;
  /** The placement asked for. */
  placement: string;
  /** Why, in words for a person. */
  reasons: string[];
  /** The variant's value, or the placement's default; null where the page has its own. */
  value: unknown;
  /** Key of the variant; null shows the default. */
  variant: string | null;
  /** The same for a program: each experience of the placement, in the order in which they were asked. */
  why?: DecisionWhy[];
};

/** How a person came to an arm. */
export type DecisionAssigned = ("exposure" | "audience" | "hash");

/** What became of an experience. */
export type DecisionCause = ("chosen" | "audience" | "variant_audience" | "schedule" | "cap" | "holdout" | "priority" | "disabled" | "consent" | "caller" | "unavailable");

/** What became of one experience, on which evidence, and how old that is. */
export type DecisionWhy = {
  /** Of when what is known of the person is. */
  as_of?: Timestamp;
  /** The audiences that were looked at. */
  audiences?: AudienceEvidence[];
  /** How the person came to the arm, of an experience that decides. */
  by?: DecisionAssigned;
  /** The experience; absent where none was asked. */
  experience?: string;
  /** What became of it. */
  outcome: DecisionCause;
};

/** What went wrong and what to do. */
export type Error = {
  error: {
    code: "invalid_request" | "invalid_cursor" | "invalid_definition" | "unauthenticated" | "wrong_signature" | "forbidden" | "not_found" | "unknown_write_key" | "method_not_allowed" | "conflict" | "idempotency_conflict" | "payload_too_large" | "too_many_requests" | "request_timeout" | "overloaded" | "storage_full" | "unavailable" | "internal";
    /** For a program. */
    details: Record<string, unknown>;
    /** For a person: what is wrong and what to do. */
    message: string;
  };
};

/** Which call of the spec an event is. <https://segment.com/docs/connections/spec/> */
export type EventKind = ("track" | "identify" | "page" | "screen" | "group" | "alias" | "consent");

/** Events of a name with such properties. */
export type EventMatching = {
  /** Name of the event. */
  event: string;
  /** What its properties have to be. */
  where?: Condition;
};

/** For how long events are kept. */
export type EventRetention = {
  /** The last deletion. */
  last_run: (RetentionRun | null);
  rules: RetentionRule[];
};

/** So many events of a name with such properties within a window; or so much in them. */
export type EventRule = {
  /** The comparison. */
  count: (Operators | null);
} | {
  /** How they become one value. */
  aggregate: Aggregate;
  /** The comparison. */
  is: Operators;
  /** Which values, a path such as properties.revenue. */
  of: string;
} & {
  /** false leaves the events of known bots out, true takes only them. */
  bots?: boolean;
  /** Which period. */
  calendar?: CalendarPeriod;
  /** Name of the event. */
  event: string;
  /** Not before this moment. */
  from?: Timestamp;
  /** Name of the time zone (IANA), such as Europe/Berlin. */
  timezone?: string;
  /** Before this moment. */
  until?: Timestamp;
  /** What its properties have to be. */
  where?: Condition;
  /** Younger than this. What is exactly as old is outside. */
  within?: Span;
};

/** So many events of a name with such properties within a window; or so much in them. */
export type EventRuleInput = {
  /** The comparison. */
  count?: (Operators | null);
} | {
  /** How they become one value. */
  aggregate: Aggregate;
  /** The comparison. */
  is: Operators;
  /** Which values, a path such as properties.revenue. */
  of: string;
} & {
  /** false leaves the events of known bots out, true takes only them. */
  bots?: boolean | null;
  /** Which period. */
  calendar?: CalendarPeriod;
  /** Name of the event. */
  event: string;
  /** Not before this moment. */
  from?: (TimestampInput | null);
  /** Name of the time zone (IANA), such as Europe/Berlin. */
  timezone?: string;
  /** Before this moment. */
  until?: (TimestampInput | null);
  /** What its properties have to be. */
  where?: (Condition | null);
  /** Younger than this. What is exactly as old is outside. */
  within?: (Span | null);
};

/** People who were shown the experience and do not count. */
export type ExcludedPeople = {
  /** They were shown several arms. */
  crossed: number;
  /** They were shown a variant that is not there any more. */
  unknown_arm: number;
};

/** A personalisation of one placement. */
export type ExperienceChange = {
  /** Who sees it; everybody when absent. */
  audience_id?: string | null;
  /** Whether it takes part. */
  enabled?: boolean;
  /** When it is over, that moment included; it stays when absent. */
  ends_at?: (TimestampInput | null);
  /** How often a person may be shown it; the next experience decides when one of these is reached. */
  frequency_caps?: FrequencyCap[];
  /** Share of the audience that sees the default instead, 0 to 1, so that the effect can be measured. */
  holdout?: number;
  /** Name for people. */
  name?: string;
  /** The place on the page, such as home-hero. */
  placement?: string;
  /** Among experiences that take the person, the highest wins; then the smallest id. */
  priority?: number;
  /** When it begins; it has always been there when absent. */
  starts_at?: (TimestampInput | null);
  /** What is shown. */
  variants?: VariantInput[];
  /** The one that was read. */
  version: number;
};

/** The answer. */
export type ExperiencePreview = {
  at: Timestamp;
  decisions: Record<string, Decision>;
  profile_id: string;
};

/** The question. */
export type ExperienceQuestion = {
  /** When; now when absent. Of a later time, audiences are asked as they are then if nothing happens before; of an earlier one, they are those of now. */
  at?: (TimestampInput | null);
  /** Which placements; all that experiences fill when absent. */
  placements?: string[];
  /** kind:value or prf_…. */
  profile: string;
};

/** The answer. */
export type ExperienceResults = {
  arms: ArmFigures[];
  as_of: Timestamp;
  /** The arm that the others are compared with. */
  baseline?: string;
  excluded: ExcludedPeople;
  experience: string;
  metric: Metric;
  /** People who were shown exactly one arm. */
  people: number;
  /** Whether people came into the arms in the shares that are set now. */
  split: CheckedSplit;
};

/** What an exposure says: the properties of its event. */
export type Exposure = {
  /** The decision that was shown; what tells of one twice counts once. */
  decision_id?: string;
  /** The experience, or SPACE_HOLDOUT. */
  experience: string;
  /** Whether the default was shown so that the effect can be measured. */
  holdout: boolean;
  /** Where. */
  placement: string;
  /** The variant that was shown; null in the holdout. */
  variant: string | null;
};

/** A difference and how sure it is. */
export type Finding = {
  /** What follows, in a word. */
  conclusion: Conclusion;
  /** The difference: variant − baseline, or that divided by the baseline. With a Bayesian prior, what is thought of it now. */
  estimate: number;
  /** How strong the evidence is. */
  evidence: FindingEvidence;
  /** Where the difference is, but for alpha of the experiences. Among several variants the intervals of the tests hold all at once, but for alpha. A relative one reaches zero while the absolute difference is unclear. */
  interval: Interval;
  /** The standard error of the estimate; with a Bayesian method, the standard deviation of what is thought. */
  standard_error: number;
};

/** How strong the evidence is. */
export type FindingEvidence = {
  /** What the conclusion goes by: not below the p value of the absolute difference, which asks the same (see docs/experiments.md), and corrected for the number of variants (Holm). */
  adjusted_p_value: number;
  kind: "test";
  /** The chance of a difference at least as large if there is none; for the sequential test, of ever seeing one. */
  p_value: number;
} | {
  /** The chance that the variant is better. */
  chance_to_win: number;
  kind: "belief";
  /** What is lost on average by choosing wrongly. */
  risk: Risk;
};

export type FirstOwner = {
  email: string;
  name: string;
  password: string;
  token: string;
};

/** At most so many exposures of a person within the last while. */
export type FrequencyCap = {
  /** How many. */
  exposures: number;
  /** How far back they count; an exposure exactly as old does not. */
  within: Span;
};

/** The answer. */
export type Funnel = {
  /** When it was reckoned. */
  as_of: Timestamp;
  /** Whether these are all that are stored; otherwise they are the youngest. */
  complete: boolean;
  /** Events that reports of this space know. */
  events_known: number;
  /** The oldest of them. */
  known_since: (Timestamp | null);
  steps: FunnelStep[];
};

/** A funnel: how many people do one thing after the other. */
export type FunnelAsked = {
  /** The id of an audience: only whoever belongs to it now. */
  audience?: string | null;
  days?: number | null;
  /** From then on; with days instead, that many days back from until. */
  since?: (TimestampInput | null);
  steps: ReportEvent[];
  /** An IANA time zone, in which days begin; UTC without it. */
  timezone?: string;
  /** Up to then; now without it. */
  until?: (TimestampInput | null);
  /** Within how many days from the first step. */
  window_days?: number | null;
};

/** A step of a funnel. */
export type FunnelStep = {
  event: string | null;
  /** Half of them took at most so long from the first step. */
  median_seconds: number | null;
  /** People who came so far. */
  people: number;
  /** As a share of those of the first step, and of the step before; 1 of the first. */
  share_of_first: number;
  share_of_previous: number;
};

/** Why numbers have no outcome, as far as the evidence says. */
export type GapCause = ("in_flight" | "blocked" | "offline" | "closed_before_first_send" | "consent");

/** Evidence that joins two identifiers, or is blocked. */
export type GraphEdge = {
  a: Identifier;
  b: Identifier;
  /** Why it does not join, in a word. */
  blocked: string | null;
  /** How many events carried both. */
  events: number;
  first_event: string;
  first_seen: Timestamp;
  last_seen: Timestamp;
  /** Why it does not join, for a person to read. */
  reason: string | null;
  source_id: string;
};

/** Something in the history of a profile. */
export type GraphHappened = {
  a: Identifier;
  at: Timestamp;
  b: Identifier;
  event: string;
  reason: string | null;
  /** linked or blocked. */
  what: string;
} | {
  at: Timestamp;
  decision: string;
  reason: string;
  /** The decision's kind. */
  what: string;
};

/** An identifier of a profile. */
export type GraphNode = {
  /** Whether it was seen with too many others to name anybody. */
  crowded: boolean;
  first_seen: Timestamp;
  identifier: Identifier;
};

/** A merge that is held. */
export type HeldMerge = {
  a: Identifier;
  b: Identifier;
  reason: string;
};

/** The holdout as callers see it. */
export type Holdout = {
  /** Share of all people, 0 to 1. */
  share: number;
};

/** An identifier: its kind and its value. */
export type Identifier = string;

/** What the values of a kind look like, and so their normal form. */
export type IdentifierForm = ("text" | "email" | "phone");

/** A profile that would be. */
export type IdentifierGroup = {
  identifiers: Identifier[];
};

/** A kind of identifiers. */
export type IdentifierKind = {
  /** What its values look like. */
  form: IdentifierForm;
  /** The kind's name. */
  kind: string;
  /** How many a profile may have; None for any number. */
  most?: number;
  /** How many new ones a profile may have in some time. */
  period?: IdentifierPeriod;
  /** A value that was seen with more different values than this of one unique kind belongs to nobody: a mailbox, a kiosk, a constant. */
  shared_above?: number;
  /** Whether one value is one person: a profile never has two, and merging never joins them. */
  unique: boolean;
};

/** A kind of identifiers. */
export type IdentifierKindInput = {
  /** What its values look like. */
  form?: IdentifierForm;
  /** The kind's name. */
  kind?: string;
  /** How many a profile may have; None for any number. */
  most?: number | null;
  /** How many new ones a profile may have in some time. */
  period?: (IdentifierPeriod | null);
  /** A value that was seen with more different values than this of one unique kind belongs to nobody: a mailbox, a kiosk, a constant. */
  shared_above?: number | null;
  /** Whether one value is one person: a profile never has two, and merging never joins them. */
  unique?: boolean;
};

/** How many new identifiers of a kind a profile may have within so many days. */
export type IdentifierPeriod = {
  /** Within so many days. */
  days: number;
  /** As many at most. */
  most: number;
};

/** Who keeps an identifier that several people claim, where it is not shared by too many. */
export type IdentityConflict = ("first_owner" | "last_owner" | "detach");

/** What somebody decided of two identifiers. */
export type IdentityDecision = ("cut" | "must_link" | "cannot_link");

/** What a decision would do. */
export type IdentityPreview = {
  after: Profile[];
  before: Profile[];
  /** What would be decided. */
  decision: DecidedIdentity;
};

/** What would be. */
export type IdentityPreviewShown = (IdentityPreview | IdentityRulesPreview);

/** A page of the merges that are held, and how much evidence is blocked in all. */
export type IdentityQuarantine = {
  /** By reason. */
  blocked: Record<string, number>;
  data: HeldMerge[];
  /** Where the next page begins, to be given as cursor; null on the last. */
  next_cursor: string | null;
};

export type IdentityQuestion = {
  decision?: (IdentityWish | null);
  /** Their text, so that mistakes have the lines that it has. */
  rules?: (IdentityRulesInput | null);
};

/** A space's identity rules. */
export type IdentityRules = {
  /** How many identifiers a profile may have before further merges are held for review, and with how many others one identifier may be seen before it is held itself. */
  blast_radius: number;
  /** What belongs to nobody. */
  blocked: BlockedValues;
  /** Who keeps what several people claim. */
  conflict: IdentityConflict;
  /** The country of telephone numbers that name none, as ISO 3166-1 writes it; empty for none. */
  country?: string;
  /** The kinds, strongest first: the strongest on an event says whose event it is. */
  kinds: IdentifierKind[];
  /** Whose an event on a device of several people is. */
  shared_devices: SharedDevices;
  /** The names of track events that say that somebody signed out. */
  sign_out_events: string[];
  /** Counted by publishing. */
  version: number;
};

/** How many profiles would not stay as they are. */
export type IdentityRulesChanged = {
  /** Those of them that would be one with others. */
  merged: number;
  profiles: number;
  /** Those of them of which several would be made. */
  split: number;
};

/** A space's identity rules. */
export type IdentityRulesInput = {
  /** How many identifiers a profile may have before further merges are held for review, and with how many others one identifier may be seen before it is held itself. */
  blast_radius?: number;
  /** What belongs to nobody. */
  blocked?: BlockedValuesInput;
  /** Who keeps what several people claim. */
  conflict?: IdentityConflict;
  /** The country of telephone numbers that name none, as ISO 3166-1 writes it; empty for none. */
  country?: string;
  /** The kinds, strongest first: the strongest on an event says whose event it is. */
  kinds?: IdentifierKindInput[];
  /** Whose an event on a device of several people is. */
  shared_devices?: SharedDevices;
  /** The names of track events that say that somebody signed out. */
  sign_out_events?: string[];
  /** Counted by publishing. */
  version?: number;
};

/** What other rules would do. */
export type IdentityRulesPreview = {
  /** Evidence that does not join, by reason. */
  blocked: {
    now: Record<string, number>;
    then: Record<string, number>;
  };
  changed: IdentityRulesChanged;
  /** Whether everybody was looked at; otherwise the newest. */
  complete: boolean;
  /** Events that were read, where the rules read them otherwise. */
  events?: number;
  /** Identifiers that were looked at. */
  identifiers: number;
  /** Identifiers of the largest profile. */
  largest: {
    now: number;
    then: number;
  };
  /** Groups of identifiers that are looked at, at most. */
  limit: number;
  /** Something as it is, and as it would be. */
  profiles: {
    now: number;
    then: number;
  };
  sample: IdentityRulesSample;
};

/** How far events have been read by rules that are to come into force. */
export type IdentityRulesReading = {
  /** The number of the youngest event. */
  of: number;
  /** The number of the last event that has been read. */
  read: number;
  rules: unknown;
  /** The version that the rules will have. */
  version: number;
};

/** Some of the profiles that would not stay as they are. */
export type IdentityRulesSample = (ProfileChanges | {
  after: IdentifierGroup[];
  before: Profile[];
});

/** A published version. */
export type IdentityRulesVersion = {
  /** None of the rules that every space begins with. */
  published_at?: Timestamp;
  /** What is read by rules that are to come into force. */
  reading?: IdentityRulesReading;
  rules: unknown;
  version: number;
};

/** What is decided. */
export type IdentityWish = {
  identifiers: Identifier[];
  kind: "unmerge";
  profile: string;
  reason?: string;
} | {
  identifiers: Identifier[];
  kind: "merge";
  reason?: string;
} | {
  identifiers: Identifier[];
  kind: "keep_apart";
  reason?: string;
};

export type InferenceWish = {
  days?: number | null;
  replace_draft?: boolean;
};

/** A draft that was made from events. */
export type InferredDraft = {
  draft: TrackingPlanDraft;
  /** What to look at before it is published. */
  notes: string[];
  /** What it was made from. */
  read: ReadEvents;
};

/** An interval of differences. */
export type Interval = {
  /** The lower end; none where it is open, that is −∞. */
  lower: number | null;
  /** The upper end; none where it is open, that is ∞. */
  upper: number | null;
};

/** How long a bucket is. */
export type IntervalInput = ("hour" | "day" | "week" | "month");

/** An invitation that waits. */
export type Invitation = {
  created_at: Timestamp;
  email: string;
  ends_at: Timestamp;
  id: string;
  role: string;
};

/** What a source records of its callers' addresses. */
export type IpPolicy = ("drop" | "truncate" | "keep");

export type Joining = {
  name?: string;
  password: string;
  token: string;
};

/** An event that reports know. */
export type KnownEvent = {
  /** The name. */
  event: string;
  /** How often it happened. */
  events: number;
  /** When it happened last. */
  last_at: Timestamp;
};

/** What became of numbered events. */
export type Ledger = {
  /** The likely causes of those. */
  causes: Record<string, number>;
  /** The first of the runs of numbers without an outcome. */
  gaps: LedgerGap[];
  /** Numbers that clients gave out. */
  numbered: number;
  /** How many ended in each outcome. */
  outcomes: Record<string, number>;
  /** Numbers that arrived. */
  received: number;
  /** The one source that was asked for. */
  source_id: string | null;
  /** Numbers without an outcome. */
  unexplained: number;
};

/** A run of numbers without an outcome. */
export type LedgerGap = {
  cause: GapCause;
  explanation: string;
  from: number;
  /** When the evidence for it came; absent when that was not written down. */
  since?: Timestamp;
  source_id: string;
  tab: string;
  to: number;
};

/** What holds no longer. */
export type Lifted = {
  id: string;
  lifted: boolean;
};

export type LinkSecret = {
  token: string;
};

/** For whom a link is. */
export type LinkView = {
  email: string;
  ends_at: Timestamp;
  kind: string;
  role: string;
};

/** A member in the list of all. */
export type ListedMember = {
  created_at: Timestamp;
  email: string;
  id: string;
  last_seen_at: (Timestamp | null);
  name: string;
  role: string;
};

/** A matching as callers see it. */
export type MatchingRun = {
  /** What was merged by itself; None where the space does not want that. */
  automatic?: unknown;
  /** Pairs that were compared. */
  compared: number;
  ended_at?: Timestamp;
  id: string;
  /** What was learned; None until it is. */
  model?: unknown;
  model_version?: string;
  reason?: string;
  /** Identifiers of which enough is known. */
  records: number;
  started_at: Timestamp;
  status: string;
  suggestions: number;
  threshold: number;
};

/** A matching that has begun. */
export type MatchingStarted = {
  id: string;
  status: string;
};

/** A weight, and what reviewed pairs say of those that weigh as much. */
export type MatchingThreshold = {
  /** Those of them that were accepted. */
  accepted: number;
  /** The share of right pairs is at least this, with 97.5 % confidence: Wilson's lower bound. */
  precision_at_least: number;
  /** Reviewed pairs of this weight and above. */
  reviewed: number;
  /** Bits. */
  weight: number;
};

export type MatchingWish = {
  threshold?: number;
};

/** A scope in words. */
export type May = {
  action: string;
  area: string;
  scope: string;
  words: string;
};

/** A member as the API shows them. */
export type Member = {
  email: string;
  id: string;
  name: string;
  role: string;
};

export type MemberChange = {
  role: string;
};

/** A link that was made. Its secret is told this once. */
export type MemberLink = {
  email: string;
  ends_at: Timestamp;
  id: string;
  /** Where the dashboard takes it, below its own address. The secret is in the fragment, which browsers do not send. */
  path: string;
  role: string;
  /** The secret. */
  token: string;
};

/** A profile's place in an audience, as the profile shows it. */
export type Membership = {
  id: string;
  name: string;
  /** For which it holds. */
  purposes: string[];
  since: Timestamp;
};

/** A refused message as it should have been. */
export type MendedMessage = {
  id: string;
  message: unknown;
};

/** By what arms are compared. */
export type Metric = {
  better: MetricBetter;
  /** Which events. */
  events: ComputedTraitDefinition;
  metric: MetricKind;
  of?: string;
  /** How long after the first exposure an event counts. */
  within: Span;
};

/** What is better. */
export type MetricBetter = "higher" | "lower";

/** What is made of a person's events. */
export type MetricKind = ("conversion" | "sum" | "mean");

export type NamedProvider = {
  name: string;
};

/** A token without its secret. */
export type NamedToken = {
  id: string;
  name: string;
};

export type NewAudience = {
  definition: (string | (ShortRule | AudienceRuleInput));
  name: string;
};

/** A personalisation of one placement. */
export type NewExperience = {
  /** Who sees it; everybody when absent. */
  audience_id?: string | null;
  /** Whether it takes part. */
  enabled?: boolean;
  /** When it is over, that moment included; it stays when absent. */
  ends_at?: (TimestampInput | null);
  /** How often a person may be shown it; the next experience decides when one of these is reached. */
  frequency_caps?: FrequencyCap[];
  /** Share of the audience that sees the default instead, 0 to 1, so that the effect can be measured. */
  holdout?: number;
  /** Name for people. */
  name?: string;
  /** The place on the page, such as home-hero. */
  placement?: string;
  /** Among experiences that take the person, the highest wins; then the smallest id. */
  priority?: number;
  /** When it begins; it has always been there when absent. */
  starts_at?: (TimestampInput | null);
  /** What is shown. */
  variants?: VariantInput[];
};

export type NewInvitation = {
  email: string;
  role: string;
};

/** What a new request says. */
export type NewPrivacyRequest = {
  kind: PrivacyRequestKind;
  note?: string;
  regime?: PrivacyRegime;
  /** Of a rectification: traits that go. */
  remove?: string[];
  /** Of a rectification: traits that get a value. */
  set?: Record<string, unknown>;
  subject: PrivacySubject;
  /** How the requester's identity was checked, if it was already. */
  verified?: (PrivacyVerificationInput | null);
};

/** Settings as they are asked for. */
export type NewSignInProvider = {
  client_id: string;
  /** Absent: the one that is there stays. Empty: none. */
  client_secret?: string | null;
  domains?: string[];
  /** The issuer, exactly as the provider writes it. */
  issuer: string;
  join_role?: string | null;
  /** What the button says. */
  name: string;
  passwords?: boolean;
};

/** A source that is to be made. */
export type NewSource = {
  allowed_origins?: string[];
  collection?: (CollectionPolicyChange | null);
  consent_basis?: (ConsentBasis | null);
  kind: string;
  name: string;
};

export type NewSpace = {
  name: string;
};

/** A token that is asked for. */
export type NewToken = {
  /** After how many days it ends; without it, when it is taken away. */
  ends_in_days?: number | null;
  name: string;
  /** Such as people:read; read and write stand for every area. */
  scopes: string[];
};

/** What a value has to be: the value itself, or operators, such as {"$gte": 3}. */
export type Operators = unknown;

/** What became of one message. Every message gets exactly one. */
export type Outcome = ("ok" | "held" | "denied" | "quarantined" | "duplicate" | "retry" | "dropped");

export type Passwords = {
  current: string;
  new: string;
};

/** What follows on what. */
export type PathLink = {
  /** The earlier of both, in time. */
  from: string | null;
  /** The step of the one that is nearer to the end that is looked at. */
  step: number;
  to: string | null;
  ways: number;
};

/** What happens at a step. */
export type PathNode = {
  /** The event; null is all that are too rare to be shown. */
  event: string | null;
  /** Counted from the end that is looked at, which is 0. */
  step: number;
  ways: number;
};

/** The answer. */
export type Paths = {
  /** When it was reckoned. */
  as_of: Timestamp;
  /** Whether these are all that are stored; otherwise they are the youngest. */
  complete: boolean;
  /** Events that reports of this space know. */
  events_known: number;
  /** The oldest of them. */
  known_since: (Timestamp | null);
  links: PathLink[];
  nodes: PathNode[];
  /** How many ways there are: visits, or times that the last step happened. */
  ways: number;
};

/** Paths: what people do next, or did before. */
export type PathsAsked = {
  /** The id of an audience: only whoever belongs to it now. */
  audience?: string | null;
  days?: number | null;
  /** From the first time in a visit that this happens. */
  from?: string | null;
  /** Names of each step that are shown; the rest is told together. */
  most_names?: number | null;
  /** From then on; with days instead, that many days back from until. */
  since?: (TimestampInput | null);
  steps?: number | null;
  /** An IANA time zone, in which days begin; UTC without it. */
  timezone?: string;
  /** Up to each time that this happens. Without both, from the beginning of each visit. */
  to?: string | null;
  /** Up to then; now without it. */
  until?: (TimestampInput | null);
  /** Minutes without anything that end a visit. */
  visit_gap_minutes?: number | null;
};

/** A place on pages or in apps that experiences fill. */
export type Placement = {
  /** What stands there while nothing else is decided; the page's own content when null. */
  default?: unknown;
  /** What pages ask for, such as home-hero. */
  key: string;
  /** Name for people. */
  name: string;
  /** JSON Schema of what may stand there; anything may when absent. */
  schema?: unknown;
};

/** A place on pages or in apps that experiences fill. */
export type PlacementChange = {
  /** What stands there while nothing else is decided; the page's own content when null. */
  default?: unknown;
  /** What pages ask for, such as home-hero. */
  key?: string;
  /** Name for people. */
  name?: string;
  /** JSON Schema of what may stand there; anything may when absent. */
  schema?: unknown;
  /** The one that was read. */
  version: number;
};

/** What happens to an event that differs from the plan. Whatever it is, the violation is counted. */
export type PlanAction = ("allow" | "flag" | "quarantine");

/** An event that is expected. */
export type PlannedEvent = {
  /** What it means, for people. */
  description?: string;
  /** The event's name. A page or screen entry without one stands for every name that has no entry of its own; identify and group have none. */
  event?: string;
  /** What happens when it looks otherwise. */
  on_violation: PlanAction;
  /** JSON Schema of the properties (track, page, screen) or traits (identify, group); draft 2020-12, or draft-07 when $schema says so. */
  schema: unknown;
  /** Which call. */
  type: EventKind;
};

/** An event that is expected. */
export type PlannedEventInput = {
  /** What it means, for people. */
  description?: string;
  /** The event's name. A page or screen entry without one stands for every name that has no entry of its own; identify and group have none. */
  event?: string | null;
  /** What happens when it looks otherwise. */
  on_violation?: PlanAction;
  /** JSON Schema of the properties (track, page, screen) or traits (identify, group); draft 2020-12, or draft-07 when $schema says so. */
  schema?: unknown;
  /** Which call. */
  type: EventKind;
};

/** How far an erasure is with one store, or what an answer found there. */
export type PrivacyProgress = {
  /** Rows that were found, or erased. */
  count: number;
  /** waiting, running or done. */
  state: string;
  store: string;
};

export type PrivacyReason = {
  reason?: string;
};

/** Under which law, which says when an answer is due. */
export type PrivacyRegime = ("gdpr" | "ccpa");

/** A request as callers see it. */
export type PrivacyRequest = {
  /** Traits with what they are to be; null takes one away. */
  changes?: Record<string, unknown>;
  created_at: Timestamp;
  due_at: Timestamp;
  ended_at: (Timestamp | null);
  extended: boolean;
  id: string;
  kind: PrivacyRequestKind;
  note: string;
  progress: PrivacyProgress[];
  reason: string;
  receipt: unknown;
  regime: PrivacyRegime;
  started_at: (Timestamp | null);
  state: PrivacyRequestState;
  /** None once it is being erased. */
  subject: (Identifier | null);
  /** HMAC-SHA256 of the subject, in hexadecimal digits. */
  subject_hash: string;
  verification: (PrivacyVerification | null);
};

/** What is asked for. */
export type PrivacyRequestKind = ("access" | "portability" | "erasure" | "rectification" | "restriction");

/** How far a request is. */
export type PrivacyRequestState = ("received" | "verified" | "running" | "done" | "refused" | "cancelled");

/** Who is meant: email:ada@example.com, a profile's id, or kind and value. */
export type PrivacySubject = (string | {
  kind: string;
  value: string;
});

/** How the requester's identity was checked. */
export type PrivacyVerification = {
  at: Timestamp;
  /** Who checked it. */
  by: string;
  method: PrivacyVerificationMethod;
  /** Where the proof is, such as a ticket's number; no copy of a document belongs here. */
  reference: string;
};

/** How the requester's identity was checked. */
export type PrivacyVerificationInput = {
  at?: TimestampInput;
  /** Who checked it. */
  by?: string;
  method: PrivacyVerificationMethod;
  /** Where the proof is, such as a ticket's number; no copy of a document belongs here. */
  reference?: string;
};

/** A way to check who somebody is. */
export type PrivacyVerificationMethod = ("email_link" | "phone_code" | "signed_in" | "document" | "knowledge" | "other");

/** A profile. */
export type Profile = {
  audiences: Membership[];
  computed_traits: Record<string, unknown>;
  consent: Record<string, boolean>;
  id: string;
  identifiers: ProfileIdentifier[];
  /** The purposes for which the evidence of each counts. */
  rests_on: ProfileRestsOn;
  traits: Record<string, unknown>;
};

/** Profiles as they are, and as they would be; only those that differ. */
export type ProfileChanges = {
  after: Profile[];
  before: Profile[];
};

/** Why identifiers are one profile's. */
export type ProfileExplanation = {
  chain: ProfileLink[];
  from: Identifier;
  id: string;
  to: Identifier;
} | {
  /** Evidence that was refused. */
  blocked_merges: BlockedMerge[];
  /** Ids that the profile had before merges. */
  former_ids: string[];
  id: string;
  identifiers: ProfileIdentifier[];
  links: ProfileLink[];
  /** Where the next page of the evidence begins, joining and refused, to be given as cursor; null on the last. */
  next_cursor: string | null;
};

/** A profile's identifiers, what joins them, and how it came to be. Of the evidence it is a page. */
export type ProfileGraph = {
  decisions: DecidedPair[];
  edges: GraphEdge[];
  /** Of these pieces of evidence, and of all decisions. */
  history: GraphHappened[];
  id: string;
  /** Where the next page of the evidence begins, to be given as cursor; null on the last. */
  next_cursor: string | null;
  nodes: GraphNode[];
};

/** An identifier as callers see it. */
export type ProfileIdentifier = {
  kind: string;
  value: string;
};

/** Evidence within a profile, for a person to read. */
export type ProfileLink = {
  a: Identifier;
  b: Identifier;
  /** How many events carried both. */
  events: number;
  first_event: string;
  first_seen: Timestamp;
  last_seen: Timestamp;
  reason: string;
  rule: string;
  source_id: string;
};

/** On what traits rest, by name. */
export type ProfileRestsOn = {
  computed_traits: Record<string, string[]>;
  traits: Record<string, string[]>;
};

/** Something for which people are asked. */
export type Purpose = {
  /** What it is for, in a sentence. */
  description?: string;
  /** What people are shown. */
  label?: string;
  /** The word in receipts. */
  name: string;
};

/** Something for which people are asked. */
export type PurposeInput = {
  /** What it is for, in a sentence. */
  description?: string;
  /** What people are shown. */
  label?: string;
  /** The word in receipts. */
  name?: string;
};

/** What a caller asks for; what is left away asks for all. */
export type QuarantineFilter = {
  /** Received at this time or later. */
  from?: string | null;
  /** A text that the message, its id or the reason contains, in capitals or not. */
  q?: string | null;
  /** A text that the reason contains. */
  reason?: string | null;
  /** A source's id or write key. */
  source?: string | null;
  /** Received before this time. */
  to?: string | null;
};

/** A refused message. */
export type QuarantinedMessage = {
  /** Whether the request carried Global Privacy Control. */
  gpc: boolean;
  id: string;
  /** Where the person was, as the edge saw it. */
  jurisdiction: string | null;
  /** The message: any JSON, or a text with what was sent where that was none. */
  message: unknown;
  message_id: string;
  reason: string;
  received_at: Timestamp;
  source_id: string;
};

/** A limit: so many events a second on average, and so many at once after a pause. */
export type Rate = {
  /** Events at once after a pause. */
  burst: number;
  /** Events a second on average; 0 is no limit. */
  events_per_second: number;
};

/** How many events a source takes. */
export type RateLimits = {
  /** From one caller (crate::address::caller), where callers have public addresses. */
  address: Rate;
  /** From all callers together. */
  write_key: Rate;
};

/** How much was read, and what limited it. */
export type ReadEvents = {
  /** Whether these are all; otherwise they are the youngest. */
  complete: boolean;
  /** Events that were read. */
  events: number;
  /** Events that are read at most. */
  limit: number;
  /** Events that were received before this are not asked for. */
  since: Timestamp;
};

/** What was known of consent when an event was captured: kept with the event, never rewritten. */
export type Receipt = {
  /** When the state was read. */
  capturedAt?: Timestamp;
  /** The same in the client's own words, where the policy maps those to purposes. */
  categories?: Record<string, boolean>;
  /** State per purpose at capture; empty while no choice was made. categoryPreferences is Segment's name for it. */
  categoryPreferences: Record<string, boolean>;
  /** When the person chose, where the client knows: another browser's older choice does not undo a withdrawal. */
  chosenAt?: Timestamp;
  /** Whether Global Privacy Control was on. */
  gpc: boolean;
  /** Where the person was, from the edge's geography. Only the edge writes it: what a client says of it is not kept. */
  jurisdiction?: string;
  /** The policy's version that the client knew. */
  policyVersion?: number;
  /** The second record, of an event that was held and then released by a choice. */
  release?: Release;
  /** Where the state came from: banner, api, tcf, gpp, gpc, default, basis:…. */
  source?: string;
};

/** A group that is large enough to be shown. */
export type RefusalCount = {
  count: number;
  /** Unknown where absent. */
  country?: string;
  day: Timestamp;
  kind: string;
  name: string;
  source_id: string;
};

/** A page of counts, and what is not shown. */
export type RefusalCounts = {
  /** The day that is not over yet. */
  before: Timestamp;
  data: RefusalCount[];
  /** How many a group has at least; null where nothing is counted. */
  minimum_group: number | null;
  /** Where the next page begins, to be given as cursor; null on the last. */
  next_cursor: string | null;
  /** How many groups are too small to be shown. */
  suppressed: number;
};

/** The choice that released a held event. */
export type Release = {
  /** The same in the client's own words, where the policy maps those to purposes. */
  categories?: Record<string, boolean>;
  /** State per purpose at the release. */
  categoryPreferences: Record<string, boolean>;
  /** When it was made. */
  releasedAt?: Timestamp;
  /** Where the choice came from. */
  source?: string;
};

/** What became of messages that were tried again. */
export type Replay = {
  /** Where a filter goes on. */
  next_cursor: string | null;
  outcomes: ReplayedMessage[];
};

/** Which messages to try again: these, these as they are written here, or all that a filter finds. */
export type ReplayWish = {
  cursor?: string | null;
  filter?: (QuarantineFilter | null);
  ids?: string[];
  mended?: MendedMessage[];
};

/** What became of a message that was tried again. */
export type ReplayedMessage = {
  /** Its id in quarantine. */
  id: string;
  /** Place of the message in the batch, from 0. */
  index: number;
  /** The message's id; the one it was given when it came without. */
  messageId: string;
  /** What became of it. */
  outcome: Outcome;
  /** Why, in words for a person; absent when there is nothing to explain. */
  reason?: string;
};

/** One event by its name; without a name whatever happens. */
export type ReportEvent = {
  event?: string | null;
};

/** The answer. */
export type Retention = {
  /** When it was reckoned. */
  as_of: Timestamp;
  cohorts: RetentionCohort[];
  /** Whether these are all that are stored; otherwise they are the youngest. */
  complete: boolean;
  /** Events that reports of this space know. */
  events_known: number;
  /** The oldest of them. */
  known_since: (Timestamp | null);
};

/** Retention: of those who began in a bucket, how many were back in each later one. */
export type RetentionAsked = {
  /** The id of an audience: only whoever belongs to it now. */
  audience?: string | null;
  days?: number | null;
  interval?: IntervalInput;
  /** Later buckets that are looked at. */
  periods?: number | null;
  /** What says that they are back. */
  return?: ReportEvent;
  /** From then on; with days instead, that many days back from until. */
  since?: (TimestampInput | null);
  /** What says that somebody begins: the first time that it happens. */
  start?: ReportEvent;
  /** An IANA time zone, in which days begin; UTC without it. */
  timezone?: string;
  /** Up to then; now without it. */
  until?: (TimestampInput | null);
};

/** Those who began in one bucket. */
export type RetentionCohort = {
  people: number;
  /** How many were back in the next bucket, in the one after it, and so on. */
  returned: number[];
  start: Timestamp;
};

/** How many events would go now by some rules: of those that were looked at, which may be only the youngest. */
export type RetentionPreview = {
  complete: boolean;
  events: number;
  looked_at: number;
};

/** For how long some events are kept. The most exact rule counts: of name and type, of the name, of the type, of everything. */
export type RetentionRule = {
  days: number;
  /** Missing for every name. */
  event?: string;
  /** track, page, …; missing for every type. */
  type?: string;
};

/** The rules of a space. */
export type RetentionRules = {
  rules: RetentionRule[];
};

/** How far a deletion of what is too old is. */
export type RetentionRun = {
  deleted: number;
  ended_at: (Timestamp | null);
  id: string;
  /** The last event that was looked at, and the last that is to be. */
  position: number;
  started_at: Timestamp;
  state: string;
  until: number;
};

/** What is lost on average by a choice, in the unit of the difference: the amount lost if it is wrong, times how likely that is. */
export type Risk = {
  /** By staying with the baseline. */
  baseline: number;
  /** By taking the variant. */
  variant: number;
};

/** A role and what its members may do. */
export type Role = {
  may: May[];
  role: string;
  scopes: ("events:read" | "events:write" | "people:read" | "people:write" | "identity:read" | "identity:write" | "audiences:read" | "audiences:write" | "experiences:read" | "experiences:write" | "consent:read" | "consent:write" | "sources:read" | "sources:write" | "privacy:read" | "privacy:write" | "reports:read" | "reports:write" | "members:read" | "members:write" | "tokens:read" | "tokens:write" | "audit:read" | "audit:write" | "settings:read" | "settings:write" | "ownership:read" | "ownership:write")[];
  words: string;
};

/** Events one after the other. Each step is strictly later than the one before. The person belongs as long as the first step's event is within the window; for ever without one. Of each step's events the latest 1,024 are looked at. */
export type SequenceRule = {
  /** The steps, in order; only the last may be one that must not happen. */
  sequence: SequenceStep[];
  /** How young the first step's event has to be. */
  within?: Span;
  /** Events none of which may happen between the first step and the last one (where the last step must not happen: and the end of its time). */
  without?: EventMatching[];
};

/** One step of a sequence. */
export type SequenceStep = {
  /** Name of the event. */
  event: string;
  /** What its properties have to be. */
  where?: Condition;
  /** At most so long after the step before. */
  within?: Span;
} | {
  /** What. */
  not: EventMatching;
  /** For how long. */
  within: Span;
};

/** A session in the list of one's own. */
export type Session = {
  /** From where it began, truncated. */
  address: string;
  /** What the browser says of itself. */
  agent: string;
  created_at: Timestamp;
  /** Whether it is the one that asks. */
  current: boolean;
  id: string;
  last_seen_at: Timestamp;
};

/** Whose an event is that carries nothing but the id of a device on which several people signed in. */
export type SharedDevices = ("owner" | "by_time");

/** A rule on one trait, with its name beside it. */
export type ShortRule = {
  /** What its value has to be. */
  is: Operators;
  /** Its name. */
  trait: string;
} | {
  /** Its key. */
  computed_trait: string;
  /** What its value has to be. */
  is: Operators;
};

/** What the provider's answer brought in the address. */
export type SignInAnswer = {
  code?: string;
  /** Why it lets nobody in. */
  error?: string | null;
  /** Who says that it has answered (RFC 9207). */
  iss?: string | null;
  state?: string;
};

export type SignInBeginning = Record<string, never>;

/** Where to go. */
export type SignInBegun = {
  url: string;
};

/** The settings as callers see them. */
export type SignInProvider = {
  client_id: string;
  /** Of which addresses people are matched and join; none means all. */
  domains: string[];
  /** Whether there is a client secret; it is told to nobody. */
  has_client_secret: boolean;
  issuer: string;
  /** The role with which people join who are not invited; null where they do not. */
  join_role: string | null;
  name: string;
  /** Whether members who are no owners may come in by password. */
  passwords: boolean;
  updated_at: Timestamp;
};

/** The settings, where there are any, and what has to be told to the provider. */
export type SignInSettings = {
  provider: (SignInProvider | null);
  /** The address that has to be registered with the provider; null where the server does not know its own. */
  redirect_url: string | null;
};

/** A source as callers see it. Its write key is public: it stands in every page. */
export type Source = {
  allowed_origins: string[];
  collection: CollectionPolicy;
  consent_basis: ConsentBasis;
  created_at: Timestamp;
  enabled: boolean;
  id: string;
  kind: string;
  name: string;
  write_key: string;
};

/** What of a source is to change; what is absent stays. */
export type SourceChange = {
  allowed_origins?: string[] | null;
  collection?: (CollectionPolicyChange | null);
  consent_basis?: (ConsentBasis | null);
  enabled?: boolean | null;
  name?: string | null;
};

/** A space of the workspace. */
export type Space = {
  created_at: Timestamp;
  id: string;
  name: string;
};

/** A space that was made, with the keys of its sources. */
export type SpaceMade = {
  created_at: Timestamp;
  id: string;
  name: string;
  server_write_key: string;
  write_key: string;
};

/** A length of time: a number with its unit, s, m, h, d or w. */
export type Span = string;

/** How people came into the arms. */
export type Split = {
  /** How many people each arm should have, by its weight. */
  expected: number[];
  /** The chance of a split at least as uneven if the weights were kept. */
  p_value: number;
  /** What is wrong, as a sentence; none where nothing is. */
  warning: string | null;
};

/** An experience as it is kept. */
export type StoredExperience = {
  archived_at?: Timestamp;
  /** Who sees it; everybody when absent. */
  audience_id?: string;
  created_at: Timestamp;
  /** Whether it takes part. */
  enabled: boolean;
  /** When it is over, that moment included; it stays when absent. */
  ends_at?: Timestamp;
  /** How often a person may be shown it; the next experience decides when one of these is reached. */
  frequency_caps?: FrequencyCap[];
  /** Share of the audience that sees the default instead, 0 to 1, so that the effect can be measured. */
  holdout: number;
  /** exp_… */
  id: string;
  /** Name for people. */
  name: string;
  /** The place on the page, such as home-hero. */
  placement: string;
  /** Among experiences that take the person, the highest wins; then the smallest id. */
  priority: number;
  /** When it begins; it has always been there when absent. */
  starts_at?: Timestamp;
  updated_at: Timestamp;
  /** What is shown. */
  variants: Variant[];
  version: number;
};

/** A placement as it is kept. */
export type StoredPlacement = {
  /** What stands there while nothing else is decided; the page's own content when null. */
  default: unknown;
  /** What pages ask for, such as home-hero. */
  key: string;
  /** Name for people. */
  name: string;
  /** JSON Schema of what may stand there; anything may when absent. */
  schema?: unknown;
  updated_at: Timestamp;
  version: number;
};

/** A suggestion as callers see it. */
export type Suggestion = {
  a: Identifier;
  b: Identifier;
  /** The decision that answered it. */
  decision_id?: string;
  id: string;
  matching_id: string;
  /** The model that weighed it. */
  model_version: string;
  /** The profiles that they are of now. */
  profiles: string[];
  status: string;
  /** Bits, field by field. */
  waterfall: unknown;
};

export type SuggestionAnswer = {
  reason?: string;
};

/** A suppression as callers see it. */
export type Suppression = {
  created_at: Timestamp;
  /** HMAC-SHA256 of the identifier, in hexadecimal digits. */
  id: string;
  kind: string;
  /** Events that were refused because of it. */
  refused: number;
  request_id: string;
  /** Whether others use the identifier as well, so that only what names nobody else is refused. */
  shared: boolean;
};

/** A tab's account. */
export type TabAccount = {
  heard_at: Timestamp;
  numbered: number;
  outcomes: Record<string, number>;
  received: number;
  source_id: string;
  tab: string;
  unexplained: number;
};

/** An event as it was collected, or the change of an audience as an event of type audience. */
export type TimelineEntry = {
  event?: string;
  messageId: string;
  properties?: Record<string, unknown>;
  source_id?: string;
  timestamp: string;
  type: string;
  [name: string]: unknown;
};

/** A moment, in UTC. */
export type Timestamp = string;

/** A moment: in the words of RFC 3339, or as a number of seconds or milliseconds since 1970. */
export type TimestampInput = string | number;

/** A token as lists show it. */
export type Token = {
  created_at: Timestamp;
  /** The name of who made it. */
  created_by: string | null;
  ends_at: (Timestamp | null);
  id: string;
  /** To the minute. */
  last_used_at: (Timestamp | null);
  name: string;
  /** How its secret begins; null of tokens that were made before this was kept. */
  prefix: string | null;
  scopes: ("events:read" | "events:write" | "people:read" | "people:write" | "identity:read" | "identity:write" | "audiences:read" | "audiences:write" | "experiences:read" | "experiences:write" | "consent:read" | "consent:write" | "sources:read" | "sources:write" | "privacy:read" | "privacy:write" | "reports:read" | "reports:write" | "members:read" | "members:write" | "tokens:read" | "tokens:write" | "audit:read" | "audit:write" | "settings:read" | "settings:write" | "ownership:read" | "ownership:write")[];
};

/** A token as it is told once. */
export type TokenMade = {
  created_at: Timestamp;
  ends_at: (Timestamp | null);
  id: string;
  name: string;
  scopes: ("events:read" | "events:write" | "people:read" | "people:write" | "identity:read" | "identity:write" | "audiences:read" | "audiences:write" | "experiences:read" | "experiences:write" | "consent:read" | "consent:write" | "sources:read" | "sources:write" | "privacy:read" | "privacy:write" | "reports:read" | "reports:write" | "members:read" | "members:write" | "tokens:read" | "tokens:write" | "audit:read" | "audit:write" | "settings:read" | "settings:write" | "ownership:read" | "ownership:write")[];
  token: string;
};

/** What holds, and what is being written. */
export type TrackingPlan = {
  draft: (TrackingPlanDraft | null);
  published: (TrackingPlanVersion | null);
};

/** A tracking plan as people write it. */
export type TrackingPlanDocument = {
  /** The events that are expected. */
  events: PlannedEvent[];
  /** What happens to an event that is not in the plan. It rules track events always, and the pages, screens, identify and group calls only once the plan has an entry of their type: a plan that says nothing about pages has nothing against them. */
  unplanned: PlanAction;
};

/** A tracking plan as people write it. */
export type TrackingPlanDocumentInput = {
  /** The events that are expected. */
  events?: PlannedEventInput[];
  /** What happens to an event that is not in the plan. It rules track events always, and the pages, screens, identify and group calls only once the plan has an entry of their type: a plan that says nothing about pages has nothing against them. */
  unplanned?: PlanAction;
};

/** A plan that is being written. */
export type TrackingPlanDraft = {
  plan: TrackingPlanDocument;
  updated_at: Timestamp;
};

/** How many events would have had which end. */
export type TrackingPlanEnds = {
  allow: number;
  flag: number;
  pass: number;
  quarantine: number;
};

export type TrackingPlanPublication = {
  version?: number | null;
};

/** A version without its plan, which may be large. */
export type TrackingPlanSummary = {
  /** How many events it plans. */
  events: number;
  /** The version that was brought back with it. */
  from_version: number | null;
  published_at: Timestamp;
  version: number;
};

/** What would have happened. */
export type TrackingPlanTrial = {
  /** By event, those with the most trouble first. */
  events: TriedEvent[];
  /** Messages in quarantine that were compared. */
  quarantined: TrackingPlanTrialQuarantined;
  /** Stored events that were compared. */
  stored: ReadEvents;
};

/** What would become of what is in quarantine. */
export type TrackingPlanTrialQuarantined = {
  /** Whether these are all; otherwise they are the youngest. */
  complete: boolean;
  /** Messages that were read. */
  events: number;
  /** Messages that are read at most. */
  limit: number;
  /** Messages that stay refused whatever the plan says. */
  refused_otherwise: number;
};

export type TrackingPlanTrialWish = {
  days?: number | null;
  plan?: (TrackingPlanDocumentInput | null);
  version?: number | null;
};

/** A published version. */
export type TrackingPlanVersion = {
  /** The version that this one brought back. */
  from_version: number | null;
  plan: TrackingPlanDocument;
  published_at: Timestamp;
  version: number;
};

/** One line of a trend. */
export type TrendSeries = {
  /** The event; null is whatever happened. */
  event: string | null;
  /** In each bucket. */
  events: number[];
  people: number[];
  total_events: number;
  total_people: number;
  /** Of a breakdown: the property's value; null is all other values, or none. */
  value?: string | null;
};

/** The answer. */
export type Trends = {
  /** When it was reckoned. */
  as_of: Timestamp;
  /** Of a breakdown: whether all events of the time were read; otherwise only those received since then. */
  broken_down_since?: Timestamp;
  /** When each bucket begins. */
  buckets: Timestamp[];
  /** Whether these are all that are stored; otherwise they are the youngest. */
  complete: boolean;
  /** Events that reports of this space know. */
  events_known: number;
  /** The oldest of them. */
  known_since: (Timestamp | null);
  series: TrendSeries[];
  /** Of a breakdown for somebody who may not see people: how many have to share a value at least, so that it has a line. */
  values_shared_by?: number;
};

/** A trend: how often, and to how many people, in each bucket of time. */
export type TrendsAsked = {
  /** The id of an audience: only whoever belongs to it now. */
  audience?: string | null;
  /** A property of the only series by whose values it is divided, as a path such as properties.plan. */
  breakdown?: string | null;
  days?: number | null;
  interval?: IntervalInput;
  /** What is counted; everything together without it. */
  series?: ReportEvent[];
  /** From then on; with days instead, that many days back from until. */
  since?: (TimestampInput | null);
  /** An IANA time zone, in which days begin; UTC without it. */
  timezone?: string;
  /** Up to then; now without it. */
  until?: (TimestampInput | null);
};

export type TriedEvent = {
  event: string | null;
  planned: boolean;
  quarantined: TrackingPlanEnds;
  stored: TrackingPlanEnds;
  type: EventKind;
  violations: TriedViolation[];
};

export type TriedSample = {
  found: string;
  message_id: string;
  path: string;
};

/** A kind of violation. */
export type TriedViolation = {
  count: number;
  expected: string;
  path: string;
  rule: string;
  samples: TriedSample[];
};

export type UnmergeWish = {
  identifiers: Identifier[];
  reason?: string;
};

/** Why there is no difference to show. */
export type Unready = string;

/** What may be told of a key: everything but its secret. */
export type UserTokenKey = {
  created_at: Timestamp;
  /** utk_…, by the time it was made. */
  id: string;
  /** Null while no other has taken its place. */
  valid_until: (Timestamp | null);
};

/** A key as it is told once. */
export type UserTokenKeyMade = {
  created_at: Timestamp;
  id: string;
  /** When the keys before it end. */
  previous_valid_until: Timestamp;
  secret: string;
};

/** What a rotation may say. */
export type UserTokenKeyRotation = {
  previous_valid_seconds?: number | null;
};

/** Which purposes each use needs: store, send, link, traits, audiences, decisions, destinations, and destination:<id> for a single one. */
export type Uses = Record<string, string[]>;

/** One thing that may be shown. */
export type Variant = {
  /** For whom it is, among those who see the experience. The first such variant whose audience the person is in is shown; the variants without an audience share everybody else by weight. */
  audience_id?: string;
  /** Whether anybody sees it, also of those who were shown it before. */
  enabled?: boolean;
  /** Name within the experience. */
  key: string;
  /** What the page gets; any JSON. */
  value: unknown;
  /** Share relative to the other variants without an audience. 0 gets nobody new; who was shown the variant keeps it. */
  weight: number;
};

/** One thing that may be shown. */
export type VariantInput = {
  /** For whom it is, among those who see the experience. The first such variant whose audience the person is in is shown; the variants without an audience share everybody else by weight. */
  audience_id?: string | null;
  /** Whether anybody sees it, also of those who were shown it before. */
  enabled?: boolean;
  /** Name within the experience. */
  key?: string;
  /** What the page gets; any JSON. */
  value?: unknown;
  /** Share relative to the other variants without an audience. 0 gets nobody new; who was shown the variant keeps it. */
  weight?: number;
};

/** A kind of violation with its count, for a person. */
export type Violation = {
  action: string;
  /** Events. */
  count: number;
  event: string | null;
  expected: string;
  /** The beginning of the first hour that is counted. */
  first_seen: Timestamp;
  id: string;
  last_seen: Timestamp;
  path: string;
  plan_version: number;
  rule: string;
  /** The youngest first. */
  samples: ViolationSample[];
  type: string;
};

export type ViolationSample = {
  found: string;
  message_id: string;
  path: string;
  seen_at: Timestamp;
  source_id: string;
};

/** What the door shows. */
export type WaysIn = {
  /** Whether members who are no owners may come in by password. */
  passwords: boolean;
  provider: (NamedProvider | null);
};

/** Who has signed in. */
export type Welcome = {
  member: Member;
};

/** Who calls, and what they may do. */
export type Who = {
  member: (Member | null);
  scopes: ("events:read" | "events:write" | "people:read" | "people:write" | "identity:read" | "identity:write" | "audiences:read" | "audiences:write" | "experiences:read" | "experiences:write" | "consent:read" | "consent:write" | "sources:read" | "sources:write" | "privacy:read" | "privacy:write" | "reports:read" | "reports:write" | "members:read" | "members:write" | "tokens:read" | "tokens:write" | "audit:read" | "audit:write" | "settings:read" | "settings:write" | "ownership:read" | "ownership:write")[];
  space_id: string;
  spaces: Space[];
  token: (NamedToken | null);
};

/** A piece of news as callers see it. */
export type WithdrawalNews = {
  audience_id?: string;
  happened_at: Timestamp;
  id: string;
  kind: string;
  profile_id: string;
  purpose?: string;
};

/** Every operation of the server API: what it has to be given and what it answers. */
export interface Operations {
  /** List audiences */
  "GET /audiences": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: Audience[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Make an audience; the definition is a tree or its text form */
  "POST /audiences": {
    request: {
      body: NewAudience;
    };
    answer: Audience;
  };
  /** How many a definition would reach */
  "POST /audiences/preview": {
    request: {
      body: AudienceQuestion;
    };
    answer: AudiencePreview;
  };
  /** Take an audience away */
  "DELETE /audiences/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: undefined;
  };
  /** Read an audience */
  "GET /audiences/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: Audience;
  };
  /** Change an audience: its name, or its definition, which serves once it has looked at everybody */
  "PATCH /audiences/{id}": {
    request: {
      path: {
        id: string;
      };
      body: AudienceUpdate;
    };
    answer: Audience;
  };
  /** Who entered an audience and who left it, and what did it, oldest first; ?order=desc for youngest first */
  "GET /audiences/{id}/changes": {
    request: {
      path: {
        id: string;
      };
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: AudienceChange[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** List an audience's members */
  "GET /audiences/{id}/members": {
    request: {
      path: {
        id: string;
      };
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: AudienceMember[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Why a profile belongs to an audience, or does not: each rule with what it saw */
  "GET /audiences/{id}/members/{reference}": {
    request: {
      path: {
        id: string;
        /** A profile: one of its identifiers, kind:value, or its id. */
        reference: string;
      };
    };
    answer: AudienceWhy;
  };
  /** Who did what: ?member= (a member's or token's id), operation= (such as POST /api/v1/tokens), person= (a profile), since=, until=, order=desc for youngest first */
  "GET /audit": {
    request: {
      query?: {
        member?: string;
        operation?: string;
        person?: string;
        since?: TimestampInput;
        until?: TimestampInput;
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: AuditEntry[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** The same as lines of JSON, the oldest first, whole */
  "GET /audit/export": {
    request: {
      query?: {
        member?: string;
        operation?: string;
        person?: string;
        since?: TimestampInput;
        until?: TimestampInput;
      };
    };
    answer: string;
  };
  /** Whether the log is as it was written; the first entry that is not */
  "GET /audit/verify": {
    request: {};
    answer: AuditVerdict;
  };
  /** List computed traits */
  "GET /computed_traits": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: ComputedTrait[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Make a computed trait; events that are stored already are counted too */
  "POST /computed_traits": {
    request: {
      body: ComputedTraitDefinitionInput;
    };
    answer: ComputedTrait;
  };
  /** Take a computed trait away that no audience looks at */
  "DELETE /computed_traits/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: undefined;
  };
  /** Read a computed trait */
  "GET /computed_traits/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: ComputedTrait;
  };
  /** Change a computed trait; the old definition serves until the new one has counted what is stored */
  "PUT /computed_traits/{id}": {
    request: {
      path: {
        id: string;
      };
      body: ComputedTraitDefinitionInput;
    };
    answer: ComputedTrait;
  };
  /** How often what the consent policy names happened to people who did not agree, by day and country; small groups are only counted as suppressed */
  "GET /consent/counts": {
    request: {
      query?: {
        days?: number;
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: RefusalCounts;
  };
  /** What people took back and which audiences they left with it, oldest first: what destinations have to hear */
  "GET /consent/news": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: WithdrawalNews[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** List the published consent policies, youngest first */
  "GET /consent/policies": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: ConsentPolicyVersion[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Read a published consent policy by its version */
  "GET /consent/policies/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: ConsentPolicyVersion;
  };
  /** Read the consent policy in force, with its version */
  "GET /consent/policy": {
    request: {};
    answer: CurrentConsentPolicy;
  };
  /** Publish a consent policy; "version" in it, or If-Match, names the one it was written from */
  "POST /consent/policy": {
    request: {
      body: ConsentPolicyInput;
    };
    answer: ConsentPolicyVersion;
  };
  /** Check a consent policy as a whole; every mistake is told with its line and column */
  "POST /consent/policy/check": {
    request: {
      body: ConsentPolicyInput;
    };
    answer: CheckedConsentPolicy;
  };
  /** What a consent policy would have done with the events of the last days, and what would change */
  "POST /consent/policy/try": {
    request: {
      body: ConsentTrialWish;
    };
    answer: ConsentTrial;
  };
  /** Server-sent events: {event, outcome, reason, profile_id}, without an outcome for who enters and leaves an audience; ?access_token= for EventSource */
  "GET /events/live": {
    request: {};
    answer: string;
  };
  /** An event's receipt, by its message id, for which purposes it counts now, and why */
  "GET /events/{id}/consent": {
    request: {
      path: {
        id: string;
      };
    };
    answer: ConsentOfEvent;
  };
  /** List experiences; ?archived=true for those that are archived */
  "GET /experiences": {
    request: {
      query?: {
        archived?: boolean;
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: StoredExperience[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Make an experience */
  "POST /experiences": {
    request: {
      body: NewExperience;
    };
    answer: StoredExperience;
  };
  /** The share of all people who see the default everywhere */
  "GET /experiences/holdout": {
    request: {};
    answer: Holdout;
  };
  /** Set the share of all people who see the default everywhere */
  "PUT /experiences/holdout": {
    request: {
      body: Holdout;
    };
    answer: Holdout;
  };
  /** What each placement would show somebody, and why */
  "POST /experiences/preview": {
    request: {
      body: ExperienceQuestion;
    };
    answer: ExperiencePreview;
  };
  /** Read an experience */
  "GET /experiences/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: StoredExperience;
  };
  /** Change an experience; "version" is the one that was read, what is absent stays, null takes away */
  "PATCH /experiences/{id}": {
    request: {
      path: {
        id: string;
      };
      body: ExperienceChange;
    };
    answer: StoredExperience;
  };
  /** End an experience for good; what was measured stays */
  "POST /experiences/{id}/archive": {
    request: {
      path: {
        id: string;
      };
      body: Record<string, never>;
    };
    answer: StoredExperience;
  };
  /** Compare an experience's arms: ?metric=conversion, sum or mean, &event=, &where= (JSON), &of=properties.revenue, &within=14d, &better=higher or lower */
  "GET /experiences/{id}/results": {
    request: {
      path: {
        id: string;
      };
      query?: {
        better?: MetricBetter;
        event?: string;
        metric?: MetricKind;
        of?: string;
        /** Conditions on properties, JSON. */
        where?: string;
        within?: string;
      };
    };
    answer: ExperienceResults;
  };
  /** List what was decided of who is who, youngest first; ?automatic=true only what matching merged by itself, false only what people decided */
  "GET /identity/decisions": {
    request: {
      query?: {
        automatic?: boolean;
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: DecidedIdentity[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Merge two identifiers by hand, or keep them apart; this also answers a merge that is held for review */
  "POST /identity/decisions": {
    request: {
      body: IdentityWish;
    };
    answer: DecidedIdentity;
  };
  /** Undo a decision */
  "DELETE /identity/decisions/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: DecidedIdentity;
  };
  /** List the matchings with how they ended and the model that was learned, youngest first */
  "GET /identity/matching": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: MatchingRun[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Compare what is known of people who share no identifier, in the background; pairs that reach the probability become suggestions in the place of those that nobody has answered */
  "POST /identity/matching": {
    request: {
      body: MatchingWish;
    };
    answer: MatchingStarted;
  };
  /** Whether matching merges by itself, and from which weight on the space's reviewed pairs are known to be right */
  "GET /identity/matching/automatic": {
    request: {};
    answer: AutomaticMatching;
  };
  /** Have matching merge by itself from the weight on from which at least this share of pairs is right, by the pairs that were accepted and rejected; or not any more, and with "take_back" undo all that it merged */
  "PUT /identity/matching/automatic": {
    request: {
      body: AutomaticMatchingWish;
    };
    answer: AutomaticMatching;
  };
  /** What a merge, an unmerge or other rules would do: profiles with traits and audiences, before and after */
  "POST /identity/preview": {
    request: {
      body: IdentityQuestion;
    };
    answer: IdentityPreviewShown;
  };
  /** Merges that are held for review because they would concern too many identifiers, with counts of all blocked evidence by reason */
  "GET /identity/quarantine": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: IdentityQuarantine;
  };
  /** Read the identity rules in force, with their version, how many groups of identifiers are still to be resolved by them, and how far events have been read by rules that come into force after them */
  "GET /identity/rules": {
    request: {};
    answer: CurrentIdentityRules;
  };
  /** Publish identity rules; "version" in them, or If-Match, names the newest, from which they were written. Rules that read events otherwise come into force when all have been read by them; everybody is resolved again in the background */
  "PUT /identity/rules": {
    request: {
      body: IdentityRulesInput;
    };
    answer: IdentityRulesVersion;
  };
  /** Check identity rules as a whole; every mistake is told with its line and column */
  "POST /identity/rules/check": {
    request: {
      body: IdentityRulesInput;
    };
    answer: CheckedIdentityRules;
  };
  /** List the published identity rules, youngest first */
  "GET /identity/rules/versions": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: IdentityRulesVersion[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** List pairs that may be one person, strongest first, each with its weight field by field; ?status= is open, accepted or rejected */
  "GET /identity/suggestions": {
    request: {
      query?: {
        status?: string;
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: Suggestion[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Merge the two people of a suggestion. The decision is undone like any other */
  "POST /identity/suggestions/{id}/accept": {
    request: {
      path: {
        id: string;
      };
      body: SuggestionAnswer;
    };
    answer: DecidedIdentity;
  };
  /** Keep the two people of a suggestion apart, whatever evidence comes. The decision is undone like any other */
  "POST /identity/suggestions/{id}/reject": {
    request: {
      path: {
        id: string;
      };
      body: SuggestionAnswer;
    };
    answer: DecidedIdentity;
  };
  /** List the invitations that wait */
  "GET /invitations": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: Invitation[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Invite somebody: the answer has a link that is told this once, is used once, and ends after 7 days */
  "POST /invitations": {
    request: {
      body: NewInvitation;
    };
    answer: MemberLink;
  };
  /** Take an invitation back */
  "DELETE /invitations/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: undefined;
  };
  /** Become a member by an invitation's link, or take a new password by a reset link */
  "POST /join": {
    request: {
      body: Joining;
    };
    answer: Welcome;
  };
  /** For whom a link is, before it is used */
  "POST /join/check": {
    request: {
      body: LinkSecret;
    };
    answer: LinkView;
  };
  /** Numbered events by outcome, and the gaps with their likely causes; ?source= for one source */
  "GET /ledger": {
    request: {
      query?: {
        source?: string;
      };
    };
    answer: Ledger;
  };
  /** Every run of numbers without an outcome, by tab, with its likely cause; ?source= for one source */
  "GET /ledger/gaps": {
    request: {
      query?: {
        source?: string;
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: LedgerGap[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Every tab's numbers by outcome; ?source= for one source */
  "GET /ledger/tabs": {
    request: {
      query?: {
        source?: string;
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: TabAccount[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** List members with their roles */
  "GET /members": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: ListedMember[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Take a member away; their sessions end at once */
  "DELETE /members/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: undefined;
  };
  /** Give a member another role; their sessions end */
  "PATCH /members/{id}": {
    request: {
      path: {
        id: string;
      };
      body: MemberChange;
    };
    answer: Member;
  };
  /** Make a link by which a member takes a new password; it is told this once, is used once, and ends after a day */
  "POST /members/{id}/reset": {
    request: {
      path: {
        id: string;
      };
    };
    answer: MemberLink;
  };
  /** List placements */
  "GET /placements": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: StoredPlacement[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Make a placement: its key, and the JSON Schema of what may stand there */
  "POST /placements": {
    request: {
      body: Placement;
    };
    answer: StoredPlacement;
  };
  /** Read a placement by its key */
  "GET /placements/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: StoredPlacement;
  };
  /** Change a placement; "version" is the one that was read, what is absent stays */
  "PATCH /placements/{id}": {
    request: {
      path: {
        id: string;
      };
      body: PlacementChange;
    };
    answer: StoredPlacement;
  };
  /** List what people asked for of their data, youngest first; ?kind= and ?state= for some of it */
  "GET /privacy/requests": {
    request: {
      query?: {
        kind?: string;
        state?: string;
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: PrivacyRequest[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Take a request in: access, portability, erasure, rectification (with "set" and "remove") or restriction */
  "POST /privacy/requests": {
    request: {
      body: NewPrivacyRequest;
    };
    answer: PrivacyRequest;
  };
  /** Read a request: how far each store is, when an answer is due, and the receipt */
  "GET /privacy/requests/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: PrivacyRequest;
  };
  /** Fetch what is held of the person as a ZIP file, for 7 days after the request was answered */
  "GET /privacy/requests/{id}/archive": {
    request: {
      path: {
        id: string;
      };
    };
    answer: string;
  };
  /** End a request that the requester has taken back and that was not begun */
  "POST /privacy/requests/{id}/cancel": {
    request: {
      path: {
        id: string;
      };
    };
    answer: PrivacyRequest;
  };
  /** Take more time for a request, once */
  "POST /privacy/requests/{id}/extend": {
    request: {
      path: {
        id: string;
      };
      body: PrivacyReason;
    };
    answer: PrivacyRequest;
  };
  /** Lift a restriction: the person's data is used again */
  "POST /privacy/requests/{id}/lift": {
    request: {
      path: {
        id: string;
      };
    };
    answer: Lifted;
  };
  /** Refuse a request, with the reason that the requester is told */
  "POST /privacy/requests/{id}/refuse": {
    request: {
      path: {
        id: string;
      };
      body: PrivacyReason;
    };
    answer: PrivacyRequest;
  };
  /** Begin what was asked for, once the requester's identity was checked. What was erased cannot be brought back */
  "POST /privacy/requests/{id}/start": {
    request: {
      path: {
        id: string;
      };
    };
    answer: PrivacyRequest;
  };
  /** Write down how the requester's identity was checked: email_link, phone_code, signed_in, document, knowledge or other */
  "POST /privacy/requests/{id}/verify": {
    request: {
      path: {
        id: string;
      };
      body: PrivacyVerificationInput;
    };
    answer: PrivacyRequest;
  };
  /** Read for how long events are kept, and how far the last deletion is */
  "GET /privacy/retention": {
    request: {};
    answer: EventRetention;
  };
  /** Say for how many days events are kept; the most exact rule counts */
  "PUT /privacy/retention": {
    request: {
      body: RetentionRules;
    };
    answer: EventRetention;
  };
  /** Count the events that would go now by some rules */
  "POST /privacy/retention/preview": {
    request: {
      body: RetentionRules;
    };
    answer: RetentionPreview;
  };
  /** Delete now what is too old; it is done every day by itself */
  "POST /privacy/retention/run": {
    request: {};
    answer: RetentionRun;
  };
  /** List hashes of the identifiers that were erased and are not taken in again, and how many events were refused */
  "GET /privacy/suppressions": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: Suppression[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Lift a suppression: whoever comes back by their own wish is taken in again */
  "DELETE /privacy/suppressions/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: Lifted;
  };
  /** List profiles */
  "GET /profiles": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: Profile[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Read a profile by kind:value or by id; ?purpose= for what evidence for a purpose tells */
  "GET /profiles/{reference}": {
    request: {
      path: {
        /** A profile: one of its identifiers, kind:value, or its id. */
        reference: string;
      };
      query?: {
        /** For what the evidence has to count. */
        purpose?: string;
      };
    };
    answer: Profile;
  };
  /** Which audiences a profile entered and left, and what did it, oldest first; ?order=desc for youngest first */
  "GET /profiles/{reference}/audience_changes": {
    request: {
      path: {
        /** A profile: one of its identifiers, kind:value, or its id. */
        reference: string;
      };
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: AudienceChange[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** What a person says of each purpose now, and the ledger of what they said; ?format=ndjson to take it along */
  "GET /profiles/{reference}/consent": {
    request: {
      path: {
        /** A profile: one of its identifiers, kind:value, or its id. */
        reference: string;
      };
      query?: {
        format?: string;
      };
    };
    answer: Consent;
  };
  /** Take what a person said of consent by another way, such as on the phone; in effect when it is answered */
  "POST /profiles/{reference}/consent": {
    request: {
      path: {
        /** A profile: one of its identifiers, kind:value, or its id. */
        reference: string;
      };
      body: ConsentStatement;
    };
    answer: ConsentTaken;
  };
  /** Why something of a person is there or not: ?use=link|traits|audiences|decisions|destination:…, or ?trait=, ?computed_trait=, ?audience=, ?link=kind:value */
  "GET /profiles/{reference}/consent/why": {
    request: {
      path: {
        /** A profile: one of its identifiers, kind:value, or its id. */
        reference: string;
      };
      query?: {
        audience?: string;
        computed_trait?: string;
        link?: string;
        trait?: string;
        use?: string;
      };
    };
    answer: ConsentWhy;
  };
  /** A profile's timeline, oldest first; ?order=desc for youngest first, ?audiences=true with the audiences that it entered and left */
  "GET /profiles/{reference}/events": {
    request: {
      path: {
        /** A profile: one of its identifiers, kind:value, or its id. */
        reference: string;
      };
      query?: {
        /** Whether the audiences that the profile entered and left are, too. */
        audiences?: boolean;
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: TimelineEntry[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Which evidence and which rule joined each identifier; ?from=kind:value&to=kind:value for the shortest chain between two; for consent ask …/consent/why?link=kind:value */
  "GET /profiles/{reference}/explain": {
    request: {
      path: {
        /** A profile: one of its identifiers, kind:value, or its id. */
        reference: string;
      };
      query?: {
        from?: Identifier;
        to?: Identifier;
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
      };
    };
    answer: ProfileExplanation;
  };
  /** A profile's identifiers, the evidence around them with counts and whether it joins, page by page, and what happened when */
  "GET /profiles/{reference}/graph": {
    request: {
      path: {
        /** A profile: one of its identifiers, kind:value, or its id. */
        reference: string;
      };
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
      };
    };
    answer: ProfileGraph;
  };
  /** Part identifiers from a profile: the evidence that joins them is cut, and stays cut */
  "POST /profiles/{reference}/unmerge": {
    request: {
      path: {
        /** A profile: one of its identifiers, kind:value, or its id. */
        reference: string;
      };
      body: UnmergeWish;
    };
    answer: DecidedIdentity;
  };
  /** List refused messages with their reasons, youngest first; ?q=&source=&reason=&from=&to= */
  "GET /quarantine": {
    request: {
      query?: {
        /** Received at this time or later. */
        from?: string;
        /** A text that the message, its id or the reason contains, in capitals or not. */
        q?: string;
        /** A text that the reason contains. */
        reason?: string;
        /** A source's id or write key. */
        source?: string;
        /** Received before this time. */
        to?: string;
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: QuarantinedMessage[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Try refused messages again: by id, mended, or by filter up to 500 at a time */
  "POST /quarantine/replay": {
    request: {
      body: ReplayWish;
    };
    answer: Replay;
  };
  /** List the events that reports know, the commonest first */
  "GET /reports/events": {
    request: {};
    answer: {
      data: KnownEvent[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** How many people do one thing after the other within a time */
  "POST /reports/funnels": {
    request: {
      body: FunnelAsked;
    };
    answer: Funnel;
  };
  /** What people do next, or with "to" what they did before */
  "POST /reports/paths": {
    request: {
      body: PathsAsked;
    };
    answer: Paths;
  };
  /** Of those who began in a day, week or month, how many were back in each later one */
  "POST /reports/retention": {
    request: {
      body: RetentionAsked;
    };
    answer: Retention;
  };
  /** How often events happened, and to how many people, in each hour, day, week or month */
  "POST /reports/trends": {
    request: {
      body: TrendsAsked;
    };
    answer: Trends;
  };
  /** The roles, each with what its members may do */
  "GET /roles": {
    request: {};
    answer: {
      data: Role[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Sign out */
  "DELETE /session": {
    request: {};
    answer: undefined;
  };
  /** Who you are: member or token, what you may do, and the spaces that you may work in */
  "GET /session": {
    request: {};
    answer: Who;
  };
  /** Sign in with email and password; the answer sets a cookie */
  "POST /session": {
    request: {
      body: Credentials;
    };
    answer: Welcome;
  };
  /** Take another password; your other sessions end */
  "POST /session/password": {
    request: {
      body: Passwords;
    };
    answer: Welcome;
  };
  /** Begin a browser's session that acts as a token */
  "POST /session/token": {
    request: {
      body: LinkSecret;
    };
    answer: AsToken;
  };
  /** Your sessions */
  "GET /sessions": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: Session[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** End one of your sessions */
  "DELETE /sessions/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: undefined;
  };
  /** Make the first owner, with the link that the first start prints */
  "POST /setup": {
    request: {
      body: FirstOwner;
    };
    answer: Welcome;
  };
  /** The ways to sign in */
  "GET /sign-in": {
    request: {};
    answer: WaysIn;
  };
  /** Where a browser goes to sign in with the provider; the answer sets a cookie, with which it comes back */
  "POST /sign-in/begin": {
    request: {
      body: SignInBeginning;
    };
    answer: SignInBegun;
  };
  /** Sign in with what the provider's answer brought in the address; the answer sets a cookie */
  "POST /sign-in/finish": {
    request: {
      body: SignInAnswer;
    };
    answer: Welcome;
  };
  /** Take the provider away; members come in by password */
  "DELETE /sign-in/settings": {
    request: {};
    answer: undefined;
  };
  /** The provider through which members sign in, and whom it lets in; its secret is told to nobody */
  "GET /sign-in/settings": {
    request: {};
    answer: SignInSettings;
  };
  /** Let members sign in through a provider (OpenID Connect). Who the provider is, an owner says */
  "PUT /sign-in/settings": {
    request: {
      body: NewSignInProvider;
    };
    answer: SignInProvider;
  };
  /** List sources with their write keys */
  "GET /sources": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: Source[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Make a source (kind: website, app, server, import); the answer has its write key */
  "POST /sources": {
    request: {
      body: NewSource;
    };
    answer: Source;
  };
  /** A source */
  "GET /sources/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: Source;
  };
  /** Change a source: name, enabled, allowed_origins, consent_basis, and what it collects; what is absent stays */
  "PATCH /sources/{id}": {
    request: {
      path: {
        id: string;
      };
      body: SourceChange;
    };
    answer: Source;
  };
  /** Give a source another write key; the one before is refused from now on */
  "POST /sources/{id}/rotate": {
    request: {
      path: {
        id: string;
      };
    };
    answer: Source;
  };
  /** The spaces that you may work in; pick one with the header Headwater-Space */
  "GET /spaces": {
    request: {};
    answer: {
      data: Space[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Make a space with a website source and a server source */
  "POST /spaces": {
    request: {
      body: NewSpace;
    };
    answer: SpaceMade;
  };
  /** List tokens: name, how the secret begins, scopes, who made it, when it was last used, when it ends */
  "GET /tokens": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: Token[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Make a token with scopes that you hold yourself; its secret is told this once */
  "POST /tokens": {
    request: {
      body: NewToken;
    };
    answer: TokenMade;
  };
  /** Take a token away; it is refused from now on */
  "DELETE /tokens/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: undefined;
  };
  /** Read the published tracking plan and the draft */
  "GET /tracking-plan": {
    request: {};
    answer: TrackingPlan;
  };
  /** Discard the draft */
  "DELETE /tracking-plan/draft": {
    request: {};
    answer: undefined;
  };
  /** Write the draft, checked as a whole */
  "PUT /tracking-plan/draft": {
    request: {
      body: TrackingPlanDocumentInput;
    };
    answer: TrackingPlanDraft;
  };
  /** Make a draft from the stored events of the last days */
  "POST /tracking-plan/infer": {
    request: {
      body: InferenceWish;
    };
    answer: InferredDraft;
  };
  /** Publish the draft, or bring an older version back */
  "POST /tracking-plan/publish": {
    request: {
      body: TrackingPlanPublication;
    };
    answer: TrackingPlanVersion;
  };
  /** What the draft, a version or a plan would have done with the events of the last days */
  "POST /tracking-plan/try": {
    request: {
      body: TrackingPlanTrialWish;
    };
    answer: TrackingPlanTrial;
  };
  /** List the published versions, youngest first */
  "GET /tracking-plan/versions": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: TrackingPlanSummary[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Read a published version */
  "GET /tracking-plan/versions/{id}": {
    request: {
      path: {
        id: string;
      };
    };
    answer: TrackingPlanVersion;
  };
  /** List violations with counts and samples, commonest first; ?days=&version=&type=&event= */
  "GET /tracking-plan/violations": {
    request: {
      query?: {
        days?: number;
        event?: string;
        type?: string;
        version?: number;
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: Violation[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** List the keys that user tokens may be signed with, without their secrets */
  "GET /user-token-keys": {
    request: {
      query?: {
        /** Rows of a page. */
        limit?: number;
        /** The next_cursor of the page before; the first page without it. */
        cursor?: string;
        /** Which end comes first, of lists that can be read from both: the oldest (asc) or the youngest (desc). */
        order?: "asc" | "desc";
      };
    };
    answer: {
      data: UserTokenKey[];
      /** Where the next page begins, to be given as cursor; null on the last. */
      next_cursor: string | null;
    };
  };
  /** Make a key that signs user tokens; its secret is told this once, and the keys before it end after the time that is given */
  "POST /user-token-keys": {
    request: {
      body: UserTokenKeyRotation;
    };
    answer: UserTokenKeyMade;
  };
}
