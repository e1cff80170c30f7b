//! Random policies, places and receipts with what the core says of each: the input of the differential test
//! (`tests/e2e/consent-everywhere.test.mjs`), which asks the browser's engine and the edge worker the same.
//!
//! `consent_cases <seed> <policies> <cases of each> <now in milliseconds>` prints one JSON document; the same
//! arguments give the same.

use std::collections::BTreeMap;
use std::io::Write as _;

use cdp_core::collection::{Caller, CollectionPolicy};
use cdp_core::consent::{
    ANALYTICS, Choices, DEFAULT_PURPOSES, Evidence, Policy, Standing, Use, Verdict,
};
use cdp_core::decision::{Experience, Variant};
use cdp_core::source::{ConsentBasis, SourceConfig};
use cdp_core::time::{Span, Timestamp};
use cdp_core::wire::{Batch, Intake};
use serde_json::{Map, Value, json};

/// Where callers are. The last ones are no places.
const PLACES: [Option<&str>; 9] = [
    Some("DE"),
    Some("DE-BY"),
    Some("US"),
    Some("US-CA"),
    Some("US-NY"),
    Some("FR"),
    Some("T1"),
    Some("us"),
    None,
];
const RULED: [&str; 5] = ["DE", "US", "US-CA", "FR", "US-TX"];
const CATEGORIES: [&str; 3] = ["C0002", "Marketing", "Everything else"];

/// SplitMix64, so that a seed gives the same cases everywhere. <https://prng.di.unimi.it/splitmix64.c>
struct Dice(u64);

impl Dice {
    fn roll(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// One time in so many.
    fn one_in(&mut self, times: u64) -> bool {
        self.roll().is_multiple_of(times)
    }

    fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let count = u64::try_from(from.len()).unwrap_or(1).max(1);
        from.get(usize::try_from(self.roll() % count).unwrap_or(0))
    }

    fn some(&mut self, from: &[&str], one_in: u64) -> Vec<String> {
        let picked = from.iter().filter(|_| self.one_in(one_in));
        picked.map(|name| (*name).to_owned()).collect()
    }

    /// Purposes, at least one.
    fn needed(&mut self) -> Vec<String> {
        let needed = self.some(&DEFAULT_PURPOSES, 4);
        if needed.is_empty() {
            vec![ANALYTICS.to_owned()]
        } else {
            needed
        }
    }

    fn regime(&mut self) -> &'static str {
        if self.one_in(2) { "opt_in" } else { "opt_out" }
    }

    fn rule(&mut self) -> Value {
        if self.one_in(3) {
            return json!(self.regime());
        }
        let mut rule = json!({"regime": self.regime()});
        let own = self.some(&DEFAULT_PURPOSES[1..], 3);
        let purposes: Map<String, Value> = own
            .into_iter()
            .map(|name| (name, json!(self.regime())))
            .collect();
        rule["purposes"] = Value::Object(purposes);
        if self.one_in(2) {
            rule["gpc_denies"] = json!(self.some(&DEFAULT_PURPOSES[1..], 3));
        }
        rule
    }

    fn policy(&mut self) -> Value {
        let uses: Map<String, Value> = Use::ALL
            .iter()
            .map(|each| each.to_string())
            .chain(["destinations".to_owned()])
            .map(|word| (word, json!(self.needed())))
            .collect();
        let ruled = self.some(&RULED, 2);
        let jurisdictions: Map<String, Value> = ruled
            .into_iter()
            .map(|place| (place, self.rule()))
            .collect();
        let mapped = self.some(&CATEGORIES, 2);
        let categories: Map<String, Value> = mapped
            .into_iter()
            .map(|name| (name, json!(self.needed())))
            .collect();
        json!({
            "version": 1 + self.roll() % 9, "purposes": DEFAULT_PURPOSES, "uses": uses,
            "gpc_denies": self.some(&DEFAULT_PURPOSES[1..], 3), "default": self.rule(), "unknown": self.rule(),
            "jurisdictions": jurisdictions, "categories": categories
        })
    }

    fn choices(&mut self) -> Map<String, Value> {
        let mut names = self.some(&DEFAULT_PURPOSES, 2);
        if self.one_in(6) {
            names.extend(self.some(&CATEGORIES, 2));
        }
        if self.one_in(25) {
            names.push("analitics".to_owned());
        }
        let state = |name: String| {
            let granted = self.one_in(2);
            (name, json!(granted))
        };
        names.into_iter().map(state).collect()
    }

    /// `context.consent`, now and then one that no honest client writes, or none.
    fn consent(&mut self, now: Timestamp) -> Value {
        if self.one_in(20) {
            return Value::Null;
        }
        let mut consent = json!({"categoryPreferences": self.choices(), "source": "banner"});
        if self.one_in(8) {
            consent["policyVersion"] = json!(1 + self.roll() % 10);
        }
        if self.one_in(8) {
            // No closer to what a clock may be wrong by than a slow test takes.
            let minutes = [-90, -10, -1, 30, 120];
            let minutes = self.pick(&minutes).copied().unwrap_or_default();
            consent["capturedAt"] = json!(now.plus(Span::from_seconds(minutes * 60)));
        }
        if self.one_in(6) {
            consent["gpc"] = json!(true);
        }
        if self.one_in(10) {
            consent["release"] = json!({"categoryPreferences": self.choices()});
        }
        if self.one_in(10) {
            consent["jurisdiction"] = json!("US");
        }
        if self.one_in(40) {
            consent["categoryPreferences"]["analytics"] = json!("yes");
        }
        consent
    }
}

