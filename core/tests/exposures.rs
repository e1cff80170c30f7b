//! What must hold of what people were shown, for every history.

use std::collections::BTreeMap;

use cdp_core::consent::Receipt;
use cdp_core::decision::{Asker, EXPOSURE_EVENT, Experience, Exposed, Shown, Variant, decide};
use cdp_core::event::{Event, EventKind};
use cdp_core::fields::Fields;
use cdp_core::forward::Snapshot;
use cdp_core::time::Timestamp;
use proptest::prelude::*;

/// Exposures as events tell them, in any order.
fn exposures() -> impl Strategy<Value = Vec<Event>> {
    let one = (0_u8..4, 0_u8..60, any::<bool>(), 0_i64..50);
    proptest::collection::vec(one, 0..60).prop_map(|told| {
        let event = |(number, (experience, arm, held, at)): (usize, (u8, u8, bool, i64))| {
            let properties = serde_json::json!({
                "experience": format!("exp_{experience}"), "variant": format!("v{}", arm % 40), "holdout": held && arm < 9,
                "decision_id": format!("dec_{}", arm)
            });
            let at = Timestamp::from_millis(at);
            Event {
                properties: properties.as_object().cloned().unwrap_or_default().into(),
                timestamp: at,
                ..exposure(format!("m{number}"))
            }
        };
        told.into_iter().enumerate().map(event).collect()
    })
}

fn exposure(message_id: String) -> Event {
    Event {
        message_id,
        kind: EventKind::Track,
        name: Some(EXPOSURE_EVENT.to_owned()),
        anonymous_id: None,
        user_id: None,
        previous_id: None,
        group_id: None,
        properties: Fields::default(),
        traits: Fields::default(),
        context: Fields::default(),
        timestamp: Timestamp::default(),
        original_timestamp: None,
        sent_at: None,
        received_at: Timestamp::default(),
        receipt: Receipt::default(),
        bot: None,
        ledger: None,
        violations: Vec::new(),
        extra: Fields::default(),
    }
}

fn remembered(events: &[Event]) -> Exposed {
    let mut exposed = Exposed::default();
    for shown in events.iter().filter_map(Shown::of_event) {
        exposed.add(&shown);
    }
    exposed
}

proptest! {
    #[test]
    fn exposures_merge_in_any_order_and_repeated(events in exposures(), split in 0_usize..60, cut in 0_usize..60) {
        let whole = remembered(&events);
        let split = split.min(events.len());
        let (left, right) = events.split_at(split);
        let mut merged = remembered(right);
        merged.merge(&remembered(left));
        prop_assert_eq!(&merged, &whole);
        // In three parts, with one of them twice, through what is stored.
        let (first, second) = left.split_at(cut.min(left.len()));
        let mut tail = remembered(second);
        tail.merge(&remembered(right));
        let text = serde_json::to_string(&tail).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let mut all: Exposed = serde_json::from_str(&text).map_err(|error| TestCaseError::fail(error.to_string()))?;
        all.merge(&remembered(first));
        all.merge(&remembered(second));
        prop_assert_eq!(&all, &whole);
        prop_assert!(whole.for_snapshot(3).times.len() <= 3);
    }

    #[test]
    fn whoever_was_shown_an_arm_keeps_it_whatever_the_id_is(person in "[a-z0-9]{1,12}", other in "[a-z0-9]{1,12}", arms in 2_usize..6, held in 0.0_f64..0.9) {
        let variant = |number: usize| Variant { key: format!("v{number}"), ..Variant::default() };
        let experience = Experience {
            id: "exp_1".to_owned(),
            name: "Split".to_owned(),
            placement: "hero".to_owned(),
            holdout: held,
            variants: (0..arms).map(variant).collect(),
            ..Experience::default()
        };
        let ask = |experience: &Experience, snapshot: &Snapshot, bucket_by: &str| {
            let asker = Asker { snapshot, bucket_by, holdout: 0.0, now: Timestamp::from_millis(9) };
            decide(std::slice::from_ref(experience), "hero", &asker)
        };
        let first = ask(&experience, &Snapshot::default(), &person);
        let Some(shown) = first.exposure.clone() else {
            return Err(TestCaseError::fail("everybody is in an arm"));
        };
        let event = Event { properties: shown.properties().into(), ..exposure("m1".to_owned()) };
        let exposed = remembered(&[event]).for_snapshot(0);
        let snapshot = Snapshot { exposures: BTreeMap::from([("exp_1".to_owned(), exposed)]), ..Snapshot::default() };
        // Other weights, and another id.
        let mut changed = experience;
        for variant in &mut changed.variants {
            variant.weight = if variant.key == "v0" { 1.0 } else { 0.0 };
        }
        changed.holdout = if shown.holdout { 0.000_1 } else { 1.0 };
        for id in [&person, &other] {
            let again = ask(&changed, &snapshot, id);
            prop_assert_eq!(&again.variant, &first.variant);
            prop_assert_eq!(again.exposure.map(|exposure| exposure.holdout), Some(shown.holdout));
        }
    }
}

#[test]
fn people_are_split_evenly_by_chi_squared() {
    // Beyond these, a fair split is rarer than one in a thousand.
    for (arms, most) in [(2_u32, 10.83), (3, 13.82), (10, 27.88)] {
        let variant = |number: u32| Variant {
            key: format!("v{number}"),
            ..Variant::default()
        };
        let experience = Experience {
            id: format!("exp_{arms}"),
            placement: "hero".to_owned(),
            variants: (0..arms).map(variant).collect(),
            ..Experience::default()
        };
        let mut counts: BTreeMap<Option<String>, f64> = BTreeMap::new();
        let people = 100_000;
        for person in 0..people {
            let asker = Asker {
                snapshot: &Snapshot::default(),
                bucket_by: &format!("prf_{person}"),
                holdout: 0.0,
                now: Timestamp::default(),
            };
            let decision = decide(std::slice::from_ref(&experience), "hero", &asker);
            *counts.entry(decision.variant).or_default() += 1.0;
        }
        let expected = f64::from(people) / f64::from(arms);
        let distance: f64 = counts
            .values()
            .map(|count| (count - expected).powi(2) / expected)
            .sum();
        assert_eq!(counts.len(), usize::try_from(arms).unwrap_or_default());
        assert!(distance < most, "{arms} arms: {distance}");
    }
}
