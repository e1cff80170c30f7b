//! Every number a tab gave out has one outcome, and the ledger says which have none.

use serde_json::{Value, json};

use crate::harness::{Server, eventually, track, words};

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
    assert_eq!(first["received"], 3);
    assert_eq!(first["causes"]["in_flight"], 3);
    let gap = &first["gaps"][0];
    assert_eq!(
        (&gap["source_id"], &gap["tab"], &gap["from"], &gap["to"]),
        (&first["source_id"], &json!(TAB), &json!(6), &json!(8))
    );
    assert_eq!(gap["cause"], "in_flight");

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
    server.kept_counts_agree();
    assert_eq!(
        server.get("/api/v1/ledger?source=src_nothing").error().0,
        404
    );
}

/// A batch as an edge took it some time ago, through the edge's own door.
fn taken_ago(server: &Server, minutes: i64, nonce: &str, tab: &str, seqs: &[u32], next: u32) {
    let now = crate::signature::now();
    let at = cdp_core::time::Timestamp::from_millis(now - minutes * 60_000).to_string();
    let source_id = server.get(&server.website()).ok()["id"].clone();
    let admitted: Vec<Value> = seqs
        .iter()
        .enumerate()
        .map(|(index, seq)| {
            json!({"index": index, "event": {
                "messageId": format!("{tab}-{seq}"), "type": "track", "event": "Viewed", "anonymousId": "browser-a",
                "timestamp": at, "receivedAt": at, "receipt": {"categoryPreferences": {"analytics": true}},
                "ledger": {"tab": tab, "seq": seq}
            }})
        })
        .collect();
    let body = json!({
        "space_id": server.keys().space_id, "source_id": source_id, "received_at": at,
        "admitted": admitted, "refused": [], "ledger": [{"tab": tab, "next": next}]
    });
    let request = crate::signature::Request {
        method: "POST",
        path: "/internal/v1/ingest".to_owned(),
        timestamp: now,
        nonce,
        secret: server.keys().edge_secret.clone(),
        body: body.to_string(),
    };
    crate::signature::send(server, &request).ok();
}

#[test]
fn gaps_have_a_likely_cause_and_are_listed_page_by_page() {
    let server = Server::fresh();
    // Two minutes ago: 2 and 3 never came, 5 and 6 were told of; a tab told of three and sent none.
    let (busy, silent) = ("00000000000000aa", "00000000000000bb");
    let nonces = ["a", "b", "c"].map(|letter| letter.repeat(32));
    taken_ago(&server, 2, &nonces[0], busy, &[1, 4], 7);
    taken_ago(&server, 2, &nonces[1], silent, &[], 4);
    // Just now: 2 was told of and may be on its way.
    taken_ago(&server, 0, &nonces[2], TAB, &[1], 3);
    let refusing = "00000000000000cc";
    let report = json!([{"tab": refusing, "next": 5, "lost": [{"from": 1, "to": 2, "outcome": "denied", "reason": "consent_withdrawn"}]}]);
    let body = json!({"writeKey": server.keys().write_key, "batch": [], "ledger": report});
    server.public("/v1/batch", &body).ok();

    let of = |gap: &Value| {
        (
            gap["tab"].as_str().unwrap().to_owned(),
            gap["from"].as_i64().unwrap(),
            gap["to"].as_i64().unwrap(),
            gap["cause"].as_str().unwrap().to_owned(),
        )
    };
    let wanted = [
        (busy, 2, 3, "blocked"),
        (busy, 5, 6, "offline"),
        (silent, 1, 3, "closed_before_first_send"),
        (refusing, 3, 4, "consent"),
        (TAB, 2, 2, "in_flight"),
    ]
    .map(|(tab, from, to, cause)| (tab.to_owned(), from, to, cause.to_owned()));
    for limit in [1, 2, 50] {
        let listed = server.all(&format!("/api/v1/ledger/gaps?limit={limit}"));
        assert_eq!(
            listed.iter().map(of).collect::<Vec<_>>(),
            wanted,
            "by {limit}"
        );
        assert!(listed.iter().all(|gap| gap["explanation"].is_string()));
    }
    let ledger = server.get("/api/v1/ledger").ok();
    assert_eq!(
        ledger["causes"],
        json!({"blocked": 2, "closed_before_first_send": 3, "consent": 2, "in_flight": 1, "offline": 2})
    );
    assert_eq!(
        (
            &ledger["numbered"],
            &ledger["received"],
            &ledger["unexplained"]
        ),
        (&json!(15), &json!(3), &json!(10))
    );

    let tabs = server.all("/api/v1/ledger/tabs?limit=1");
    let tab = tabs.iter().find(|one| one["tab"] == busy).unwrap();
    assert_eq!(tabs.len(), 4);
    assert_eq!(
        (
            &tab["numbered"],
            &tab["received"],
            &tab["outcomes"]["ok"],
            &tab["unexplained"]
        ),
        (&json!(6), &json!(2), &json!(2), &json!(4))
    );

    // What was missing arrives after all.
    let nonces = ["d", "e", "f"].map(|letter| letter.repeat(32));
    taken_ago(&server, 0, &nonces[0], busy, &[2, 3, 5, 6], 7);
    taken_ago(&server, 0, &nonces[1], silent, &[1, 2, 3], 4);
    taken_ago(&server, 0, &nonces[2], TAB, &[2], 3);
    let left = server.get("/api/v1/ledger").ok();
    assert_eq!(left["unexplained"], 2, "{left}");
    assert_eq!(left["gaps"][0]["cause"], "consent");
}

