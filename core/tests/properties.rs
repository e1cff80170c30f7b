//! What must hold for every input, not only for the fixtures.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeMap;

use cdp_core::address::{self, IpPolicy};
use cdp_core::collection::{Caller, CollectionPolicy};
use cdp_core::consent::{Choices, Grant, Grants, Policy, Regime, Said, Standing, Verdict, verdict};
use cdp_core::decision::{Asker, Experience, Variant, decide};
use cdp_core::forward::Snapshot;
use cdp_core::identifier::Identifier;
use cdp_core::identity::{Edge, Rules, resolve};
use cdp_core::signature::Signed;
use cdp_core::source::{ConsentBasis, SourceConfig};
use cdp_core::time::{Span, Timestamp};
use cdp_core::wire::{Batch, Intake};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Identifiers of a small world: the smaller, the more they meet.
fn identifiers(size: u8) -> impl Strategy<Value = Identifier> {
    (0..3_usize, 0..size).prop_map(|(kind, number)| {
        let kind = ["user_id", "email", "anonymous_id"][kind];
        let value = if kind == "email" {
            format!("e{number}@example.org")
        } else {
            format!("{kind}{number}")
        };
        Identifier::new(kind, &value)
    })
}

fn evidence() -> impl Strategy<Value = Vec<Edge>> {
    prop_oneof![3 => 2..6_u8, 1 => 20..30_u8].prop_flat_map(|size| {
        let edge = (identifiers(size), identifiers(size), 0..20_i64);
        prop::collection::vec(edge, 0..60).prop_map(|edges| {
            let mut earliest: BTreeMap<(Identifier, Identifier), Timestamp> = BTreeMap::new();
            for (one, two, at) in edges {
                let strength = |one: &Identifier| Rules::default().place(one.kind());
                let (a, b) = if (strength(&one), &one) <= (strength(&two), &two) {
                    (one, two)
                } else {
                    (two, one)
                };
                let seen = Timestamp::from_millis(at);
                if a != b {
                    earliest
                        .entry((a, b))
                        .and_modify(|known| *known = seen.min(*known))
                        .or_insert(seen);
                }
            }
            earliest
                .into_iter()
                .map(|((a, b), first_seen)| Edge {
                    a,
                    b,
                    first_seen,
                    last_seen: first_seen,
                })
                .collect()
        })
    })
}

fn source() -> SourceConfig {
    SourceConfig {
        source_id: "src_1".to_owned(),
        space_id: "spc_1".to_owned(),
        write_key: "wk".to_owned(),
        consent_basis: ConsentBasis::EveryEvent,
        allowed_origins: Vec::new(),
        collection: CollectionPolicy::default(),
        enabled: true,
        policy: Policy::default(),
        experiences: Vec::new(),
        user_token_keys: Vec::new(),
        audiences: cdp_core::audience::Rules::default(),
        defaults: BTreeMap::new(),
        holdout: 0.0,
    }
}

