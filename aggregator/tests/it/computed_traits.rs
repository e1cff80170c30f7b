//! Computed traits are exact, count what was there before, and add up when profiles merge.

use serde_json::json;

use crate::harness::{Server, identify, track};

#[test]
fn sums_are_exact_over_old_and_new_events_and_over_merged_profiles() {
    let server = Server::fresh();
    let order = |id: &str, browser: &str, revenue: f64| {
        track(
            id,
            browser,
            "Order Completed",
            json!({"revenue": revenue, "products": [{"quantity": 2}, {"quantity": 3}]}),
        )
    };
    server.batch(&[
        order("m-1", "browser-a", 0.1),
        order("m-2", "browser-a", 0.2),
        order("m-3", "browser-b", 0.7),
    ]);
    let define = |key: &str, aggregate: &str, of: Option<&str>| {
        let made = server
            .post(
                "/api/v1/computed_traits",
                &json!({"key": key, "event": "Order Completed", "aggregate": aggregate, "of": of}),
            )
            .ok();
        assert_eq!(made["status"], "ready", "{made}");
    };
    define("revenue", "sum", Some("properties.revenue"));
    define("items", "sum", Some("properties.products.quantity"));
    define("orders", "count", None);
    assert_eq!(
        server.profile("anonymous_id:browser-a")["computed_traits"],
        json!({"revenue": 0.3, "items": 10, "orders": 2})
    );
    server.batch(&[order("m-4", "browser-b", 0.1)]);
    server.batch(&[
        identify("m-5", "browser-a", "ada", json!({})),
        identify("m-6", "browser-b", "ada", json!({})),
    ]);
    assert_eq!(
        server.profile("user_id:ada")["computed_traits"],
        json!({"revenue": 1.1, "items": 20, "orders": 4})
    );
}

#[test]
fn a_key_is_taken_once_and_a_bad_definition_is_refused() {
    let server = Server::fresh();
    let definition = json!({"key": "orders", "event": "Order Completed", "aggregate": "count"});
    server.post("/api/v1/computed_traits", &definition).ok();
    assert_eq!(
        server.post("/api/v1/computed_traits", &definition).error(),
        (409, "conflict".to_owned())
    );
    let no_path = json!({"key": "revenue", "event": "Order Completed", "aggregate": "sum"});
    assert_eq!(
        server.post("/api/v1/computed_traits", &no_path).error(),
        (422, "invalid_definition".to_owned())
    );
    let typo = json!({"key": "x", "event": "y", "agregate": "count"});
    assert_eq!(
        server.post("/api/v1/computed_traits", &typo).error(),
        (422, "invalid_definition".to_owned())
    );
    assert_eq!(server.all("/api/v1/computed_traits").len(), 1);
}

#[test]
fn what_audiences_remember_is_nobodys_trait() {
    let server = Server::fresh();
    let rule = json!({"event": "Order Completed", "where": {"revenue": {"gt": 5}}, "count": {"gte": 2}, "within": "30d"});
    let audience = json!({"name": "Buyers", "definition": rule});
    server.post("/api/v1/audiences", &audience).ok();
    server.batch(&[track(
        "m-1",
        "browser-a",
        "Order Completed",
        json!({"revenue": 10}),
    )]);
    assert!(server.all("/api/v1/computed_traits").is_empty());
    let profile = server.profile("anonymous_id:browser-a");
    assert_eq!(profile["computed_traits"], json!({}));
    for hidden in [
        json!({"key": "#mine", "event": "Order Completed", "aggregate": "count"}),
        json!({"key": "mine", "event": "Order Completed", "aggregate": "times", "most": 4}),
        json!({"key": "mine", "event": "Order Completed", "aggregate": "count", "most": 4}),
        json!({"key": "mine", "event": "Order Completed", "aggregate": "count", "where": {"revenue": {}}}),
    ] {
        assert_eq!(
            server.post("/api/v1/computed_traits", &hidden).error(),
            (422, "invalid_definition".to_owned()),
            "{hidden}"
        );
    }
}

#[test]
fn what_is_remembered_of_large_values_is_bounded_in_bytes() {
    let server = Server::fresh();
    for (key, more) in [
        ("list", json!({"aggregate": "last_n", "n": 6})),
        (
            "within",
            json!({"aggregate": "last_n", "n": 6, "within": "30d"}),
        ),
        ("different", json!({"aggregate": "unique_count"})),
        ("often", json!({"aggregate": "most_frequent"})),
    ] {
        let mut body = json!({"key": key, "event": "Searched", "of": "properties.text"});
        for (name, value) in more.as_object().unwrap() {
            body[name] = value.clone();
        }
        server.post("/api/v1/computed_traits", &body).ok();
    }
    let text = |number: usize| format!("{number}{}", "x".repeat(28_000));
    for number in 0..6 {
        let event = track(
            &format!("m-{number}"),
            "browser-a",
            "Searched",
            json!({"text": text(number)}),
        );
        server.batch(&[event]);
    }
    let traits = server.profile("anonymous_id:browser-a")["computed_traits"].clone();
    let latest: Vec<String> = (2..6).rev().map(text).collect();
    assert_eq!(traits["list"], json!(latest));
    assert_eq!(traits["within"], json!(latest));
    assert_eq!(traits["different"], 6);
    let often = traits["often"].as_str().unwrap();
    assert!(often.starts_with("0xxx"), "{often}");
    assert_eq!(often.chars().count(), 64 + 1 + 32);
}
