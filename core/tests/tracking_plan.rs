//! Tracking plans: every fixture of `spec/tracking_plans`, and what must hold for any plan and message.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a fixture that cannot be read has to fail the test"
)]

use std::fs;
use std::path::{Path, PathBuf};

use cdp_core::event::EventKind;
use cdp_core::tracking_plan::{Compiled, Observed, Plan, Verdict, part_of, verdict};
use proptest::prelude::*;
use serde_json::{Value, json};

fn fixtures() -> Vec<(PathBuf, Value)> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../spec/tracking_plans");
    let mut files: Vec<PathBuf> = fs::read_dir(path)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "spec/tracking_plans has no fixtures");
    files
        .into_iter()
        .map(|file| {
            let fixture = serde_json::from_slice(&fs::read(&file).unwrap()).unwrap();
            (file, fixture)
        })
        .collect()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

/// A verdict as fixtures write it.
fn told(verdict: Verdict) -> Value {
    match verdict {
        Verdict::Refused(reason) => panic!("the message is no event: {reason}"),
        Verdict::Planned => Value::Null,
        Verdict::Broken(finding) => {
            let violations: Vec<Value> = finding
                .violations
                .iter()
                .map(|found| {
                    let violation = &found.violation;
                    json!({
                        "path": violation.path, "place": found.place, "rule": violation.rule,
                        "expected": violation.expected, "found": violation.found
                    })
                })
                .collect();
            json!({"action": finding.action, "reason": finding.reason(), "violations": violations})
        }
    }
}

#[test]
fn plans_are_read_and_messages_are_judged_as_the_fixtures_say() {
    let mut cases = 0;
    for (file, fixture) in fixtures() {
        let plan = fixture["plan"].to_string();
        for case in list(&fixture["cases"]) {
            cases += 1;
            let message = case["message"].to_string();
            let found = verdict(plan.as_bytes(), message.as_bytes())
                .unwrap_or_else(|errors| panic!("{}: {errors:?}", file.display()));
            assert_eq!(told(found), case["expect"], "{}: {message}", file.display());
        }
        for wrong in list(&fixture["wrong"]) {
            cases += 1;
            let errors = Plan::read(&wrong["plan"]).err().unwrap_or_default();
            let found: Vec<(&str, &str)> = errors
                .iter()
                .map(|error| (error.event.as_str(), error.path.as_str()))
                .collect();
            let expected: Vec<(&str, &str)> = list(&wrong["errors"])
                .iter()
                .map(|pair| (pair[0].as_str().unwrap(), pair[1].as_str().unwrap()))
                .collect();
            assert_eq!(
                found,
                expected,
                "{}: {} {errors:?}",
                file.display(),
                wrong["plan"]
            );
        }
        for inferred in list(&fixture["inferred"]) {
            cases += 1;
            let found = observed(list(&inferred["messages"])).infer(None);
            assert_eq!(
                serde_json::to_value(found).unwrap(),
                inferred["expect"],
                "{}",
                file.display()
            );
        }
    }
    assert!(cases > 20, "{cases} cases");
}

#[test]
fn what_the_validator_cannot_do_is_refused_with_what_to_write_instead() {
    for (schema, wanted) in [
        (json!({"format": "idn-email"}), "leave \"format\" away"),
        (json!({"pattern": "(?=x)y"}), "without look-around"),
        (
            json!({"pattern": "((a{1,1000}){1,1000}){1,1000}"}),
            "smaller repetitions",
        ),
    ] {
        let planned =
            json!([{"type": "track", "event": "A", "schema": {"properties": {"a": schema}}}]);
        let errors = Plan::read(&json!({"events": planned}))
            .err()
            .unwrap_or_default();
        let said: Vec<&str> = errors.iter().map(|error| error.message.as_str()).collect();
        assert!(
            said.iter().any(|said| said.contains(wanted)),
            "{schema}: {said:?}"
        );
        assert!(
            !said.iter().any(|said| said.contains("configuration")),
            "{said:?}"
        );
    }
}

fn observed(messages: &[Value]) -> Observed {
    let mut observed = Observed::default();
    for message in messages {
        let repeat = message["times"].as_u64().unwrap_or(1);
        let kind = EventKind::from_word(message["type"].as_str().unwrap()).unwrap();
        let body = &message[part_of(kind).unwrap_or("properties")];
        let name = message["event"].as_str().or(message["name"].as_str());
        for _ in 0..repeat {
            observed.see(kind, name, body);
        }
    }
    observed
}

/// Any JSON, rich in words that schemas and plans use.
fn json_like_schemas() -> impl Strategy<Value = Value> {
    let word = || {
        prop::sample::select(vec![
            "type",
            "properties",
            "required",
            "items",
            "anyOf",
            "allOf",
            "not",
            "$ref",
            "$defs",
            "enum",
            "const",
            "pattern",
            "format",
            "minimum",
            "multipleOf",
            "uniqueItems",
            "if",
            "then",
            "additionalProperties",
            "patternProperties",
            "propertyNames",
            "price",
            "$id",
            "$schema",
            "dependencies",
            "contains",
            "minLength",
            "unevaluatedProperties",
            "$anchor",
        ])
    };
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        prop::sample::select(vec![
            "string",
            "integer",
            "object",
            "array",
            "#",
            "#/$defs/price",
            "#/properties/price",
            "http://example.test/schema",
            "email",
            "date-time",
            "(a+)+$",
            "^(?=a)",
            "[",
            "price",
            "http://json-schema.org/draft-07/schema#",
            "null",
            "%",
            "",
        ])
        .prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 60, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(word(), inner, 0..5).prop_map(|fields| {
                fields
                    .into_iter()
                    .map(|(name, value)| (name.to_owned(), value))
                    .collect::<Value>()
            }),
        ]
    })
}

