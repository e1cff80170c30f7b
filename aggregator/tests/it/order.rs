//! The order in which events arrive changes nothing.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::{Server, identify, track, with};

fn events() -> Vec<Value> {
    let at = |event, minute: u32| {
        with(
            event,
            "originalTimestamp",
            json!(format!("2026-01-01T10:{minute:02}:00Z")),
        )
    };
    vec![
        at(
            track("m-01", "a", "Order Completed", json!({"revenue": 10.1})),
            1,
        ),
        at(
            track("m-02", "b", "Order Completed", json!({"revenue": 20.2})),
            2,
        ),
        at(
            identify(
                "m-03",
                "a",
                "ada",
                json!({"plan": "free", "email": "ada@example.com"}),
            ),
            3,
        ),
        at(identify("m-04", "b", "ada", json!({"plan": "pro"})), 4),
        at(identify("m-05", "c", "bob", json!({"plan": "free"})), 5),
        at(identify("m-06", "c", "ada", json!({"city": "Paris"})), 6),
        at(
            track("m-07", "c", "Order Completed", json!({"revenue": 0.1})),
            7,
        ),
        at(identify("m-08", "d", "ada", json!({"plan": null})), 4),
        at(
            track("m-09", "d", "Order Completed", json!({"revenue": 5})),
            9,
        ),
        at(
            with(
                track("m-10", "e", "Order Completed", json!({"revenue": 7.05})),
                "userId",
                json!("bob"),
            ),
            10,
        ),
    ]
}

/// Everything about every profile that does not say when we learned it.
fn state(server: &Server) -> BTreeMap<String, Value> {
    let without_since = |mut profile: Value| {
        for audience in profile["audiences"].as_array_mut().unwrap() {
            audience
                .as_object_mut()
                .unwrap()
                .retain(|key, _| key == "name");
        }
        profile
    };
    let profiles = server.all("/api/v1/profiles?limit=2");
    profiles
        .into_iter()
        .map(|profile| {
            let id = profile["id"].as_str().unwrap().to_owned();
            let mut timeline = server.collected(&id);
            // Events of the same moment stay in the order in which they came, which differs here.
            timeline.sort_by_key(|event| {
                (
                    event["timestamp"].to_string(),
                    event["messageId"].to_string(),
                )
            });
            let timeline: Vec<&Value> = timeline.iter().map(|event| &event["messageId"]).collect();
            // Profile ids follow from the space, which is another one in each run.
            let identifiers = profile["identifiers"].to_string();
            let mut profile = without_since(profile);
            profile.as_object_mut().unwrap().remove("id");
            (
                identifiers,
                json!({"profile": profile, "timeline": timeline}),
            )
        })
        .collect()
}

fn run(events: &[Value], pieces: usize) -> BTreeMap<String, Value> {
    let server = Server::fresh();
    server.post("/api/v1/computed_traits", &json!({"key": "revenue", "event": "Order Completed", "aggregate": "sum", "of": "properties.revenue"})).ok();
    let rule = json!({"all": [{"computed_trait": "revenue", "is": {"gte": 30}}, {"event": "Order Completed", "count": {"gte": 2}}]});
    server
        .post(
            "/api/v1/audiences",
            &json!({"name": "Good customers", "definition": rule}),
        )
        .ok();
    for piece in events.chunks(pieces) {
        server.batch(piece);
    }
    state(&server)
}

#[test]
fn every_order_of_arrival_gives_the_same_profiles() {
    let events = events();
    let expected = run(&events, 10);
    assert_eq!(expected.len(), 2, "{expected:#?}");
    let ada = expected
        .values()
        .find(|state| state["profile"]["traits"]["city"] == "Paris")
        .unwrap_or_else(|| panic!("{expected:#?}"));
    assert_eq!(ada["profile"]["audiences"][0]["name"], "Good customers");
    let backwards: Vec<Value> = events.iter().rev().cloned().collect();
    assert_eq!(run(&backwards, 1), expected, "backwards, one by one");
    // A fixed shuffle: each event's place is its number times 7 modulo 10.
    let shuffled: Vec<Value> = (0..10).map(|at| events[at * 7 % 10].clone()).collect();
    assert_eq!(run(&shuffled, 3), expected, "shuffled, three at a time");
}
