//! Logs say what happened and nothing about whom.

use serde_json::json;

use crate::harness::{Server, identify, track};

#[test]
fn no_personal_data_and_no_key_reaches_the_log() {
    let server = Server::fresh();
    let secret = |text: &str| format!("zebra-{text}");
    server.batch(&[
        identify(
            "m-1",
            &secret("browser"),
            &secret("user"),
            json!({"email": "zebra-mail@example.com", "name": secret("name")}),
        ),
        track(
            "m-2",
            &secret("browser"),
            &secret("event"),
            json!({"card": secret("property")}),
        ),
        json!({"type": secret("type"), "messageId": "m-3"}),
    ]);
    server
        .get("/api/v1/profiles/email:zebra-mail@example.com")
        .ok();
    server.post(
        "/api/v1/audiences",
        &json!({"name": secret("audience"), "definition": {"trait": secret("trait")}}),
    );
    server.send(
        "POST",
        "/v1/batch",
        &[],
        format!("{{\"{}", secret("broken")).as_bytes(),
    );
    server.public(
        "/v1/batch",
        &json!({"writeKey": secret("key"), "batch": []}),
    );
    let keys = server.keys().clone();
    let data = server.stop();
    let log = std::fs::read_to_string(data.log()).unwrap();
    assert!(
        log.contains("\"listening\""),
        "the log has its usual lines: {log}"
    );
    for line in log.lines() {
        serde_json::from_str::<serde_json::Value>(line)
            .unwrap_or_else(|_| panic!("not JSON: {line}"));
    }
    for word in [
        "zebra",
        &keys.token,
        &keys.write_key,
        &keys.server_write_key,
        &keys.edge_secret,
    ] {
        assert!(!log.contains(word), "{word} is in the log: {log}");
    }
}
