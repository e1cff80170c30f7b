//! Policies as people write them: every mistake is told with its line, and none loosens anything.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use cdp_core::consent::{Choices, Evidence, Policy, Regime, Use, Verdict};
use cdp_core::document::DocumentError;
use proptest::prelude::*;
use serde_json::{Value, json};

fn written() -> Value {
    json!({
        "purposes": ["necessary", {"name": "analytics", "label": "Statistics"}, "advertising"],
        "uses": {
            "store": ["necessary"], "send": ["analytics"], "link": ["analytics"], "traits": ["analytics"],
            "audiences": ["analytics"], "decisions": ["analytics"], "destinations": ["advertising"],
            "destination:dst_mail": ["analytics", "advertising"]
        },
        "gpc_denies": ["advertising"],
        "default": "opt_in",
        "unknown": {"regime": "opt_in"},
        "jurisdictions": {
            "US": {"regime": "opt_out", "purposes": {"advertising": "opt_in"}},
            "US-CA": {"regime": "opt_out", "gpc_denies": ["analytics", "advertising"]}
        },
        "categories": {"C0002": ["analytics"], "Marketing": ["analytics", "advertising"]}
    })
}

fn errors(document: &str) -> Vec<DocumentError> {
    Policy::read(document).unwrap_err()
}

#[test]
fn a_policy_survives_being_stored() {
    for policy in [
        Policy::default(),
        Policy::read(&written().to_string()).unwrap(),
    ] {
        let stored = serde_json::to_string(&policy).unwrap();
        assert_eq!(Policy::read(&stored).unwrap(), policy);
        assert_eq!(serde_json::from_str::<Policy>(&stored).unwrap(), policy);
    }
}

#[test]
fn policies_of_the_older_form_are_read_as_they_were_meant() {
    let older = json!({
        "version": 1, "purposes": ["necessary", "analytics", "personalization", "advertising", "sale_or_share"],
        "default_regime": "opt_in", "jurisdictions": {}, "gpc_denies": ["advertising", "sale_or_share"],
        "collect_purpose": "analytics", "decide_purpose": "personalization"
    });
    let read = Policy::read(&older.to_string()).unwrap();
    let default = Policy::default();
    assert_eq!(
        (&read.uses, &read.default, &read.unknown),
        (&default.uses, &default.default, &default.unknown)
    );
    let mut looser = older;
    looser["default_regime"] = json!("opt_out");
    let read = Policy::read(&looser.to_string()).unwrap();
    assert_eq!(
        read.regime("analytics", None),
        Regime::OptOut,
        "an unknown place was the default"
    );
}

#[test]
fn every_mistake_is_told_with_its_line_and_what_to_write() {
    let document = r#"{
  "purposes": ["necessary", "analytics", "analytics"],
  "uses": {
    "store": ["analitics"],
    "send": [],
    "sned": ["analytics"],
    "link": "analytics",
    "traits": ["analytics"], "audiences": ["analytics"], "decisions": ["analytics"]
  },
  "gpc_denies": ["necessary"],
  "default": {"regime": "optout"},
  "unkown": "opt_in",
  "jurisdictions": {
    "UK": "opt_in",
    "US-ZZ": "opt_out",
    "DE": {"purposes": {"advertising": "opt_in"}},
    "FR": "opt_in", "FR": "opt_out"
  },
  "categories": {"analytics": ["analytics"]}
}"#;
    let found: Vec<(usize, usize, String, String)> = errors(document)
        .into_iter()
        .map(|error| (error.line, error.column, error.path, error.message))
        .collect();
    let expected = [
        (2, 42, "purposes[2]", "twice"),
        (3, 11, "uses", "\"destinations\" is missing"),
        (4, 15, "uses.store[0]", "(\"analytics\"?)"),
        (5, 13, "uses.send", "[\"necessary\"]"),
        (6, 5, "uses.sned", "(\"send\"?)"),
        (7, 13, "uses.link", "write a list"),
        (10, 17, "gpc_denies", "always allowed"),
        (11, 25, "default.regime", "\"opt_in\" or \"opt_out\""),
        (12, 3, "unkown", "(\"unknown\"?)"),
        (14, 5, "jurisdictions.UK", "\"GB\""),
        (15, 5, "jurisdictions.US-ZZ", "no such region"),
        (16, 11, "jurisdictions.DE", "\"regime\" is missing"),
        (
            16,
            25,
            "jurisdictions.DE.purposes.advertising",
            "no purpose \"advertising\"",
        ),
        (17, 21, "jurisdictions.FR", "twice"),
        (19, 18, "categories.analytics", "stands for itself"),
    ];
    assert_eq!(found.len(), expected.len(), "{found:#?}");
    for ((line, column, path, hint), found) in expected.into_iter().zip(&found) {
        assert_eq!(
            (line, column, path),
            (found.0, found.1, found.2.as_str()),
            "{found:?}"
        );
        assert!(found.3.contains(hint), "{found:?}");
    }
}

