//! What is refused is kept whole, with the reason, and can be tried again.

use serde_json::{Value, json};

use crate::harness::{Server, track};

#[test]
fn refused_messages_are_listed_and_tried_again() {
    let server = Server::fresh();
    let mut unknown = track("m-1", "browser-a", "Viewed", json!({"price": 1}));
    unknown["context"]["consent"]["categoryPreferences"]["analitics"] = json!(true);
    let large = track(
        "m-3",
        "browser-a",
        "Viewed",
        json!({"text": "x".repeat(33_000)}),
    );
    let wave = json!({"type": "wave", "messageId": "m-2"});
    assert_eq!(
        server.outcomes(&[unknown.clone(), wave, large]),
        ["quarantined"; 3]
    );
    let kept = server.all("/api/v1/quarantine?limit=1");
    assert_eq!(kept.len(), 3);
    let first = kept.iter().find(|one| one["message_id"] == "m-1").unwrap();
    assert_eq!(first["message"], unknown, "the whole message as it came");
    assert!(
        first["reason"].as_str().unwrap().contains("analitics"),
        "{first}"
    );

    let ids: Vec<Value> = kept.iter().map(|one| one["id"].clone()).collect();
    let again = server
        .post("/api/v1/quarantine/replay", &json!({"ids": ids}))
        .ok();
    let outcomes: Vec<&str> = again["outcomes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| line["outcome"].as_str().unwrap())
        .collect();
    assert_eq!(
        outcomes, ["quarantined"; 3],
        "nothing has changed, so they stay"
    );
    assert_eq!(server.all("/api/v1/quarantine").len(), 3);
    assert_eq!(
        server
            .post("/api/v1/quarantine/replay", &json!({"ids": []}))
            .error()
            .0,
        400
    );
}

#[test]
fn what_is_denied_is_not_kept() {
    let server = Server::fresh();
    let mut refused = track("m-1", "browser-a", "Viewed", json!({}));
    refused["context"]["consent"]["categoryPreferences"] = json!({"analytics": false});
    assert_eq!(server.outcomes(&[refused]), ["denied"]);
    assert!(server.all("/api/v1/quarantine").is_empty());
    assert!(server.all("/api/v1/profiles").is_empty());
}