/// What a person has said elsewhere, at several moments.
fn elsewhere(now: Timestamp, dice: &mut Dice) -> Standing {
    let mut standing = Standing::default();
    for statement in 0..dice.roll() % 4 {
        let said = dice.some(&DEFAULT_PURPOSES[1..], 3);
        let said: Choices = said
            .into_iter()
            .map(|name| (name, dice.one_in(2)))
            .collect();
        // In any order, and now and then at one moment.
        let hours = i64::try_from((statement * 5 + dice.roll() % 3) % 7).unwrap_or_default();
        let at = now.plus(Span::from_seconds(hours * -3_600));
        standing.merge(&Standing::of(&said, at));
    }
    standing
}

/// What a browser may do with these choices.
fn browser(policy: &Policy, evidence: &Evidence<'_>) -> Value {
    let asked = |asked| policy.ask(asked, evidence).verdict;
    let collect = asked(Use::Send).max(asked(Use::Store));
    let decides = collect == Verdict::Allow && asked(Use::Decisions) == Verdict::Allow;
    json!({"choices": evidence.choices, "collect": collect, "decides": decides})
}

/// What the core says of one event, and of the browser that would have captured it.
fn case(config: &SourceConfig, now: Timestamp, dice: &mut Dice) -> Value {
    let place = dice.pick(&PLACES).copied().flatten();
    let gpc = dice.one_in(4);
    let consent = dice.consent(now);
    let message = json!({"type": "track", "event": "A", "messageId": "m", "anonymousId": "a", "context": {"consent": consent}});
    let body = json!({"batch": [message]}).to_string();
    let intake = Intake {
        config,
        received_at: now,
        jurisdiction: place,
        gpc,
        caller: Caller::default(),
    };
    let judged = Batch::read(body.as_bytes()).map(|batch| batch.judge(&intake, &mut String::new));
    let refused = judged.ok().and_then(|mut judged| judged.refused.pop());
    let (outcome, reason) = match refused {
        None => (json!("ok"), Value::Null),
        Some(refused) => (json!(refused.outcome), json!(refused.reason)),
    };
    let known = dice.some(&DEFAULT_PURPOSES, 2);
    let choices: Choices = known
        .into_iter()
        .map(|name| (name, dice.one_in(2)))
        .collect();
    let evidence = Evidence::of_choices(&choices, place, gpc);
    let browser = browser(&config.policy, &evidence);
    // What was said elsewhere: the edge hears of it with the snapshot, a browser from another tab.
    let said = elsewhere(now, dice);
    let known = said.choices();
    let denied = |purpose: &String| known.get(purpose) == Some(&false);
    // Whose owner declares a basis decides on it, wherever the request comes from.
    let declared = config.consent_basis.declared();
    let asking = Evidence {
        declared,
        ..Evidence::of_choices(&choices, place.filter(|_| declared.is_none()), gpc)
    };
    let decides = config.policy.ask(Use::Decisions, &asking).verdict == Verdict::Allow
        && !config.policy.uses.decisions.iter().any(denied);
    let mut knowing = choices.clone();
    knowing.extend(
        known
            .iter()
            .filter(|(_, granted)| !**granted)
            .map(|(name, _)| (name.clone(), false)),
    );
    let knowing = self::browser(&config.policy, &Evidence::of_choices(&knowing, place, gpc));
    json!({
        "jurisdiction": place, "gpc": gpc, "consent": consent, "outcome": outcome, "reason": reason,
        "browser": browser, "said": known, "decided": decides, "knowing": knowing
    })
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1).map(|word| word.parse::<u64>());
    let mut number = |usual| arguments.next().unwrap_or(Ok(usual));
    let (seed, policies, cases) = (number(1)?, number(10)?, number(10)?);
    let now = Timestamp::from_millis(i64::try_from(number(1_769_853_600_000)?)?);
    let mut dice = Dice(seed);
    let mut out = Vec::new();
    for at in 0..policies {
        let policy = dice.policy();
        let read = Policy::read(&policy.to_string()).map_err(|errors| format!("{errors:?}"))?;
        // One source in three is a server or an import, whose owner declares on what its data rests.
        let consent_basis = if dice.one_in(3) {
            ConsentBasis::Declared {
                basis: "contract".to_owned(),
            }
        } else {
            ConsentBasis::EveryEvent
        };
        let experience = Experience {
            id: "exp_1".to_owned(),
            name: "Hero".to_owned(),
            placement: "hero".to_owned(),
            variants: vec![Variant {
                key: "shown".to_owned(),
                value: json!(1),
                ..Variant::default()
            }],
            ..Experience::default()
        };
        let config = SourceConfig {
            source_id: format!("src_{at}"),
            space_id: "spc_1".to_owned(),
            write_key: format!("wk_{at}"),
            consent_basis,
            allowed_origins: Vec::new(),
            collection: CollectionPolicy::default(),
            enabled: true,
            policy: read,
            experiences: vec![experience],
            user_token_keys: Vec::new(),
            audiences: cdp_core::audience::Rules::default(),
            defaults: BTreeMap::new(),
            holdout: 0.0,
        };
        let cases: Vec<Value> = (0..cases).map(|_| case(&config, now, &mut dice)).collect();
        out.push(json!({"config": config, "cases": cases}));
    }
    serde_json::to_writer(std::io::stdout().lock(), &out)?;
    Ok(std::io::stdout().lock().flush()?)
}
