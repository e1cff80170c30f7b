//! What is refused is kept whole, with the reason, and can be tried again.

use cdp_core::time::{Span, Timestamp};
use serde_json::{Value, json};

use crate::harness::{Server, track};
use crate::signature::{Request, now, send};

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

#[test]
fn refused_messages_are_searched() {
    let server = Server::fresh();
    let wave = |id: &str, text: &str| json!({"type": "wave", "messageId": id, "note": text});
    server.batch(&[
        wave("m-1", "Ada says \"hello\" 100%"),
        wave("m-2", "grace_h"),
    ]);
    let of_server = json!({"writeKey": server.keys().server_write_key, "batch": [{"type": "track", "messageId": "m-3", "userId": "x"}]});
    server.public("/v1/batch", &of_server).ok();
    let found = |query: &str| -> Vec<String> {
        let mut ids: Vec<String> = server
            .all(&format!("/api/v1/quarantine?limit=1&{query}"))
            .iter()
            .map(|one| one["message_id"].as_str().unwrap().to_owned())
            .collect();
        ids.sort();
        ids
    };
    assert_eq!(found(""), ["m-1", "m-2", "m-3"]);
    assert_eq!(found("q=ADA"), ["m-1"]);
    assert_eq!(
        found("q=says%20%22hello%22"),
        ["m-1"],
        "a text inside of JSON"
    );
    assert_eq!(found("q=%22note%22%3A%22grace"), ["m-2"], "JSON itself");
    assert_eq!(found("q=100%25"), ["m-1"]);
    assert!(found("q=1_0%25").is_empty(), "no wildcard");
    assert_eq!(found("q=e_h"), ["m-2"]);
    assert_eq!(found("reason=needs%20an%20%22event%22"), ["m-3"]);
    assert_eq!(
        found(&format!("source={}", server.keys().server_write_key)),
        ["m-3"]
    );
    assert_eq!(
        found(&format!("source={}&q=ada", server.keys().write_key)),
        ["m-1"]
    );
    assert!(found("from=2999-01-01").is_empty());
    assert_eq!(found("to=2999-01-01&from=2020-01-01").len(), 3);
    let answer = server.get("/api/v1/quarantine?from=yesterday");
    assert_eq!(answer.error().0, 400);
    assert_eq!(
        server.get("/api/v1/quarantine?source=nobody").error().0,
        404
    );
}

#[test]
fn refused_messages_are_tried_again_by_filter_page_by_page() {
    let server = Server::fresh();
    // More than one request tries again, and none of them can be stored.
    let events: Vec<Value> = (0..501)
        .map(|number| json!({"type": "wave", "messageId": format!("m-{number}")}))
        .collect();
    server.batch(&events);
    server.batch(&[json!({"type": "wave", "messageId": "other", "note": "leave me"})]);
    let filter = json!({"reason": "is \"wave\"", "to": "2999-01-01", "q": "m-"});
    let first = server
        .post("/api/v1/quarantine/replay", &json!({"filter": filter}))
        .ok();
    assert_eq!(first["outcomes"].as_array().unwrap().len(), 500);
    let next = json!({"filter": filter, "cursor": first["next_cursor"]});
    let second = server.post("/api/v1/quarantine/replay", &next).ok();
    assert_eq!(second["outcomes"].as_array().unwrap().len(), 1);
    assert_eq!(second["next_cursor"], Value::Null);
    assert_eq!(server.all("/api/v1/quarantine?limit=500").len(), 502);
    for wrong in [
        json!({"filter": {"sauce": "src"}}),
        json!({"filter": {}, "ids": ["qrn_1"]}),
        json!({}),
    ] {
        let answer = server.post("/api/v1/quarantine/replay", &wrong);
        assert_eq!(answer.error().0, 400, "{wrong}");
    }
}

/// A message without a receipt, refused where it came from, as an edge passes it on.
fn refused_in(server: &Server, id: &str, place: Option<&str>, gpc: bool) {
    let source = server.website();
    let source_id = source.rsplit('/').next().unwrap();
    let mut message = track(id, &format!("browser-{id}"), "Viewed", json!({}));
    message.as_object_mut().unwrap().remove("context");
    let mut refused = json!({
        "index": 0, "message_id": id, "outcome": "quarantined", "reason": "nobody could work with it", "message": message, "gpc": gpc
    });
    if let Some(place) = place {
        refused["jurisdiction"] = json!(place);
    }
    let forward = json!({
        "space_id": server.keys().space_id, "source_id": source_id, "admitted": [], "refused": [refused],
        "received_at": Timestamp::from_millis(now()),
    });
    let nonce = format!("{id:0>32}");
    let request = Request {
        method: "POST",
        path: "/internal/v1/ingest".to_owned(),
        timestamp: now(),
        nonce: &nonce,
        secret: server.keys().edge_secret.clone(),
        body: forward.to_string(),
    };
    send(server, &request).ok();
}

