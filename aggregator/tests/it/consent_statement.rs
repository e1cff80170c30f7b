//! `POST /v1/consent`: what somebody says of consent reaches the server, is kept in a ledger, and rules.

use serde_json::{Value, json};

use crate::harness::{Server, identify, track};

pub(crate) fn statement(server: &Server, id: &str, who: &Value, choices: &Value) -> Value {
    let mut body = json!({
        "writeKey": server.keys().write_key, "messageId": id,
        "consent": {"categoryPreferences": choices, "source": "banner", "policyVersion": 1}
    });
    for (field, value) in who.as_object().unwrap() {
        body[field] = value.clone();
    }
    server.public("/v1/consent", &body).ok()["outcomes"][0].clone()
}

#[test]
fn a_refusal_is_taken_although_collecting_is_refused_and_keeps_nothing_else() {
    let server = Server::fresh();
    let who = json!({"anonymousId": "browser-a", "traits": {"email": "a@example.org"}, "properties": {"x": 1}, "context": {"userAgent": "Googlebot"}});
    let taken = statement(&server, "c1", &who, &json!({"analytics": false}));
    assert_eq!(
        (&taken["messageId"], &taken["outcome"]),
        (&json!("c1"), &json!("ok"))
    );
    let again = statement(&server, "c1", &who, &json!({"analytics": false}));
    assert_eq!(again["outcome"], "duplicate");
    let profile = server.profile("anonymous_id:browser-a");
    assert_eq!(profile["consent"], json!({"analytics": false}));
    assert_eq!(profile["traits"], json!({}));
    let events = server.timeline("anonymous_id:browser-a");
    assert_eq!(events.len(), 1);
    assert_eq!(events[0]["type"], "consent");
    for absent in ["traits", "properties", "context", "extra"] {
        assert!(events[0].get(absent).is_none(), "{absent}");
    }
}

#[test]
fn a_statement_that_cannot_be_read_says_why() {
    let server = Server::fresh();
    let who = json!({"anonymousId": "browser-a"});
    let unknown = statement(&server, "c1", &who, &json!({"analitycs": false}));
    assert_eq!(unknown["outcome"], "quarantined");
    assert!(
        unknown["reason"]
            .as_str()
            .unwrap()
            .contains("unknown consent purpose")
    );
    let empty = statement(&server, "c2", &who, &json!({}));
    assert_eq!(empty["outcome"], "quarantined");
    let nobody = statement(&server, "c3", &json!({}), &json!({"analytics": false}));
    assert_eq!(nobody["outcome"], "quarantined");
    let key = &server.keys().write_key;
    assert_eq!(
        server
            .public("/v1/consent", &json!({"writeKey": key, "anonymousId": "a"}))
            .status,
        400
    );
    let stranger = json!({"writeKey": "wk_no", "anonymousId": "a", "consent": {"categoryPreferences": {"analytics": false}}});
    assert_eq!(server.public("/v1/consent", &stranger).status, 401);
}

#[test]
fn what_was_said_rules_events_of_every_source_and_survives_a_crash() {
    let server = Server::fresh();
    assert_eq!(
        server.outcomes(&[identify("m1", "browser-a", "u1", json!({}))]),
        ["ok"]
    );
    let key = server.keys().server_write_key.clone();
    let body = json!({"writeKey": key, "userId": "u1", "messageId": "c1", "consent": {"categoryPreferences": {"analytics": false}}});
    let said = server.public("/v1/consent", &body);
    assert_eq!(said.ok()["outcomes"][0]["outcome"], "ok");
    let server = server.kill().serve();
    let mut older = track("m2", "browser-a", "Viewed", json!({}));
    older["context"]["consent"]["chosenAt"] = json!("2020-01-01T00:00:00Z");
    let reply = server.batch(&[older]);
    assert_eq!(reply["outcomes"][0]["outcome"], "denied", "{reply}");
    let from_server = json!({"writeKey": key, "userId": "u1", "event": "Paid", "messageId": "m3"});
    let reply = server.public("/v1/track", &from_server);
    assert_eq!(reply.ok()["outcomes"][0]["outcome"], "denied");
}

#[test]
fn the_ledger_has_every_change_in_order_and_its_chain_verifies() {
    let server = Server::fresh();
    server.batch(&[
        track("m1", "browser-a", "Viewed", json!({})),
        track("m2", "browser-a", "Viewed", json!({})),
    ]);
    let who = json!({"anonymousId": "browser-a"});
    statement(&server, "c1", &who, &json!({"personalization": false}));
    let path = "/api/v1/profiles/anonymous_id:browser-a/consent";
    let support =
        json!({"categoryPreferences": {"analytics": false}, "source": "phone", "messageId": "c2"});
    assert_eq!(server.post(path, &support).ok()["outcome"], "ok");
    assert_eq!(server.post(path, &support).ok()["outcome"], "duplicate");
    let ledger = server.get(path).ok();
    assert_eq!(ledger["verified"], true);
    let told: Vec<(&Value, &Value)> = ledger["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (&entry["kind"], &entry["message_id"]))
        .collect();
    let expected = [
        (&json!("receipt"), &json!("m1")),
        (&json!("statement"), &json!("c1")),
        (&json!("statement"), &json!("c2")),
    ];
    assert_eq!(
        told, expected,
        "an event that says nothing new adds no entry"
    );
    assert_eq!(ledger["purposes"]["analytics"]["granted"], false);
    assert_eq!(ledger["entries"][2]["source"], "phone");
    let lines = server.get(&format!("{path}?format=ndjson")).text;
    assert_eq!(lines.lines().count(), 3);
    let unknown = json!({"categoryPreferences": {"anal": false}});
    assert_eq!(server.post(path, &unknown).status, 400);
}

#[test]
fn what_is_said_with_two_ids_holds_for_both_and_joins_nobody() {
    let server = Server::fresh();
    let who = json!({"anonymousId": "browser-a", "userId": "u1"});
    statement(&server, "c1", &who, &json!({"analytics": false}));
    let (browser, user) = (
        server.profile("anonymous_id:browser-a"),
        server.profile("user_id:u1"),
    );
    assert_ne!(browser["id"], user["id"]);
    assert_eq!(browser["consent"], json!({"analytics": false}));
    assert_eq!(user["consent"], json!({"analytics": false}));
}
