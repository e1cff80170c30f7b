//! Runs every fixture of `spec/` against the core.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a fixture that cannot be read has to fail the test"
)]

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use cdp_core::address;
use cdp_core::audience::{Expr, Facts};
use cdp_core::collection::{Caller, CollectionPolicy};
use cdp_core::computed_trait::{Definition, State};
use cdp_core::consent::{Choices, Evidence, Grants, Policy, Receipt, Standing, Use, Verdict};
use cdp_core::decision::{Experience, decide};
use cdp_core::event::{Event, EventKind};
use cdp_core::fields::Fields;
use cdp_core::forward::{Membership, Snapshot};
use cdp_core::gate::{Finding, Gate, examine, gate_event, taken_unasked};
use cdp_core::identity::{Constraint, Edge, Node, Resolution, Rules, resolve};
use cdp_core::outcome::Outcome;
use cdp_core::source::{ConsentBasis, SourceConfig};
use cdp_core::time::Timestamp;
use cdp_core::wire::{Batch, Intake};
use serde_json::{Value, json};

fn fixtures(folder: &str) -> Vec<(PathBuf, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../spec")
        .join(folder);
    let mut files: Vec<PathBuf> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "spec/{folder} has no fixtures");
    files
        .into_iter()
        .map(|file| {
            (
                file.clone(),
                serde_json::from_slice(&fs::read(&file).unwrap()).unwrap(),
            )
        })
        .collect()
}

fn time(value: &Value) -> Timestamp {
    Timestamp::from_json(value).unwrap()
}