/// Any JSON, with the fields of a message now and then.
fn messages() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        Just(json!("track")),
        Just(json!("2026-01-01T00:00:00Z")),
    ];
    let key = prop_oneof![
        Just("type"),
        Just("event"),
        Just("messageId"),
        Just("anonymousId"),
        Just("userId"),
        Just("timestamp"),
        Just("sentAt"),
        Just("properties"),
        Just("traits"),
        Just("context"),
        Just("consent"),
        Just("ledger"),
        Just("categoryPreferences"),
        Just("analytics"),
        Just("tab"),
        Just("seq"),
        Just("x"),
    ]
    .prop_map(str::to_owned);
    leaf.prop_recursive(4, 40, 8, move |inner| {
        prop_oneof![
            1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            4 => prop::collection::btree_map(key.clone(), inner, 0..8)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Moments of a small world.
fn moment() -> impl Strategy<Value = Timestamp> {
    (0..8_i64).prop_map(Timestamp::from_millis)
}

/// What a person says, word by word.
fn words() -> impl Strategy<Value = Vec<(Choices, Timestamp)>> {
    let choices = prop::collection::btree_map(
        prop_oneof![Just("analytics"), Just("advertising")].prop_map(str::to_owned),
        any::<bool>(),
        1..3,
    );
    prop::collection::vec((choices, moment()), 0..8)
}

fn standing<'a>(words: impl IntoIterator<Item = &'a (Choices, Timestamp)>) -> Standing {
    let mut standing = Standing::default();
    for (choices, at) in words {
        standing.merge(&Standing::of(choices, *at));
    }
    standing
}

proptest! {
    /// Times in the form that browsers write are read as the library for times reads them.
    #[test]
    fn usual_times_are_read_as_the_library_reads_them(
        (year, month, day) in (0..10_000_u32, 0..14_u32, 0..33_u32),
        (hour, minute, second) in (0..26_u32, 0..62_u32, 0..62_u32),
        millis in 0..1_000_u32,
    ) {
        let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{millis:03}Z");
        let expected = text.parse::<jiff::Timestamp>().ok().map(jiff::Timestamp::as_microsecond);
        prop_assert_eq!(text.parse::<Timestamp>().ok().map(Timestamp::as_micros), expected, "{}", text);
    }

    #[test]
    fn what_a_person_said_merges_in_any_order_and_repeated(words in words(), split in any::<prop::sample::Index>()) {
        let whole = standing(&words);
        prop_assert_eq!(&standing(words.iter().rev()), &whole);
        let (left, right) = words.split_at(split.index(words.len() + 1));
        let mut merged = standing(left);
        merged.merge(&standing(right));
        prop_assert_eq!(&merged, &whole);
        merged.merge(&whole);
        prop_assert_eq!(&merged, &whole, "a repeat changes nothing");
        let stored: Standing = serde_json::from_value(serde_json::to_value(&whole).unwrap()).unwrap();
        prop_assert_eq!(stored, whole);
    }

    /// Told once more from the list of words, not from what is kept of them.
    #[test]
    fn evidence_counts_as_long_as_nobody_denied_it_since(words in words(), ruled_at in moment(), chosen in any::<bool>(), granted in any::<bool>()) {
        let grant = if chosen { Grant::Chosen } else { Grant::Presumed };
        let purposes = granted.then(|| ("analytics".to_owned(), grant));
        let grants = Grants { ruled_at, purposes: purposes.into_iter().collect() };
        let about: Vec<(bool, Timestamp)> = words.iter().filter_map(|(choices, at)| Some((*choices.get("analytics")?, *at))).collect();
        let denied_since = about.iter().any(|(word, at)| !word && *at >= ruled_at);
        let last = about.iter().map(|(_, at)| *at).max();
        let last_is_denial = about.iter().any(|(word, at)| !word && Some(*at) == last);
        let expected = granted && !denied_since && (chosen || !last_is_denial);
        let standing = standing(&words);
        prop_assert_eq!(standing.allows(&grants, "analytics"), expected);
        prop_assert!(!standing.allows(&grants, "advertising"), "evidence without a grant never counts");
        // Agreeing later revives nothing that was withdrawn.
        if denied_since {
            let mut regranted = standing;
            regranted.merge(&Standing(BTreeMap::from([("analytics".to_owned(), Said { granted_at: Some(Timestamp::from_millis(99)), denied_at: None })])));
            prop_assert!(!regranted.allows(&grants, "analytics"));
        }
    }

    #[test]
    fn the_same_evidence_in_any_order_gives_the_same_profiles(edges in evidence(), seed in any::<u64>()) {
        let expected = resolve(&Rules::default(), &[], &edges, &[]);
        let mut shuffled = edges.clone();
        let mut state = seed;
        for at in (1..shuffled.len()).rev() {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            shuffled.swap(at, usize::try_from(state >> 33).unwrap() % (at + 1));
        }
        let repeated: Vec<Edge> = shuffled.iter().chain(&edges).cloned().collect();
        prop_assert_eq!(&resolve(&Rules::default(), &[], &shuffled, &[]), &expected);
        prop_assert_eq!(&resolve(&Rules::default(), &[], &repeated, &[]).groups, &expected.groups);
    }

    #[test]
    fn every_identifier_is_in_one_profile_and_no_profile_has_two_user_ids(edges in evidence()) {
        let resolution = resolve(&Rules::default(), &[], &edges, &[]);
        let mut members: Vec<&Identifier> = resolution.groups.iter().flat_map(|group| &group.members).collect();
        let all = members.len();
        members.sort();
        members.dedup();
        prop_assert_eq!(members.len(), all);
        for edge in &edges {
            prop_assert!(members.contains(&&edge.a) && members.contains(&&edge.b));
        }
        for group in &resolution.groups {
            prop_assert!(group.members.iter().filter(|member| member.kind() == "user_id").count() <= 1);
            prop_assert!(group.members.contains(&group.seed));
        }
    }

    #[test]
    fn any_batch_gives_one_outcome_a_message_and_never_panics(items in prop::collection::vec(messages(), 0..6)) {
        let config = source();
        let intake = Intake { config: &config, received_at: Timestamp::from_millis(1), jurisdiction: None, gpc: false, caller: Caller::default() };
        let body = json!({"batch": items}).to_string();
        let judged = Batch::read(body.as_bytes()).unwrap().judge(&intake, &mut || "fresh".to_owned());
        prop_assert_eq!(judged.admitted.len() + judged.refused.len(), items.len());
        for admitted in &judged.admitted {
            let analytics = admitted.event.receipt.ruling().get("analytics");
            prop_assert_eq!(analytics, Some(&true), "admitted without consent");
        }
    }

    /// Whatever a message looks like and whatever becomes of it, no more of an address than the policy
    /// allows leaves the edge.
    #[test]
    fn no_whole_address_leaves_the_edge(item in messages(), last in 1..255_u8, readable in any::<bool>(), agreed in any::<bool>()) {
        let (own, callers) = (format!("198.51.100.{last}"), format!("203.0.113.{last}"));
        let mut message = if item.is_object() { item } else { json!({"type": "track", "event": "A", "anonymousId": "a1"}) };
        message["context"] = json!({"ip": own, "consent": {"categoryPreferences": {"analytics": agreed}}});
        let mut config = source();
        for ip in [IpPolicy::Truncate, IpPolicy::Drop] {
            config.collection.ip = ip;
            let caller = Caller { address: address::read(&callers), user_agent: None };
            let intake = Intake { config: &config, received_at: Timestamp::from_millis(1), jurisdiction: None, gpc: false, caller };
            // A number that no double holds makes the whole message unreadable.
            let text = message.to_string();
            let text = if readable { text } else { format!("{{\"huge\":1e999,{}", &text[1..]) };
            let body = format!("{{\"batch\":[{text}]}}");
            let judged = Batch::read(body.as_bytes()).unwrap().judge(&intake, &mut || "fresh".to_owned());
            let events: Vec<_> = judged.admitted.iter().map(|admitted| &admitted.event).collect();
            let left = serde_json::to_string(&(events, &judged.refused)).unwrap();
            prop_assert!(!left.contains(&format!("\"{own}")) && !left.contains(&format!("{own}\\")), "{left}");
            prop_assert!(!left.contains(&callers), "{left}");
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = Batch::read(&body);
    }

    #[test]
    fn a_veto_or_a_refusal_is_never_allowed(choice in any::<Option<bool>>(), opt_out in any::<bool>(), vetoed in any::<bool>()) {
        let regime = if opt_out { Regime::OptOut } else { Regime::OptIn };
        let allowed = verdict(choice, regime, vetoed) == Verdict::Allow;
        prop_assert_eq!(allowed, !vetoed && choice.unwrap_or(opt_out));
    }

    #[test]
    fn times_are_written_as_they_are_read(micros in -62_000_000_000_000_000_i64..250_000_000_000_000_000) {
        let time = Timestamp::from_micros(micros);
        prop_assert_eq!(time.to_string().parse::<Timestamp>().unwrap(), time);
        prop_assert_eq!(time.plus(Span::from_seconds(7)).since(time), Span::from_seconds(7));
    }

    #[test]
    fn a_signature_holds_for_exactly_what_was_signed(body in ".{0,40}", other in ".{0,40}", timestamp in any::<i64>()) {
        let signed = Signed { method: "POST", path: "/internal/v1/ingest", timestamp, nonce: "n", body: body.as_bytes() };
        let signature = signed.sign(b"secret");
        let right = signed.verify(b"secret", &signature);
        prop_assert!(right);
        prop_assert!(!signed.verify(b"another", &signature));
        prop_assert!(!signed.verify(b"", &signature));
        let other_body = Signed { body: other.as_bytes(), ..signed }.verify(b"secret", &signature);
        prop_assert_eq!(other_body, other == body);
        let other_nonce = Signed { nonce: "m", ..signed }.verify(b"secret", &signature);
        prop_assert!(!other_nonce);
    }
}

/// Shares come out as the weights say: 4,000 people, a third each way, within four standard deviations.
#[test]
fn variants_are_shared_by_weight_and_stay() {
    let variant = |key: &str, weight: f64| Variant {
        key: key.to_owned(),
        weight,
        ..Variant::default()
    };
    let experience = Experience {
        id: "exp_1".to_owned(),
        name: "Split".to_owned(),
        placement: "hero".to_owned(),
        holdout: 0.25,
        variants: vec![variant("a", 1.0), variant("b", 2.0), variant("zero", 0.0)],
        ..Experience::default()
    };
    let mut counts: BTreeMap<Option<String>, u32> = BTreeMap::new();
    for person in 0..4_000 {
        let key = format!("prf_{person}");
        let asker = Asker {
            snapshot: &Snapshot::default(),
            bucket_by: &key,
            holdout: 0.0,
            now: Timestamp::default(),
        };
        let decision = decide(std::slice::from_ref(&experience), "hero", &asker);
        assert_eq!(
            decision,
            decide(std::slice::from_ref(&experience), "hero", &asker)
        );
        *counts.entry(decision.variant).or_default() += 1;
    }
    for (variant, expected) in [(None, 1_000_u32), (Some("a"), 1_000), (Some("b"), 2_000)] {
        let found = counts
            .get(&variant.map(str::to_owned))
            .copied()
            .unwrap_or(0);
        assert!(
            found.abs_diff(expected) < 130,
            "{variant:?}: {found} of {expected}"
        );
    }
    assert!(!counts.contains_key(&Some("zero".to_owned())));
}

/// A page that cuts a text in the middle of an emoji sends half of a surrogate pair.
#[test]
fn half_an_emoji_does_not_cost_the_event() {
    let config = source();
    let intake = Intake {
        config: &config,
        received_at: Timestamp::from_millis(1),
        jurisdiction: None,
        gpc: false,
        caller: Caller::default(),
    };
    let consent = r#""context":{"consent":{"categoryPreferences":{"analytics":true}}}"#;
    let head = r#""type":"track","event":"Search","messageId":"m1","anonymousId":"a1""#;
    let body = format!(
        r#"{{"batch":[{{{head},"properties":{{"half":"a\ud83d","low":"\ude00b","whole":"\ud83d\ude00","slash":"\\ud83d"}},{consent}}}],"context":{{"page":{{"title":"b\ud83d"}}}}}}"#
    );
    let judged = Batch::read(body.as_bytes())
        .unwrap()
        .judge(&intake, &mut || "fresh".to_owned());
    assert_eq!(judged.refused, []);
    let properties = Value::Object((*judged.admitted[0].event.properties).clone());
    assert_eq!(
        properties,
        json!({"half": "a\u{fffd}", "low": "\u{fffd}b", "whole": "😀", "slash": "\\ud83d"})
    );
    let context = &judged.admitted[0].event.context;
    assert_eq!(context["page"]["title"], "b\u{fffd}");
}

#[test]
fn a_trait_name_too_long_for_a_key_is_refused_with_words() {
    let config = source();
    let intake = Intake {
        config: &config,
        received_at: Timestamp::from_millis(1),
        jurisdiction: None,
        gpc: false,
        caller: Caller::default(),
    };
    let mut message = json!({"type": "identify", "userId": "u1", "traits": {"n".repeat(256): 1}});
    message["context"]["consent"]["categoryPreferences"] = json!({"analytics": true});
    let body = json!({"batch": [message]}).to_string();
    let judged = Batch::read(body.as_bytes())
        .unwrap()
        .judge(&intake, &mut || "fresh".to_owned());
    assert!(
        judged.refused[0]
            .reason
            .contains("a name of 256 bytes; it may have 255"),
        "{}",
        judged.refused[0].reason
    );
}