#[test]
fn what_is_no_json_is_told_with_its_line() {
    let found = errors("{\n  \"purposes\": [\"necessary\",]\n}");
    assert_eq!((found.len(), found[0].line, found[0].column), (1, 2, 28));
    assert!(
        found[0]
            .to_string()
            .starts_with("line 2, column 28: this is no JSON"),
        "{}",
        found[0]
    );
}

#[test]
fn a_policy_that_cannot_be_read_allows_what_is_necessary_and_nothing_else() {
    let closed = Policy::closed();
    let everything: Choices = closed
        .purposes
        .iter()
        .map(|purpose| (purpose.name.clone(), true))
        .collect();
    let evidence = Evidence::of_choices(&everything, Some("DE"), false);
    for asked in Use::ALL.into_iter().chain([Use::Destination("dst_1")]) {
        assert_eq!(
            closed.ask(asked, &evidence).verdict,
            Verdict::Deny,
            "{asked}"
        );
    }
    assert_eq!(
        closed.ask_purpose("necessary", &evidence).verdict,
        Verdict::Allow
    );
}

/// Where a policy can be damaged: every value and every name below it.
fn places(value: &Value, path: &[String], found: &mut Vec<Vec<String>>) {
    let parts: Vec<(String, &Value)> = match value {
        Value::Object(fields) => fields
            .iter()
            .map(|(name, value)| (name.clone(), value))
            .collect(),
        Value::Array(items) => items
            .iter()
            .enumerate()
            .map(|(at, value)| (at.to_string(), value))
            .collect(),
        _ => Vec::new(),
    };
    for (part, value) in parts {
        let path = [path, &[part]].concat();
        found.push(path.clone());
        places(value, &path, found);
    }
}

fn damage(value: &mut Value, path: &[String], new: &Value, rename: bool) {
    let Some((first, rest)) = path.split_first() else {
        *value = new.clone();
        return;
    };
    match value {
        Value::Object(fields) if rest.is_empty() && rename => {
            let old = fields.remove(first).unwrap();
            fields.insert(format!("{first}x"), old);
        }
        Value::Object(fields) => damage(&mut fields[first], rest, new, rename),
        Value::Array(items) => damage(
            &mut items[first.parse::<usize>().unwrap()],
            rest,
            new,
            rename,
        ),
        _ => {}
    }
}

