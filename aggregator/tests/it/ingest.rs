//! Every message gets its own outcome, and one bad message harms no other.

use serde_json::{Value, json};

use crate::harness::{Server, track, with, words};

#[test]
fn each_message_has_its_own_outcome_in_the_order_of_the_batch() {
    let server = Server::fresh();
    let good = track("m-1", "browser-a", "Viewed", json!({}));
    let large = track(
        "m-5",
        "browser-a",
        "Viewed",
        json!({"text": "x".repeat(33 * 1024)}),
    );
    let unconsented =
        json!({"type": "track", "event": "Viewed", "messageId": "m-3", "anonymousId": "browser-a"});
    let nobody = with(
        track("m-6", "null", "Viewed", json!({})),
        "userId",
        json!("undefined"),
    );
    let batch = [
        good.clone(),
        json!({"type": "wave", "messageId": "m-2"}),
        unconsented,
        good,
        large,
        nobody,
        track("m-7", "browser-b", "Viewed", json!({})),
    ];
    let reply = server.batch(&batch);
    assert_eq!(
        words(&reply),
        [
            "ok",
            "quarantined",
            "denied",
            "duplicate",
            "quarantined",
            "quarantined",
            "ok"
        ]
    );
    let lines = reply["outcomes"].as_array().unwrap();
    let ids: Vec<&str> = lines
        .iter()
        .map(|line| line["messageId"].as_str().unwrap())
        .collect();
    assert_eq!(ids, ["m-1", "m-2", "m-3", "m-1", "m-5", "m-6", "m-7"]);
    for line in lines
        .iter()
        .filter(|line| !matches!(line["outcome"].as_str(), Some("ok" | "duplicate")))
    {
        assert!(
            line["reason"]
                .as_str()
                .is_some_and(|reason| reason.len() > 20),
            "a reason that helps: {line}"
        );
    }
    assert_eq!(server.timeline("anonymous_id:browser-a").len(), 1);
}

#[test]
fn a_message_id_is_taken_once_whoever_sends_it_again() {
    let server = Server::fresh();
    assert_eq!(
        server.outcomes(&[track("m-1", "browser-a", "Viewed", json!({}))]),
        ["ok"]
    );
    assert_eq!(
        server.outcomes(&[track("m-1", "browser-b", "Other", json!({}))]),
        ["duplicate"]
    );
    let timeline = server.timeline("anonymous_id:browser-a");
    assert_eq!(timeline.len(), 1);
    assert_eq!(timeline[0]["event"], "Viewed");
    assert_eq!(
        server
            .get("/api/v1/profiles/anonymous_id:browser-b")
            .error(),
        (404, "not_found".to_owned())
    );
}

#[test]
fn what_is_wrong_with_the_request_itself_is_said_once() {
    let server = Server::fresh();
    let unknown = server.public("/v1/batch", &json!({"writeKey": "wk_nobody", "batch": []}));
    assert_eq!(unknown.error(), (401, "unknown_write_key".to_owned()));
    let none = server.public("/v1/batch", &json!({"batch": []}));
    assert_eq!(none.error().0, 401);
    let broken = server.send("POST", "/v1/batch", &[], b"{\"batch\":");
    assert_eq!(broken.error().0, 400);
    let huge = server.send("POST", "/v1/batch", &[], &vec![b' '; 4 * 1024 * 1024 + 10]);
    assert_eq!(huge.error().0, 413);
}

#[test]
fn a_server_source_rests_on_its_declared_basis() {
    let server = Server::fresh();
    let event =
        json!({"type": "track", "event": "Order Completed", "messageId": "m-1", "userId": "u-1"});
    let reply = server.public(
        "/v1/batch",
        &json!({"writeKey": server.keys().server_write_key, "batch": [event]}),
    );
    assert_eq!(words(&reply.ok()), ["ok"]);
    let timeline = crate::harness::eventually("the event", || {
        let answer = server.get("/api/v1/profiles/user_id:u-1/events");
        (answer.status == 200).then(|| answer.json())
    });
    assert_eq!(timeline["data"][0]["receipt"]["source"], "basis:contract");
}

#[test]
fn single_calls_and_basic_auth_work_as_in_segments_api() {
    let server = Server::fresh();
    // base64 of "{write key}:"
    let key = format!("{}:", server.keys().server_write_key);
    let basic = format!("Basic {}", base64(key.as_bytes()));
    let body = json!({"userId": "u-2", "event": "Signed Up", "messageId": "m-9"}).to_string();
    let answer = server.send(
        "POST",
        "/v1/track",
        &[
            ("authorization", &basic),
            ("content-type", "application/json"),
        ],
        body.as_bytes(),
    );
    assert_eq!(words(&answer.ok()), ["ok"]);
    let again: Value = server
        .send(
            "POST",
            "/v1/t",
            &[("authorization", &basic)],
            body.as_bytes(),
        )
        .ok();
    assert_eq!(words(&again), ["duplicate"]);
}

fn base64(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut text = String::new();
    for chunk in bytes.chunks(3) {
        let bits = chunk
            .iter()
            .fold(0_u32, |bits, byte| bits << 8 | u32::from(*byte))
            << (8 * (3 - chunk.len()));
        for at in 0..4 {
            let digit = DIGITS[(bits >> (18 - 6 * at) & 63) as usize];
            text.push(if at <= chunk.len() {
                char::from(digit)
            } else {
                '='
            });
        }
    }
    text
}

#[test]
fn who_is_named_by_another_systems_id_alone_needs_rules_that_know_the_system() {
    let server = Server::fresh();
    let mut till = track("m-1", "x", "Bought", json!({"price": 1}));
    till.as_object_mut().unwrap().remove("anonymousId");
    till["context"]["externalIds"] = json!([{"type": "loyalty_id", "id": "L-1"}]);
    assert_eq!(server.outcomes(&[till.clone()]), ["quarantined"]);
    let current = server.get("/api/v1/identity/rules").ok();
    let mut rules = current["rules"].clone();
    let kinds = rules["kinds"].as_array_mut().unwrap();
    kinds.insert(1, json!({"kind": "loyalty_id", "unique": true}));
    assert_eq!(server.put("/api/v1/identity/rules", &rules).status, 201);
    till["messageId"] = json!("m-2");
    assert_eq!(server.outcomes(&[till.clone()]), ["ok"]);
    assert_eq!(server.collected("loyalty_id:L-1").len(), 1);
    till["context"]["externalIds"] = json!([]);
    till["messageId"] = json!("m-3");
    assert_eq!(server.outcomes(&[till]), ["quarantined"]);
}