#[test]
fn a_stranger_with_the_write_key_cannot_inflate_the_numbers() {
    let server = Server::fresh();
    let far = 4_000_000_000_u32;
    // A report without events, an event with a number out of the air, and a million lost.
    assert!(send(&server, &[], far, &json!([])).is_empty());
    assert_eq!(
        send(&server, &[numbered("m-far", far)], 1, &json!([])),
        ["ok"]
    );
    let lost = json!([{"from": 1, "to": 1_000_000, "outcome": "dropped", "reason": "queue_full"}]);
    assert!(send(&server, &[], far, &lost).is_empty());
    // So many rows may take longer than a call waits for what was said before it.
    let ledger = eventually("the loss is on the ledger", || {
        let ledger = server.get("/api/v1/ledger").ok();
        (ledger["outcomes"]["dropped"] != 0).then_some(ledger)
    });
    let numbered_so_far = ledger["numbered"].as_i64().unwrap();
    assert!(numbered_so_far <= 20_000, "{numbered_so_far}");
    assert_eq!(ledger["outcomes"]["dropped"], 10_000);
    assert_eq!(ledger["outcomes"]["ok"], 0, "the number was not believed");
    assert_eq!(
        server.timeline("anonymous_id:browser-a").len(),
        1,
        "the event was"
    );
}

#[test]
fn gaps_of_many_tabs_are_each_listed_once() {
    let server = Server::fresh();
    let wanted: Vec<String> = (0..230).map(|tab| format!("{tab:016x}")).collect();
    for some in wanted.chunks(100) {
        let reports: Vec<Value> = some
            .iter()
            .map(|tab| json!({"tab": tab, "next": 2}))
            .collect();
        let body = json!({"writeKey": server.keys().write_key, "batch": [], "ledger": reports});
        server.public("/v1/batch", &body).ok();
    }
    for limit in [7, 100, 500] {
        let listed = server.all(&format!("/api/v1/ledger/gaps?limit={limit}"));
        let tabs: Vec<&str> = listed
            .iter()
            .filter_map(|gap| gap["tab"].as_str())
            .collect();
        assert_eq!(tabs, wanted, "by {limit}");
    }
    assert_eq!(server.all("/api/v1/ledger/tabs?limit=100").len(), 230);
    let ledger = server.get("/api/v1/ledger").ok();
    assert_eq!(ledger["gaps"].as_array().map(Vec::len), Some(100));
    assert_eq!(ledger["causes"]["in_flight"], 230);
}
