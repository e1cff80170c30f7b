//! Who watches sees every event with its outcome.

use serde_json::{Value, json};

use crate::harness::{Server, track};

#[test]
fn events_appear_with_outcome_and_profile_as_they_happen() {
    let server = Server::fresh();
    let lines = server.watch();
    server.batch(&[
        track("m-1", "browser-a", "Viewed", json!({"price": 3})),
        json!({"type": "wave", "messageId": "m-2"}),
    ]);
    let mut seen: Vec<Value> = lines.take(2).collect();
    seen.sort_by_key(|line| line["outcome"].to_string());
    assert_eq!(seen[0]["outcome"], "ok");
    assert_eq!(
        (
            &seen[0]["event"]["messageId"],
            &seen[0]["event"]["properties"]["price"]
        ),
        (&json!("m-1"), &json!(3))
    );
    assert_eq!(
        seen[0]["profile_id"],
        server.profile("anonymous_id:browser-a")["id"]
    );
    assert_eq!(
        (&seen[1]["outcome"], &seen[1]["event"]["messageId"]),
        (&json!("quarantined"), &json!("m-2"))
    );
    assert!(seen[1]["reason"].is_string());
    server.stop();
}
