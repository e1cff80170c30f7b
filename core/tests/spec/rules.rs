//! The cases of `spec/audiences` and `spec/decisions`: the same function natively (`core/tests/spec.rs`) and in
//! WebAssembly (`core/examples/rules.rs`).

use std::collections::BTreeMap;

use cdp_core::audience::{Expr, Facts};
use cdp_core::consent::Receipt;
use cdp_core::decision::{Asker, EXPOSURE_EVENT, Experience, Exposed, Shown, decide};
use cdp_core::event::{Event, EventKind};
use cdp_core::fields::Fields;
use cdp_core::forward::{Membership, Snapshot};
use cdp_core::time::Timestamp;
use serde_json::{Value, json};

pub(crate) fn time(value: &Value) -> Timestamp {
    Timestamp::from_json(value).unwrap()
}

pub(crate) fn objects(value: &Value) -> &Vec<Value> {
    value.as_array().unwrap()
}

/// Whether `found` has everything that `wanted` has.
pub(crate) fn assert_part(wanted: &Value, found: &Value, place: &str) {
    match wanted {
        Value::Object(fields) => {
            for (key, value) in fields {
                assert_part(value, &found[key], &format!("{place}.{key}"));
            }
        }
        _ => assert_eq!(wanted, found, "{place}"),
    }
}