#[test]
fn a_message_is_tried_again_by_the_rule_of_the_place_from_which_it_came() {
    let server = Server::fresh();
    let mut policy = server.get("/api/v1/consent/policy").ok()["policy"].clone();
    policy["jurisdictions"] = json!({"US-CA": {"regime": "opt_out", "gpc_denies": ["analytics"]}});
    server.post("/api/v1/consent/policy", &policy).ok();
    let came = [
        ("presumed", Some("US-CA"), false),
        ("objected", Some("US-CA"), true),
        ("asked", Some("DE"), false),
        ("nowhere", None, false),
        ("withdrawn", Some("US-CA"), false),
    ];
    for (id, place, gpc) in came {
        refused_in(&server, id, place, gpc);
    }
    let no = json!({
        "writeKey": server.keys().write_key, "anonymousId": "browser-withdrawn", "messageId": "no",
        "consent": {"categoryPreferences": {"analytics": false}, "source": "banner"}
    });
    server.public("/v1/consent", &no).ok();
    let again = server
        .post(
            "/api/v1/quarantine/replay",
            &json!({"filter": {"to": "2999-01-01"}}),
        )
        .ok();
    let mut outcomes: Vec<(&str, &str)> = again["outcomes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (
                line["messageId"].as_str().unwrap(),
                line["outcome"].as_str().unwrap(),
            )
        })
        .collect();
    outcomes.sort_unstable();
    assert_eq!(
        outcomes,
        [
            ("asked", "denied"),
            ("nowhere", "denied"),
            ("objected", "denied"),
            ("presumed", "ok"),
            ("withdrawn", "denied"),
        ],
        "{again}"
    );
    let stored = server.timeline("anonymous_id:browser-presumed");
    assert_eq!(stored[0]["receipt"]["jurisdiction"], "US-CA", "{stored:?}");
}

#[test]
fn a_page_of_large_messages_is_short() {
    let server = Server::fresh();
    let text = "x".repeat(1_900_000);
    for id in ["m-1", "m-2", "m-3"] {
        let large = track(id, "browser-a", "Viewed", json!({"text": text}));
        assert_eq!(server.outcomes(&[large]), ["quarantined"]);
    }
    let first = server.get("/api/v1/quarantine").ok();
    assert_eq!(first["data"].as_array().unwrap().len(), 2);
    assert!(first["next_cursor"].is_string());
    let all = server.all("/api/v1/quarantine");
    assert_eq!(all.len(), 3);
    assert_eq!(all[2]["message"]["properties"]["text"], text, "kept whole");
    let again = json!({"filter": {}});
    let again = server.post("/api/v1/quarantine/replay", &again).ok();
    assert_eq!(again["outcomes"].as_array().unwrap().len(), 2);
    assert!(again["next_cursor"].is_string());
}

#[test]
fn a_message_is_tried_again_as_it_would_have_been_taken() {
    let server = Server::fresh();
    let nameless = |id: &str| {
        let mut message = track(id, "browser-a", "Viewed", json!({}));
        message.as_object_mut().unwrap().remove("event");
        message["originalTimestamp"] = json!("2026-01-01T00:00:00.000Z");
        message
    };
    // The client's clock is far behind, and the batch says so.
    let whole = track("m-1", "browser-a", "Viewed", json!({}));
    let mut sibling = nameless("m-1");
    sibling["event"] = whole["event"].clone();
    let batch = json!({"writeKey": server.keys().write_key, "sentAt": "2026-01-01T00:00:05.000Z", "batch": [sibling, nameless("m-2")]});
    let answer = server.public("/v1/batch", &batch).ok();
    assert_eq!(answer["outcomes"][1]["outcome"], "quarantined", "{answer}");
    // Of a single endpoint, the path says what the message is.
    let mut single = nameless("m-3");
    single.as_object_mut().unwrap().remove("type");
    single["writeKey"] = json!(server.keys().write_key);
    single["sentAt"] = json!("2026-01-01T00:00:05.000Z");
    let answer = server.public("/v1/track", &single).ok();
    assert_eq!(answer["outcomes"][0]["outcome"], "quarantined", "{answer}");

    let mended: Vec<Value> = server
        .all("/api/v1/quarantine")
        .into_iter()
        .map(|one| {
            let mut message = one["message"].clone();
            message["event"] = json!("Viewed");
            json!({"id": one["id"], "message": message})
        })
        .collect();
    let again = server
        .post("/api/v1/quarantine/replay", &json!({"mended": mended}))
        .ok();
    for line in again["outcomes"].as_array().unwrap() {
        assert_eq!(line["outcome"], "ok", "{again}");
    }
    for event in server.collected("anonymous_id:browser-a") {
        let time = |field: &str| event[field].as_str().unwrap().parse::<Timestamp>().unwrap();
        assert_eq!(
            time("receivedAt").since(time("timestamp")),
            Span::from_seconds(5),
            "{event}"
        );
    }
}