fn bodies() -> impl Strategy<Value = Value> {
    json_like_schemas().prop_map(|value| match value {
        Value::Object(_) => value,
        other => json!({"price": other}),
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 600, ..ProptestConfig::default() })]

    #[test]
    fn no_plan_and_no_message_panics(schema in json_like_schemas(), body in bodies()) {
        let plan = json!({"events": [{"type": "track", "event": "Viewed", "schema": schema}]});
        let message = json!({"type": "track", "event": "Viewed", "userId": "ada", "properties": body});
        let _ = verdict(plan.to_string().as_bytes(), message.to_string().as_bytes());
        // A plan that was taken can be compiled: publishing never fails on what saving has taken.
        if let Ok(plan) = Plan::read(&plan) {
            prop_assert!(Compiled::new(&plan, 1).is_ok());
        }
    }

    #[test]
    fn no_bytes_panic(plan in prop::collection::vec(any::<u8>(), 0..200), message in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = verdict(&plan, &message);
        let _ = verdict(br#"{"unplanned":"quarantine"}"#, &message);
    }

    #[test]
    fn whatever_was_seen_passes_the_plan_inferred_from_it(seen in prop::collection::vec(bodies(), 1..20)) {
        let mut observed = Observed::default();
        for body in &seen {
            observed.see(EventKind::Track, Some("Viewed"), body);
        }
        let plan = serde_json::to_value(observed.infer(None).plan).unwrap();
        let plan = Plan::read(&plan).map_err(|errors| TestCaseError::fail(format!("{errors:?}")))?;
        let plan = Compiled::new(&plan, 1).unwrap();
        for body in &seen {
            let finding = plan.judge_body(EventKind::Track, Some("Viewed"), body);
            prop_assert!(finding.is_none(), "{finding:?}");
        }
    }

    #[test]
    fn a_finding_never_holds_a_value_of_the_event(secret in "[a-z]{12,20}", schema in json_like_schemas()) {
        let plan = json!({"events": [{"type": "track", "event": "Viewed", "schema": schema}]});
        let message = json!({"type": "track", "event": "Viewed", "userId": "ada", "properties": {"price": secret, "items": [secret]}});
        if let Ok(Verdict::Broken(finding)) = verdict(plan.to_string().as_bytes(), message.to_string().as_bytes()) {
            prop_assert!(!format!("{finding:?}{}", finding.reason()).contains(&secret), "{finding:?}");
        }
    }
}

#[test]
fn hostile_schemas_are_refused_or_end_soon() {
    let doubling: Value = (0..30)
        .map(|level| {
            let next = format!("#/$defs/l{}", level + 1);
            let schema = if level == 29 {
                json!({"type": "string"})
            } else {
                json!({"allOf": [{"$ref": next}, {"$ref": next}]})
            };
            (format!("l{level}"), schema)
        })
        .collect::<serde_json::Map<_, _>>()
        .into();
    let deep = (0..60).fold(
        json!({"type": "string"}),
        |schema, _| json!({"not": schema}),
    );
    for schema in [
        json!({"$ref": "#/$defs/l0", "$defs": doubling}),
        deep,
        json!({"$ref": "#"}),
        json!({"$ref": "#/$defs/a", "$defs": {"a": {"properties": {"b": {"$ref": "#/$defs/a"}}}}}),
        json!({"properties": {"a": {"pattern": "(?:a{1000}){1000}"}}}),
        json!({"properties": {"a": {"pattern": "(?<!a)b"}}}),
        json!({"anyOf": vec![json!({"pattern": "a"}); 300]}),
        json!({"$ref": "file:///etc/passwd"}),
        json!({"$ref": "https://json-schema.org/draft/2020-12/schema"}),
    ] {
        let plan = json!({"events": [{"type": "track", "event": "Viewed", "schema": schema}]});
        let errors = Plan::read(&plan).err().unwrap_or_default();
        assert!(!errors.is_empty(), "was taken: {schema}");
        assert!(errors[0].path.starts_with("events[0].schema"), "{errors:?}");
    }
    // Linear time: the classic that takes a backtracking engine for ever.
    let plan = json!({"events": [{"type": "track", "event": "Viewed", "schema": {"properties": {"a": {"pattern": "^(a+)+$"}}}}]});
    let message = json!({"type": "track", "event": "Viewed", "userId": "ada", "properties": {"a": format!("{}b", "a".repeat(20_000))}});
    let verdict = verdict(plan.to_string().as_bytes(), message.to_string().as_bytes()).unwrap();
    assert!(matches!(verdict, Verdict::Broken(_)));
}