pub(crate) fn event(value: &Value, number: usize) -> Event {
    let text = |field: &str| value[field].as_str().map(str::to_owned);
    let object = |field: &str| value[field].as_object().cloned().unwrap_or_default();
    let kind = value["type"]
        .as_str()
        .map_or(EventKind::Track, |word| EventKind::from_word(word).unwrap());
    // Seconds, or a moment.
    let at = match value["at"].as_i64() {
        Some(seconds) => Timestamp::from_millis(seconds * 1_000),
        None => time(&value["at"]),
    };
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
/// What a fixture says is known; nothing where it says nothing.
fn known<T: Default + serde::de::DeserializeOwned>(value: &Value) -> T {
    match value {
        Value::Null => T::default(),
        value => serde_json::from_value(value.clone()).unwrap(),
    }
}

/// The rules of one fixture of `spec/audiences`; how many there are.
pub(crate) fn audiences(fixture: &Value, place: &str) -> usize {
    let mut cases = 0;
    let traits = fixture["traits"].as_object().cloned().unwrap_or_default();
    let computed_traits = fixture["computed_traits"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    let sent = |events: &Value| -> Vec<Event> {
        let events = events.as_array().into_iter().flatten().enumerate();
        events
            .map(|(number, sent)| Event {
                timestamp: time(&sent["at"]),
                bot: sent["bot"].as_str().map(str::to_owned),
                ..event(
                    &json!({"event": sent["event"], "properties": sent["properties"], "at": 0}),
                    number,
                )
            })
            .collect()
    };
    let events = sent(&fixture["events"]);
    let evaluate = |expr: &Expr, events: &[Event], now| {
        let facts = Facts {
            traits: &traits,
            computed_traits: &computed_traits,
            changes: &BTreeMap::new(),
            counts: &expr.counts(events.iter()),
            audiences: &known(&fixture["audiences"]),
            choices: &known(&fixture["choices"]),
            identifiers: &known(&fixture["identifiers"]),
        };
        expr.evaluate(&facts, now)
    };
    let timed = fixture["timed"].as_array().into_iter().flatten();
    let alone = fixture.get("cases").map(|_| fixture);
    for timed in timed.chain(alone) {
        let expr = Expr::parse(&timed["definition"]).unwrap();
        let own = timed.get("events").map(sent);
        let events = own.as_ref().unwrap_or(&events);
        for case in timed["cases"].as_array().unwrap() {
            let found = evaluate(&expr, events, time(&case["now"]));
            cases += 1;
            let place = format!("{place}: {expr}: {case}");
            assert_eq!(json!(found.member), case["member"], "{place}");
            assert_eq!(json!(found.changes_at), case["changes_at"], "{place}");
        }
    }
    for text in fixture["texts"].as_array().into_iter().flatten() {
        cases += 1;
        let read = Expr::parse_text(text[0].as_str().unwrap());
        let read = read.unwrap_or_else(|error| panic!("{place}: {text}: {error}"));
        assert_eq!(read, Expr::parse(&text[1]).unwrap(), "{place}");
    }
    for refused in fixture["refused_texts"].as_array().into_iter().flatten() {
        cases += 1;
        let error = Expr::parse_text(refused[0].as_str().unwrap()).unwrap_err();
        let at = json!([error.line, error.column]);
        assert_eq!(
            at,
            json!([refused[1], refused[2]]),
            "{place}: {refused}: {error}"
        );
        assert!(
            error.message.contains(refused[3].as_str().unwrap()),
            "{place}: {refused}: {error}"
        );
    }
    for rule in fixture["rules"].as_array().into_iter().flatten() {
        cases += 1;
        let expr =
            Expr::parse(&rule[0]).unwrap_or_else(|error| panic!("{place}: {}: {error}", rule[0]));
        assert_eq!(
            json!(evaluate(&expr, &events, time(&fixture["now"])).member),
            rule[1],
            "{place}: {}",
            rule[0]
        );
        let again = Expr::parse(&serde_json::to_value(&expr).unwrap()).unwrap();
        assert_eq!(again, expr, "{place}: a definition survives being stored");
        let text = expr.to_string();
        let read = Expr::parse_text(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(read, expr, "{place}: {text}");
    }
    for refused in fixture["refused"].as_array().into_iter().flatten() {
        cases += 1;
        let error = Expr::parse(&refused[0]).unwrap_err();
        assert_eq!(json!(error.path), refused[1], "{place}: {}", refused[0]);
        assert!(
            error.message.contains(refused[2].as_str().unwrap()),
            "{place}: {error}"
        );
    }
    cases
}

/// The decisions of one fixture of `spec/decisions`; how many there are.
pub(crate) fn decisions(fixture: &Value, place: &str) -> usize {
    let mut cases = 0;
    let experiences: Vec<Experience> =
        serde_json::from_value(fixture.get("experiences").cloned().unwrap_or(json!([]))).unwrap();
    for experience in &experiences {
        assert_eq!(experience.mistakes(), [], "{place}");
    }
    for case in fixture["cases"].as_array().into_iter().flatten() {
        decision(&experiences, fixture, case, &format!("{place}: {case}"));
        cases += 1;
    }
    for refused in fixture["refused"].as_array().into_iter().flatten() {
        let experience: Experience = serde_json::from_value(refused[0].clone()).unwrap();
        let found: Vec<String> = experience
            .mistakes()
            .into_iter()
            .map(|mistake| mistake.path)
            .collect();
        assert_eq!(json!(found), refused[1], "{place}: {}", refused[0]);
        cases += 1;
    }
    cases
}

/// One decision. A case's `exposures` are events, told in any order.
fn decision(experiences: &[Experience], fixture: &Value, case: &Value, place: &str) {
    let field = |name: &str| case.get(name).or_else(|| fixture.get(name)).cloned();
    let audiences = field("audiences").unwrap_or(json!([]));
    let member = |membership: &Value| Membership {
        audience_id: membership[0].as_str().unwrap().to_owned(),
        name: membership[1].as_str().unwrap().to_owned(),
        since: membership.get(2).map(time),
    };
    let told = field("exposures").unwrap_or(json!([]));
    let events: Vec<Event> = objects(&told)
        .iter()
        .enumerate()
        .map(|(number, told)| Event {
            timestamp: time(&told["at"]),
            ..event(
                &json!({"event": told.get("event").unwrap_or(&json!(EXPOSURE_EVENT)), "properties": told, "at": 0}),
                number,
            )
        })
        .collect();
    let snapshot = |events: &[Event]| {
        let mut exposed: BTreeMap<String, Exposed> = BTreeMap::new();
        for shown in events.iter().filter_map(Shown::of_event) {
            exposed
                .entry(shown.experience.clone())
                .or_default()
                .add(&shown);
        }
        let counts = |id: &String| {
            let mut known = experiences.iter().filter(|experience| experience.id == *id);
            known.next().map_or(0, Experience::counts)
        };
        Snapshot {
            audiences: objects(&audiences).iter().map(member).collect(),
            exposures: exposed
                .into_iter()
                .map(|(id, exposed)| (id.clone(), exposed.for_snapshot(counts(&id))))
                .collect(),
            as_of: field("as_of").map(|as_of| time(&as_of)),
            ..Snapshot::default()
        }
    };
    let now = field("now").unwrap_or(json!("2026-01-31T10:00:00Z"));
    let ask = |snapshot: &Snapshot| {
        decide(
            experiences,
            case["placement"].as_str().unwrap(),
            &Asker {
                snapshot,
                bucket_by: case["bucket_by"].as_str().unwrap_or("a1"),
                holdout: field("holdout")
                    .and_then(|share| share.as_f64())
                    .unwrap_or(0.0),
                now: time(&now),
            },
        )
    };
    let decision = ask(&snapshot(&events));
    let backwards: Vec<Event> = events.iter().rev().chain(&events).cloned().collect();
    assert_eq!(
        ask(&snapshot(&backwards)),
        decision,
        "{place}: in any order, and repeated"
    );
    assert_eq!(json!(decision.variant), case["variant"], "{place}");
    if let Some(reason) = case["reason"].as_str() {
        assert!(
            decision.reasons.iter().any(|found| found.contains(reason)),
            "{place}: {:?}",
            decision.reasons
        );
    }
    if let Some(why) = case["why"].as_array() {
        let found = serde_json::to_value(&decision.why).unwrap();
        assert_eq!(
            found.as_array().unwrap().len(),
            why.len(),
            "{place}: {found}"
        );
        for (wanted, found) in why.iter().zip(objects(&found)) {
            match wanted.as_array() {
                Some(pair) => assert_eq!(
                    *pair,
                    [found["experience"].clone(), found["outcome"].clone()],
                    "{place}"
                ),
                None => assert_part(wanted, found, place),
            }
        }
    }
    if let Some(exposure) = case.get("exposure") {
        let found = serde_json::to_value(&decision.exposure).unwrap();
        assert_part(exposure, &found, place);
    }
}