fn objects(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

/// Whether `found` has everything that `wanted` has.
fn assert_part(wanted: &Value, found: &Value, place: &str) {
    match wanted {
        Value::Object(fields) => {
            for (key, value) in fields {
                assert_part(value, &found[key], &format!("{place}.{key}"));
            }
        }
        _ => assert_eq!(wanted, found, "{place}"),
    }
}

#[test]
fn batches() {
    for (file, fixture) in fixtures("batches") {
        let config = SourceConfig {
            source_id: "src_1".to_owned(),
            space_id: "spc_1".to_owned(),
            write_key: "wk".to_owned(),
            consent_basis: basis(&fixture["source"]),
            allowed_origins: Vec::new(),
            collection: serde_json::from_value(fixture["collection"].clone()).unwrap_or_default(),
            enabled: true,
            policy: Policy::default(),
            experiences: Vec::new(),
        };
        let body = fixture["request"].to_string();
        let batch = Batch::read(body.as_bytes()).unwrap();
        let intake = Intake {
            config: &config,
            received_at: time(&fixture["received_at"]),
            jurisdiction: fixture["jurisdiction"].as_str(),
            gpc: fixture["gpc"].as_bool().unwrap_or(false),
            caller: Caller {
                address: fixture["caller"]["address"]
                    .as_str()
                    .and_then(address::read),
                user_agent: fixture["caller"]["user_agent"].as_str(),
            },
        };
        let mut made = 0;
        let judged = batch.judge(&intake, &mut || {
            made += 1;
            format!("fresh-{made}")
        });
        let mut lines: BTreeMap<usize, Value> = BTreeMap::new();
        for admitted in judged.admitted {
            lines.insert(
                admitted.index,
                json!({"messageId": admitted.event.message_id, "outcome": Outcome::Ok, "event": admitted.event}),
            );
        }
        for refused in judged.refused {
            assert_eq!(
                refused.message.is_some(),
                refused.outcome == Outcome::Quarantined,
                "denied content is not kept"
            );
            lines.insert(
                refused.index,
                json!({"messageId": refused.message_id, "outcome": refused.outcome, "reason": refused.reason}),
            );
        }
        let expected = objects(&fixture["expect"]);
        assert_eq!(
            lines.len(),
            expected.len(),
            "{file:?}: one outcome a message"
        );
        for (wanted, found) in expected.iter().zip(lines.values()) {
            let place = format!("{}: {}", file.display(), wanted["messageId"]);
            assert_eq!(wanted["messageId"], found["messageId"], "{place}");
            assert_eq!(wanted["outcome"], found["outcome"], "{place}: {found}");
            if let Some(reason) = wanted["reason"].as_str() {
                assert!(
                    found["reason"].as_str().unwrap().contains(reason),
                    "{place}: {}",
                    found["reason"]
                );
            }
            if !wanted["event"].is_null() {
                assert_part(&wanted["event"], &found["event"], &place);
            }
        }
    }
}

#[test]
fn consent() {
    let mut cases = 0;
    for (file, fixture) in fixtures("consent") {
        let place = file.display().to_string();
        let policy = Policy::read(&fixture["policy"].to_string()).unwrap();
        for case in fixture["cases"].as_array().into_iter().flatten() {
            let choices: Choices = serde_json::from_value(case["choices"].clone()).unwrap();
            let verdict = policy.verdict(
                case["purpose"].as_str().unwrap(),
                &choices,
                case["jurisdiction"].as_str(),
                case["gpc"].as_bool().unwrap_or(false),
            );
            assert_eq!(json!(verdict), case["expect"], "{place}: {case}");
            cases += 1;
        }
        for case in fixture["events"].as_array().into_iter().flatten() {
            let place = format!("{place}: {}", case["says"]);
            consent_of_one(&policy, &fixture["source"], case, &place);
            cases += 1;
        }
    }
    assert!(cases >= 120, "{cases} cases");
}

/// One event through the edge's gate, then through the gate of whoever knows what the person has said.
fn consent_of_one(policy: &Policy, source: &Value, case: &Value, place: &str) {
    let config = SourceConfig {
        source_id: "src_1".to_owned(),
        space_id: "spc_1".to_owned(),
        write_key: "wk".to_owned(),
        consent_basis: basis(source),
        allowed_origins: Vec::new(),
        collection: CollectionPolicy::default(),
        enabled: true,
        policy: policy.clone(),
        experiences: Vec::new(),
    };
    let mut message =
        json!({"type": "track", "event": "A", "messageId": "m1", "anonymousId": "a1"});
    let more = case["event"].as_object().cloned().unwrap_or_default();
    message.as_object_mut().unwrap().extend(more);
    if !case["consent"].is_null() {
        message["context"] = json!({"consent": case["consent"]});
    }
    let body = json!({"batch": [message]}).to_string();
    let batch = Batch::read(body.as_bytes()).unwrap();
    let intake = Intake {
        config: &config,
        received_at: "2026-01-31T10:00:00Z".parse().unwrap(),
        jurisdiction: case["jurisdiction"].as_str(),
        gpc: case["gpc"].as_bool().unwrap_or(false),
        caller: Caller::default(),
    };
    let mut judged = batch.judge(&intake, &mut String::new);
    let mut stamped = None;
    let (outcome, reason) = match judged.admitted.pop() {
        None => {
            let refused = judged.refused.pop().unwrap();
            (refused.outcome, refused.reason)
        }
        Some(admitted) => {
            let event = admitted.event;
            stamped = Some(event.receipt.clone());
            let told = taken_unasked(policy, &config.consent_basis, &event).unwrap_or_default();
            assert!(
                told.contains(case["told"].as_str().unwrap_or("")),
                "{place}: {told}"
            );
            assert_eq!(told.is_empty(), case["told"].is_null(), "{place}: {told}");
            let mut current = Standing::default();
            for said in case["said"].as_array().into_iter().flatten() {
                let choices: Choices = serde_json::from_value(said[0].clone()).unwrap();
                current.merge(&Standing::of(&choices, time(&said[1])));
            }
            let why = examine(policy, &config.consent_basis, &event, Some(&current));
            let Finding::Ruled(why) = why else {
                panic!("{place}: {why:?}");
            };
            // What a later hop puts together from what is kept says the same.
            let grants = Grants::of(policy, &config.consent_basis, &event);
            let mut needed = policy.uses.send.iter().chain(&policy.uses.store);
            if config.consent_basis.declared().is_none() {
                let together = needed.all(|purpose| current.allows(&grants, purpose));
                assert_eq!(
                    together,
                    why.verdict == Verdict::Allow,
                    "{place}: {grants:?}"
                );
            }
            match gate_event(policy, &config.consent_basis, &event, Some(&current)) {
                Gate::Admit => (Outcome::Ok, why.to_string()),
                Gate::Deny(reason) => (Outcome::Denied, reason),
                Gate::Quarantine(reason) => (Outcome::Quarantined, reason),
            }
        }
    };
    assert_eq!(json!(outcome), case["gate"], "{place}: {reason}");
    assert!(
        reason.contains(case["why"].as_str().unwrap()),
        "{place}: {reason}"
    );
    if let Some(rule) = case["rule"].as_str() {
        let tail = format!("[policy version {}, {rule}]", policy.version);
        assert!(reason.contains(&tail), "{place}: {reason}");
    }
    let mut receipt: Receipt = serde_json::from_value(case["consent"].clone()).unwrap_or_default();
    receipt.gpc |= intake.gpc;
    receipt.stamp(policy, intake.jurisdiction);
    // Of an event that the edge let through, the receipt that it stamped.
    let receipt = stamped.unwrap_or(receipt);
    let evidence = Evidence::of_receipt(&receipt, config.consent_basis.declared());
    let asked = |asked: Use<'_>| json!(policy.ask(asked, &evidence).verdict);
    if let Some(expected) = case["collect"].as_str().filter(|word| !word.is_empty()) {
        let collect = [Use::Send, Use::Store].map(|each| policy.ask(each, &evidence).verdict);
        assert_eq!(json!(collect[0].max(collect[1])), expected, "{place}");
        assert_eq!(asked(Use::Decisions), case["decisions"], "{place}");
    }
    for (word, expected) in case["uses"].as_object().into_iter().flatten() {
        assert_eq!(
            asked(Use::from_word(word).unwrap()),
            *expected,
            "{place}: {word}"
        );
    }
}

fn basis(source: &Value) -> ConsentBasis {
    match source.as_str() {
        Some("browser") => ConsentBasis::EveryEvent,
        _ => ConsentBasis::Declared {
            basis: "contract".to_owned(),
        },
    }
}

fn event(value: &Value, number: usize) -> Event {
    let text = |field: &str| value[field].as_str().map(str::to_owned);
    let object = |field: &str| value[field].as_object().cloned().unwrap_or_default();
    let kind = value["type"]
        .as_str()
        .map_or(EventKind::Track, |word| EventKind::from_word(word).unwrap());
    let at = Timestamp::from_millis(value["at"].as_i64().unwrap() * 1_000);
    Event {
        message_id: format!("m{number}"),
        kind,
        name: text("event"),
        anonymous_id: text("anonymousId"),
        user_id: text("userId"),
        previous_id: text("previousId"),
        group_id: None,
        properties: object("properties").into(),
        traits: object("traits").into(),
        context: Fields::default(),
        timestamp: at,
        original_timestamp: None,
        sent_at: None,
        received_at: at,
        receipt: Receipt::default(),
        bot: None,
        ledger: None,
        violations: Vec::new(),
        extra: Fields::default(),
    }
}

/// All orders of at most six things.
fn permutations<T: Clone>(items: &[T]) -> Vec<Vec<T>> {
    if items.len() < 2 {
        return vec![items.to_vec()];
    }
    (0..items.len())
        .flat_map(|at| {
            let mut rest = items.to_vec();
            let first = rest.remove(at);
            permutations(&rest).into_iter().map(move |mut tail| {
                tail.insert(0, first.clone());
                tail
            })
        })
        .collect()
}

/// Evidence kept as the aggregator keeps it: each pair once, with its earliest time.
fn solve(rules: &Rules, constraints: &[Constraint], events: &[Event]) -> Resolution {
    let mut edges = BTreeMap::new();
    let mut nodes = Vec::new();
    for event in events {
        for (a, b) in rules.evidence_of(event) {
            let at = event.timestamp;
            let edge = Edge {
                a: a.clone(),
                b: b.clone(),
                first_seen: at,
                last_seen: at,
            };
            let known: &mut Edge = edges.entry((a, b)).or_insert(edge);
            known.first_seen = known.first_seen.min(at);
            known.last_seen = known.last_seen.max(at);
        }
        let seen = rules.identifiers_of(event);
        nodes.extend(seen.into_iter().map(|identifier| Node {
            identifier,
            first_seen: event.timestamp,
        }));
    }
    resolve(
        rules,
        &nodes,
        &edges.into_values().collect::<Vec<_>>(),
        constraints,
    )
}

/// A fixture's event, or as many as it says with `#` in it numbered: `{"repeat": 1200, "anonymousId": "a#"}`.
fn repeated(value: &Value) -> Vec<Value> {
    let Some(times) = value["repeat"].as_u64() else {
        return vec![value.clone()];
    };
    let text = value.to_string();
    (0..times)
        .map(|number| serde_json::from_str(&text.replace('#', &number.to_string())).unwrap())
        .collect()
}

#[test]
fn identity_in_every_order_and_repeated() {
    for (file, fixture) in fixtures("identity") {
        let events: Vec<Event> = objects(&fixture["events"])
            .iter()
            .flat_map(repeated)
            .enumerate()
            .map(|(number, value)| event(&value, number))
            .collect();
        let rules = match fixture.get("rules") {
            Some(rules) => Rules::read(&rules.to_string()).unwrap(),
            None => Rules::default(),
        };
        let constraints: Vec<Constraint> =
            serde_json::from_value(fixture.get("constraints").cloned().unwrap_or(json!([])))
                .unwrap();
        // A crowd is tried in two orders only.
        let orders = match events.len() {
            0..=6 => permutations(&events),
            _ => vec![events.clone(), events.iter().rev().cloned().collect()],
        };
        for order in orders {
            let twice: Vec<Event> = order.iter().chain(order.iter().rev()).cloned().collect();
            for events in [&order, &twice] {
                let resolution = solve(&rules, &constraints, events);
                let place = file.display();
                if let Some(groups) = fixture.get("groups") {
                    assert_eq!(
                        &serde_json::to_value(&resolution.groups).unwrap(),
                        groups,
                        "{place}"
                    );
                }
                if let Some(profiles) = fixture.get("profiles") {
                    assert_eq!(&json!(resolution.groups.len()), profiles, "{place}");
                }
                assert_eq!(
                    json!(resolution.blocked.len()),
                    fixture["blocked"],
                    "{place}"
                );
                if let Some(codes) = fixture.get("reasons") {
                    let mut found: Vec<_> = resolution
                        .blocked
                        .iter()
                        .map(|blocked| blocked.reason.code())
                        .collect();
                    found.sort_unstable();
                    found.dedup();
                    assert_eq!(&json!(found), codes, "{place}");
                }
            }
        }
    }
}

#[test]
fn audiences() {
    for (file, fixture) in fixtures("audiences") {
        let place = file.display().to_string();
        let traits = fixture["traits"].as_object().cloned().unwrap_or_default();
        let computed_traits = fixture["computed_traits"]
            .as_object()
            .cloned()
            .unwrap_or_default();
        let events: Vec<Event> = fixture["events"]
            .as_array()
            .into_iter()
            .flatten()
            .enumerate()
            .map(|(number, sent)| Event {
                timestamp: time(&sent["at"]),
                bot: sent["bot"].as_str().map(str::to_owned),
                ..event(
                    &json!({"event": sent["event"], "properties": sent["properties"], "at": 0}),
                    number,
                )
            })
            .collect();
        let evaluate = |expr: &Expr, now| {
            let facts = Facts {
                traits: &traits,
                computed_traits: &computed_traits,
                counts: &expr.counts(events.iter()),
            };
            expr.evaluate(&facts, now)
        };
        for case in fixture["cases"].as_array().into_iter().flatten() {
            let expr = Expr::parse(&fixture["definition"]).unwrap();
            let found = evaluate(&expr, time(&case["now"]));
            assert_eq!(json!(found.member), case["member"], "{place}: {case}");
            assert_eq!(
                json!(found.changes_at),
                case["changes_at"],
                "{place}: {case}"
            );
        }
        for rule in fixture["rules"].as_array().into_iter().flatten() {
            let expr = Expr::parse(&rule[0])
                .unwrap_or_else(|error| panic!("{place}: {}: {error}", rule[0]));
            assert_eq!(
                json!(evaluate(&expr, time(&fixture["now"])).member),
                rule[1],
                "{place}: {}",
                rule[0]
            );
            let again = Expr::parse(&serde_json::to_value(&expr).unwrap()).unwrap();
            assert_eq!(again, expr, "{place}: a definition survives being stored");
        }
        for refused in fixture["refused"].as_array().into_iter().flatten() {
            let error = Expr::parse(&refused[0]).unwrap_err();
            assert_eq!(json!(error.path), refused[1], "{place}: {}", refused[0]);
            assert!(
                error.message.contains(refused[2].as_str().unwrap()),
                "{place}: {error}"
            );
        }
    }
}

#[test]
fn computed_traits_in_every_order_and_split() {
    for (file, fixture) in fixtures("computed_traits") {
        let events: Vec<Event> = objects(&fixture["events"])
            .iter()
            .enumerate()
            .map(|(number, value)| event(value, number))
            .collect();
        for case in objects(&fixture["cases"]) {
            let definition: Definition = serde_json::from_value(case[0].clone()).unwrap();
            definition.check().unwrap();
            for order in permutations(&events) {
                for split in 0..order.len() {
                    let (mut left, mut right) = (State::default(), State::default());
                    order[..split]
                        .iter()
                        .for_each(|event| left.add(&definition, event));
                    order[split..]
                        .iter()
                        .for_each(|event| right.add(&definition, event));
                    let stored: State =
                        serde_json::from_value(serde_json::to_value(&left).unwrap()).unwrap();
                    right.merge(&stored);
                    let found = json!(right.value(&definition));
                    assert_eq!(found, case[1], "{}: {}", file.display(), definition.key);
                }
            }
        }
    }
}

#[test]
fn decisions() {
    for (file, fixture) in fixtures("decisions") {
        let experiences: Vec<Experience> =
            serde_json::from_value(fixture["experiences"].clone()).unwrap();
        experiences
            .iter()
            .for_each(|experience| experience.check().unwrap());
        for case in objects(&fixture["cases"]) {
            let audiences: Vec<(String, String)> =
                serde_json::from_value(case["audiences"].clone()).unwrap();
            let audiences = audiences
                .into_iter()
                .map(|(audience_id, name)| Membership { audience_id, name })
                .collect();
            let snapshot = Snapshot {
                audiences,
                ..Snapshot::default()
            };
            let decision = decide(
                &experiences,
                case["placement"].as_str().unwrap(),
                &snapshot,
                case["bucket_by"].as_str().unwrap_or("a1"),
            );
            assert_eq!(
                json!(decision.variant),
                case["variant"],
                "{}: {case}",
                file.display()
            );
            let reason = case["reason"].as_str().unwrap();
            assert!(
                decision.reasons.iter().any(|found| found.contains(reason)),
                "{}: {:?}",
                file.display(),
                decision.reasons
            );
        }
    }
}
