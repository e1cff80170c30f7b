//! Two browsers of one person become one profile, and every id ever given out still leads there.

use serde_json::{Value, json};

use crate::harness::{Server, identify, track, with};

fn at(event: Value, time: &str) -> Value {
    with(event, "originalTimestamp", json!(time))
}

#[test]
fn signing_in_on_a_second_browser_joins_both_in_one_timeline_in_order() {
    let server = Server::fresh();
    server.batch(&[
        at(
            track("m-1", "browser-a", "Viewed", json!({})),
            "2026-01-01T10:00:00Z",
        ),
        at(
            track("m-4", "browser-a", "Bought", json!({})),
            "2026-01-01T13:00:00Z",
        ),
    ]);
    server.batch(&[at(
        track("m-2", "browser-b", "Viewed", json!({})),
        "2026-01-01T11:00:00Z",
    )]);
    let former = server.profile("anonymous_id:browser-a")["id"].clone();
    assert_ne!(former, server.profile("anonymous_id:browser-b")["id"]);

    server.batch(&[at(
        identify(
            "m-3",
            "browser-b",
            "ada",
            json!({"email": "Ada@Example.com"}),
        ),
        "2026-01-01T12:00:00Z",
    )]);
    server.batch(&[at(
        identify("m-5", "browser-a", "ada", json!({"plan": "pro"})),
        "2026-01-01T14:00:00Z",
    )]);

    let profile = server.profile("user_id:ada");
    for reference in [
        "anonymous_id:browser-a",
        "anonymous_id:browser-b",
        "email:ada@example.com",
        former.as_str().unwrap(),
    ] {
        assert_eq!(
            server.profile(reference)["id"],
            profile["id"],
            "{reference}"
        );
    }
    assert_eq!(
        profile["traits"],
        json!({"email": "Ada@Example.com", "plan": "pro"})
    );
    assert_eq!(profile["identifiers"].as_array().unwrap().len(), 4);
    let ids: Vec<Value> = server
        .timeline("user_id:ada")
        .iter()
        .map(|event| event["messageId"].clone())
        .collect();
    assert_eq!(ids, ["m-1", "m-2", "m-3", "m-4", "m-5"]);
    let backwards = server.all("/api/v1/profiles/user_id:ada/events?limit=2&order=desc");
    let ids: Vec<Value> = backwards
        .iter()
        .map(|event| event["messageId"].clone())
        .collect();
    assert_eq!(ids, ["m-5", "m-4", "m-3", "m-2", "m-1"]);
}

#[test]
fn two_user_ids_are_never_one_profile_and_explain_says_why() {
    let server = Server::fresh();
    server.batch(&[
        identify("m-1", "shared-tablet", "ada", json!({})),
        identify("m-2", "shared-tablet", "bob", json!({})),
    ]);
    assert_ne!(
        server.profile("user_id:ada")["id"],
        server.profile("user_id:bob")["id"]
    );
    let explained = server
        .get("/api/v1/profiles/anonymous_id:shared-tablet/explain")
        .ok();
    assert_eq!(
        explained["links"].as_array().unwrap().len(),
        1,
        "{explained}"
    );
    assert_eq!(explained["links"][0]["rule"], "same_event");
    assert!(explained["links"][0]["first_event"].is_string());
    let blocked = explained["blocked_merges"].as_array().unwrap();
    assert_eq!(blocked.len(), 1, "{explained}");
    assert!(blocked[0]["reason"].as_str().unwrap().contains("user_id"));
}
