//! Every number a tab gave out has one outcome, and the ledger says which have none.

use serde_json::{Value, json};

use crate::harness::{Server, track, words};

const TAB: &str = "0123456789abcdef";

fn numbered(id: &str, seq: u32) -> Value {
    let mut event = track(id, "browser-a", "Viewed", json!({}));
    event["context"]["ledger"] = json!({"tab": TAB, "seq": seq});
    event
}

fn send(server: &Server, events: &[Value], next: u32, lost: &Value) -> Vec<String> {
    let report = json!([{"tab": TAB, "next": next, "lost": lost}]);
    words(
        &server
            .public(
                "/v1/batch",
                &json!({"writeKey": server.keys().write_key, "batch": events, "ledger": report}),
            )
            .ok(),
    )
}

#[test]
fn the_totals_reconcile_and_gaps_are_named() {
    let server = Server::fresh();
    let denied = {
        let mut event = numbered("m-2", 2);
        event["context"]["consent"]["categoryPreferences"] = json!({"analytics": false});
        event
    };
    let bad = {
        let mut event = numbered("m-3", 3);
        event["type"] = json!("wave");
        event
    };
    assert_eq!(
        send(
            &server,
            &[numbered("m-1", 1), denied, bad],
            9,
            &json!([{"from": 4, "to": 5, "outcome": "dropped", "reason": "memory_full"}])
        ),
        ["ok", "denied", "quarantined"]
    );
    let ledger = |source: &str| server.get(&format!("/api/v1/ledger?source={source}")).ok();
    let first = ledger(&server.keys().write_key);
    assert_eq!(
        (&first["numbered"], &first["unexplained"]),
        (&json!(8), &json!(3))
    );
    assert_eq!(
        first["gaps"],
        json!([{"source_id": first["source_id"], "tab": TAB, "from": 6, "to": 8}])
    );

    // One that was reported lost arrives after all; the others arrive twice.
    assert_eq!(
        send(
            &server,
            &[numbered("m-4", 4), numbered("m-6", 6), numbered("m-7", 7)],
            9,
            &json!([])
        ),
        ["ok", "ok", "ok"]
    );
    assert_eq!(
        send(
            &server,
            &[numbered("m-7", 7), numbered("m-8", 8)],
            9,
            &json!([])
        ),
        ["duplicate", "ok"]
    );
    let last = ledger(first["source_id"].as_str().unwrap());
    assert_eq!(
        (&last["numbered"], &last["unexplained"], &last["gaps"]),
        (&json!(8), &json!(0), &json!([]))
    );
    let outcomes = json!({"ok": 5, "held": 0, "denied": 1, "quarantined": 1, "duplicate": 0, "retry": 0, "dropped": 1});
    assert_eq!(last["outcomes"], outcomes);
    assert_eq!(
        server.get("/api/v1/ledger?source=src_nothing").error().0,
        404
    );
}
