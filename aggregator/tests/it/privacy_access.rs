//! Whoever asks what is held of them gets all of it, to read and for a program, and nothing of anybody else.

use std::io::{Cursor, Read as _};

use serde_json::{Value, json};

use crate::harness::{Data, Server, consent, identify, track, with};
use crate::privacy_requests::{answer, path};

/// The files of a request's archive, by name.
fn archive(server: &Server, request: &Value) -> std::collections::BTreeMap<String, String> {
    let bytes = server.fetch(&format!("{}/archive", path(request)));
    let mut zip = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut files = std::collections::BTreeMap::new();
    for at in 0..zip.len() {
        let mut file = zip.by_index(at).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut text = String::new();
        file.read_to_string(&mut text).unwrap();
        files.insert(name, text);
    }
    files
}

fn ada_and_bob(server: &Server) {
    let revenue =
        json!({"key": "revenue", "event": "Bought", "aggregate": "sum", "of": "properties.price"});
    server.post("/api/v1/computed_traits", &revenue).ok();
    server
        .post(
            "/api/v1/audiences",
            &json!({"name": "Buyers", "definition": {"event": "Bought"}}),
        )
        .ok();
    server.batch(&[
        identify("m1", "b1", "ada", json!({"email": "ada@example.com", "name": "<script>alert(1)</script>"})),
        track("m2", "b1", "Bought", json!({"price": 7})),
        identify("m3", "b9", "bob", json!({"email": "bob@example.com"})),
        // Nobody can take this in.
        with(track("m4", "b1", "Broken", json!({})), "timestamp", json!({"no": "ada@example.com"})),
        json!({"type": "track", "messageId": "m5", "anonymousId": "b1", "context": consent(), "userId": "ada"}),
    ]);
}

#[test]
fn an_archive_has_everything_of_the_person_and_nothing_of_others() {
    let server = Server::fresh();
    ada_and_bob(&server);
    let request = answer(
        &server,
        json!({"kind": "access", "subject": {"kind": "email", "value": "Ada@Example.com"}}),
    );
    assert_eq!(
        (&request["state"], &request["receipt"]["stores"]["events"]),
        (&json!("done"), &json!(2)),
        "{request}"
    );
    let files = archive(&server, &request);
    let data: Value = serde_json::from_str(&files["data.json"]).unwrap();
    assert_eq!(
        data["identifiers"],
        json!(["anonymous_id:b1", "email:ada@example.com", "user_id:ada"])
    );
    let profile = &data["profiles"][0];
    assert_eq!(
        (
            &profile["computed_traits"]["revenue"],
            &profile["audiences"][0]["name"]
        ),
        (&json!(7), &json!("Buyers"))
    );
    for (store, table) in [
        ("traits", "trait_value"),
        ("computed_traits", "computed_value"),
        ("consent", "consent_entry"),
        ("audiences", "audience_change"),
        ("identity", "identity_edge"),
        ("identity", "identity_node"),
    ] {
        let rows = data["stores"][store][table].as_array();
        assert!(
            rows.is_some_and(|rows| !rows.is_empty()),
            "{table}: {data:#}"
        );
    }
    assert_eq!(files["events.ndjson"].lines().count(), 2);
    let refused = data["quarantine"].as_array().unwrap();
    assert!(!refused.is_empty(), "{data:#}");
    let page = &files["index.html"];
    assert!(
        page.contains("&lt;script&gt;alert(1)") && !page.contains("<script"),
        "{page}"
    );
    for (name, text) in &files {
        assert!(!text.contains("bob"), "{name} speaks of somebody else");
    }
}

#[test]
fn what_is_taken_along_is_what_the_person_gave() {
    let server = Server::fresh();
    ada_and_bob(&server);
    let request = answer(
        &server,
        json!({"kind": "portability", "subject": "user_id:ada"}),
    );
    let files = archive(&server, &request);
    assert_eq!(
        files.keys().map(String::as_str).collect::<Vec<_>>(),
        ["data.json", "events.ndjson"]
    );
    let data: Value = serde_json::from_str(&files["data.json"]).unwrap();
    let stores: Vec<&String> = data["stores"].as_object().unwrap().keys().collect();
    assert_eq!(stores, ["consent", "traits"]);
}

#[test]
fn an_archive_is_there_for_seven_days() {
    let mut server = Data::fresh().serve_at("2026-03-01T00:00:00Z");
    server.batch(&[identify("m1", "b1", "ada", json!({}))]);
    let open = server
        .post(
            "/api/v1/privacy/requests",
            &json!({"kind": "access", "subject": "user_id:ada"}),
        )
        .ok();
    let early = server.get(&format!("{}/archive", path(&open)));
    assert_eq!(early.error(), (409, "conflict".to_owned()));
    let request = answer(&server, json!({"kind": "access", "subject": "user_id:ada"}));
    server.move_clock("2026-03-07T23:00:00Z");
    archive(&server, &request);
    server.move_clock("2026-03-08T00:00:01Z");
    let late = server.get(&format!("{}/archive", path(&request)));
    assert_eq!(late.error(), (409, "conflict".to_owned()));
}
