//! What an audience remembers of events must answer as the events themselves would.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::{BTreeMap, BTreeSet};

use cdp_core::audience::{Expr, Facts};
use cdp_core::computed_trait::State;
use cdp_core::event::{Event, Object};
use cdp_core::time::Timestamp;
use proptest::prelude::*;
use serde_json::{Value, json};

fn event(number: usize, second: i64, matching: bool) -> Event {
    let name = if matching { "Viewed" } else { "Bought" };
    let at = Timestamp::from_millis(second * 1_000).to_string();
    serde_json::from_value(json!({
        "messageId": format!("m{number}"), "type": "track", "event": name, "anonymousId": "a",
        "timestamp": at, "receivedAt": at, "receipt": {"categoryPreferences": {}}
    }))
    .unwrap()
}

fn holds(comparison: &Value, count: usize) -> bool {
    let count = i64::try_from(count).unwrap();
    comparison.as_object().unwrap().iter().all(|(word, bound)| {
        let one = bound.as_i64().unwrap_or_default();
        match word.as_str() {
            "eq" => count == one,
            "ne" => count != one,
            "gt" => count > one,
            "gte" => count >= one,
            "lt" => count < one,
            "lte" => count <= one,
            "in" => bound.as_array().unwrap().contains(&json!(count)),
            other => unreachable!("{other}"),
        }
    })
}

fn comparisons() -> impl Strategy<Value = Value> {
    let word = prop::sample::select(vec!["eq", "ne", "gt", "gte", "lt", "lte"]);
    prop_oneof![
        (word, 0..6_i64).prop_map(|(word, bound)| json!({word: bound})),
        (0..4_i64, 3..7_i64).prop_map(|(low, high)| json!({"gte": low, "lt": high})),
        (0..6_i64, 0..6_i64).prop_map(|(one, two)| json!({"in": [one, two]})),
    ]
}

proptest! {
    /// Whatever the order of the events, however they are spread over a person's identifiers, and
    /// however few times are remembered: membership and the time of its next change are those of a
    /// count over all events.
    #[test]
    fn remembered_counts_answer_as_the_events_do(
        sent in prop::collection::vec((0..40_i64, prop::bool::weighted(0.8), 0..3_usize), 0..25),
        count in comparisons(),
        window in prop::option::of(1..30_i64),
        now in 40..60_i64,
    ) {
        let mut definition = json!({"event": "Viewed", "count": count});
        if let Some(window) = window {
            definition["within"] = json!(format!("{window}s"));
        }
        let rule = Expr::parse(&definition).unwrap();
        let anchors: Vec<BTreeMap<String, State>> = (0..3)
            .map(|anchor| {
                let events: Vec<Event> = sent
                    .iter()
                    .enumerate()
                    .filter(|(_, (_, _, of))| *of == anchor)
                    .map(|(number, (second, matching, _))| event(number, *second, *matching))
                    .collect();
                rule.counts(events.iter())
            })
            .collect();
        let mut counts: BTreeMap<String, State> = BTreeMap::new();
        for (key, state) in anchors.iter().flatten() {
            counts.entry(key.clone()).or_default().merge(state);
        }
        let nothing = Object::new();
        let facts = Facts {
            traits: &nothing,
            computed_traits: &nothing,
            changes: &BTreeMap::new(),
            counts: &counts,
            audiences: &BTreeSet::new(),
            choices: &BTreeMap::new(),
            identifiers: &BTreeSet::new(),
        };
        let found = rule.evaluate(&facts, Timestamp::from_millis(now * 1_000));

        let member = |now: i64| {
            let inside = |second: i64| window.is_none_or(|window| now - second < window);
            holds(&count, sent.iter().filter(|(second, matching, _)| *matching && inside(*second)).count())
        };
        prop_assert_eq!(found.member, member(now));
        let changes = (now + 1..now + 80).find(|later| member(*later) != member(now));
        let changes = changes.map(|second| Timestamp::from_millis(second * 1_000));
        let mut seconds: Vec<i64> = sent.iter().map(|(second, ..)| *second).collect();
        seconds.sort_unstable();
        if seconds.windows(2).all(|pair| pair[0] != pair[1]) {
            prop_assert_eq!(found.changes_at, changes);
        } else if let Some(changes) = changes {
            // Events of one instant leave together; the answer may be asked for once too often.
            prop_assert!(found.changes_at.is_some_and(|asked| asked <= changes));
        }
    }
}