proptest! {
    /// A typo in any place is an error, or leaves a policy that allows nothing more than before.
    #[test]
    fn no_typo_is_a_looser_policy(
        at in any::<prop::sample::Index>(),
        new in prop_oneof![Just(json!(null)), Just(json!(1)), Just(json!("x")), Just(json!([])), Just(json!({})), Just(json!(["x"])), Just(json!(true))],
        rename in any::<bool>(),
        choices in prop::collection::btree_map(prop_oneof![Just("analytics"), Just("advertising")].prop_map(str::to_owned), any::<bool>(), 0..3),
        place in prop_oneof![Just(None), Just(Some("DE")), Just(Some("US")), Just(Some("US-CA"))],
        gpc in any::<bool>(),
    ) {
        let before = Policy::read(&written().to_string()).unwrap();
        let mut found = Vec::new();
        places(&written(), &[], &mut found);
        // What people are shown, a tool's own name for a choice, and a destination's own rule are names
        // that nobody here can know to be wrong.
        let free = ["label", "categories", "destination:dst_mail"];
        found.retain(|path| !path.iter().any(|part| free.contains(&part.as_str())));
        let path = &found[at.index(found.len())];
        // An empty list or object says that there is nothing, which is no slip of the hand.
        if !rename && path[0] != "uses" && (new == json!([]) || new == json!({})) {
            return Ok(());
        }
        let mut document = written();
        damage(&mut document, path, &new, rename);
        if let Ok(after) = Policy::read(&document.to_string()) {
            let evidence = Evidence::of_choices(&choices, place, gpc);
            for asked in Use::ALL.into_iter().chain([Use::Destination("dst_1"), Use::Destination("dst_mail")]) {
                let (was, is) = (before.ask(asked, &evidence), after.ask(asked, &evidence));
                prop_assert!(is.verdict >= was.verdict, "{path:?} {new} {rename}: {asked}: {was} → {is}");
            }
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,80}") {
        let _ = Policy::read(&text);
    }

    /// The closest rule is the whole rule, what is presumed is never more than it says, and why says so.
    #[test]
    fn a_use_is_allowed_only_if_each_of_its_purposes_is(
        choices in prop::collection::btree_map(prop_oneof![Just("analytics"), Just("advertising"), Just("other")].prop_map(str::to_owned), any::<bool>(), 0..4),
        place in prop_oneof![Just(None), Just(Some("DE")), Just(Some("US-NY")), Just(Some("US-CA")), Just(Some("XX"))],
        gpc in any::<bool>(),
    ) {
        let policy = Policy::read(&written().to_string()).unwrap();
        let evidence = Evidence::of_choices(&choices, place, gpc);
        let one = |purpose: &str| policy.verdict(purpose, &choices, place, gpc);
        let both = policy.ask(Use::Destination("dst_mail"), &evidence);
        prop_assert_eq!(both.verdict, one("analytics").max(one("advertising")));
        prop_assert_eq!(policy.ask(Use::Store, &evidence).verdict, Verdict::Allow);
        prop_assert_ne!(one("other"), Verdict::Allow);
        prop_assert_eq!(&both.explained().sentence, &both.to_string());
        prop_assert!(both.to_string().contains("policy version 0"));
    }
}

#[test]
fn a_tools_own_names_are_read_as_purposes_and_all_of_them_have_to_be_granted() {
    let policy = Policy::read(&written().to_string()).unwrap();
    let read = |choices: Value| {
        let mut choices: Choices = serde_json::from_value(choices).unwrap();
        let sent = policy.map(&mut choices);
        (json!(choices), json!(sent))
    };
    assert_eq!(
        read(json!({"C0002": true})),
        (json!({"analytics": true}), json!({"C0002": true}))
    );
    assert_eq!(
        read(json!({"Marketing": true, "C0002": false})).0,
        json!({"analytics": false, "advertising": true})
    );
    assert_eq!(
        read(json!({"Marketing": false, "analytics": true})).0,
        json!({"analytics": false, "advertising": false})
    );
    assert_eq!(
        read(json!({"analytics": true})),
        (json!({"analytics": true}), Value::Null)
    );
    let (mapped, _) = read(json!({"C0002": true, "C0009": true}));
    let unknown = policy
        .check_choices(&serde_json::from_value(mapped).unwrap())
        .unwrap_err();
    assert!(unknown.to_string().contains("\"C0009\""), "{unknown}");
}
