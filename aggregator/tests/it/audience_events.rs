//! Entering an audience and leaving it are events of their own: in the timeline and on the live stream, and nowhere
//! where events are counted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use crate::harness::{Data, Server, identify, track};

const NOON: &str = "2026-03-01T12:00:00Z";

fn audience(server: &Server, name: &str, definition: &Value) -> String {
    let body = json!({"name": name, "definition": definition});
    let made = server.post("/api/v1/audiences", &body).ok();
    assert_eq!(made["status"], "ready", "{made}");
    made["id"].as_str().unwrap().to_owned()
}

fn viewed(id: &str, browser: &str) -> Value {
    track(id, browser, "Viewed", json!({}))
}

/// What a list of events says, in short.
fn names(events: &[Value]) -> Vec<&str> {
    let names = events.iter().map(|event| event["event"].as_str());
    names.map(Option::unwrap).collect()
}

#[test]
fn the_timeline_and_the_live_stream_tell_who_enters_and_leaves_with_the_reason() {
    let mut server = Data::fresh().serve_at(NOON);
    let id = audience(&server, "fans", &json!({"event": "Viewed", "within": "1h"}));
    let lines = server.watch();
    server.batch(&[viewed("m-1", "browser-a")]);
    server.move_clock("2026-03-01T13:00:00Z");
    server.move_clock("2026-03-01T13:00:01Z");
    server.batch(&[viewed("m-2", "browser-a")]);
    let profile = server.profile("anonymous_id:browser-a");

    let timeline = server.timeline("anonymous_id:browser-a");
    let order = [
        "Viewed",
        "Audience Entered",
        "Audience Exited",
        "Viewed",
        "Audience Entered",
    ];
    assert_eq!(names(&timeline), order);
    let entered = json!({
        "type": "audience", "event": "Audience Entered", "messageId": timeline[1]["messageId"], "timestamp": "2026-03-01T12:00:00.000Z",
        "properties": {"audience_id": id, "audience_name": "fans", "cause": {"kind": "event", "message_id": "m-1", "event": "Viewed"}}
    });
    assert_eq!(timeline[1], entered);
    assert_eq!(timeline[2]["properties"]["cause"], json!({"kind": "time"}));
    assert_eq!(timeline[2]["timestamp"], "2026-03-01T13:00:00.000Z");

    // Page by page, from either end, each comes once.
    let path = "/api/v1/profiles/anonymous_id:browser-a/events?limit=1&audiences=true";
    assert_eq!(server.all(path), timeline);
    let mut backwards = server.all(&format!("{path}&order=desc"));
    backwards.reverse();
    assert_eq!(backwards, timeline);

    let lines: Vec<Value> = lines.take(5).collect();
    let told: Vec<Value> = lines.iter().map(|line| line["event"].clone()).collect();
    assert_eq!(names(&told), order);
    assert_eq!(told[1], timeline[1]);
    for line in &lines {
        let noticed = line["event"]["type"] == "audience";
        assert_eq!(line["outcome"].is_null(), noticed, "{line}");
        assert_eq!(line["profile_id"], profile["id"]);
    }
}

#[test]
fn what_headwater_notices_is_no_event_to_audiences_traits_and_the_ledger() {
    let server = Server::fresh();
    audience(&server, "fans", &json!({"event": "Viewed"}));
    audience(&server, "echo", &json!({"event": "Audience Entered"}));
    let counted = json!({"key": "entered", "event": "Audience Entered", "aggregate": "count"});
    server.post("/api/v1/computed_traits", &counted).ok();
    let ledger = || server.get("/api/v1/ledger").ok();
    server.batch(&[viewed("m-0", "browser-b")]);
    let before = ledger();
    server.batch(&[viewed("m-0", "browser-b")]);
    assert_eq!(ledger(), before);

    server.batch(&[viewed("m-1", "browser-a")]);
    assert_eq!(server.timeline("anonymous_id:browser-a").len(), 2);
    let profile = server.profile("anonymous_id:browser-a");
    assert_eq!(profile["audiences"].as_array().unwrap().len(), 1);
    assert_eq!(profile["computed_traits"], json!({}));
    // Made later, it counts what is stored.
    let echo = audience(&server, "later", &json!({"event": "Audience Entered"}));
    let members = server.all(&format!("/api/v1/audiences/{echo}/members"));
    assert!(members.is_empty(), "{members:?}");
    let segment = format!(
        "/v1/spaces/{}/collections/users/profiles/anonymous_id:browser-a/events",
        server.keys().space_id
    );
    let token = format!("{}:", server.keys().token);
    let basic = format!("Basic {}", STANDARD.encode(token));
    let events = server.send("GET", &segment, &[("authorization", &basic)], b"");
    assert_eq!(events.ok()["data"].as_array().unwrap().len(), 1);
}

#[test]
fn a_merged_person_has_what_both_entered_and_left() {
    let server = Server::fresh();
    audience(&server, "fans", &json!({"event": "Viewed"}));
    server.batch(&[viewed("m-1", "browser-a")]);
    server.batch(&[viewed("m-2", "browser-b")]);
    server.batch(&[
        identify("m-3", "browser-a", "ada", json!({})),
        identify("m-4", "browser-b", "ada", json!({})),
    ]);
    let events = server.timeline("user_id:ada");
    let entered = events.iter().filter(|event| event["type"] == "audience");
    assert_eq!(entered.count(), 2, "{events:?}");
    let changes = server.all("/api/v1/profiles/user_id:ada/audience_changes");
    assert_eq!(changes.len(), 2, "{changes:?}");
}

#[test]
fn a_definition_that_takes_over_tells_the_live_stream_who_it_moves() {
    let server = Server::fresh();
    let id = audience(&server, "fans", &json!({"event": "Viewed"}));
    server.batch(&[
        viewed("m-1", "browser-a"),
        track("m-2", "browser-b", "Bought", json!({})),
    ]);
    let lines = server.watch();
    let bought = json!({"definition": {"event": "Bought"}});
    server
        .patch(&format!("/api/v1/audiences/{id}"), &bought)
        .ok();
    // A watcher may still hear what the events before did: a reply does not wait for watchers.
    let by_definition = |line: &Value| line["event"]["properties"]["cause"]["kind"] == "definition";
    let mut told: Vec<Value> = lines.filter(by_definition).take(2).collect();
    told.sort_by_key(|line| line["event"]["event"].to_string());
    for (line, event, browser) in [
        (&told[0], "Audience Entered", "browser-b"),
        (&told[1], "Audience Exited", "browser-a"),
    ] {
        let profile = server.profile(&format!("anonymous_id:{browser}"));
        assert_eq!(line["event"]["event"], event);
        assert_eq!(line["profile_id"], profile["id"]);
        let cause = &line["event"]["properties"]["cause"];
        assert_eq!(*cause, json!({"kind": "definition"}));
    }
}

#[test]
fn changes_are_read_from_either_end() {
    let mut server = Data::fresh().serve_at(NOON);
    let id = audience(&server, "fans", &json!({"event": "Viewed", "within": "1h"}));
    for hour in 13..17 {
        server.batch(&[viewed(&format!("m-{hour}"), "browser-a")]);
        server.move_clock(&format!("2026-03-01T{hour}:00:00Z"));
        server.move_clock(&format!("2026-03-01T{hour}:00:01Z"));
    }
    for path in [
        format!("/api/v1/audiences/{id}/changes?limit=3"),
        "/api/v1/profiles/anonymous_id:browser-a/audience_changes?limit=3".to_owned(),
    ] {
        let oldest_first = server.all(&path);
        let kinds: Vec<&Value> = oldest_first.iter().map(|change| &change["kind"]).collect();
        assert_eq!(kinds.len(), 8, "{oldest_first:?}");
        assert_eq!(kinds[0], "entered");
        assert_eq!(oldest_first[0]["audience_name"], "fans");
        let mut youngest_first = server.all(&format!("{path}&order=desc"));
        youngest_first.reverse();
        assert_eq!(youngest_first, oldest_first);
        let typo = server.get(&format!("{path}&order=newest"));
        assert_eq!(typo.error(), (400, "invalid_request".to_owned()));
    }
}

#[test]
fn changes_are_kept_for_as_long_as_the_operator_says() {
    let arguments = ["--clock-at", NOON, "--keep-audience-changes", "7"];
    let mut server = Data::fresh().serve_with(&arguments);
    let id = audience(&server, "fans", &json!({"event": "Viewed"}));
    server.batch(&[viewed("m-1", "browser-a")]);
    server.move_clock("2026-03-05T12:00:00Z");
    server.batch(&[viewed("m-2", "browser-b")]);
    let path = format!("/api/v1/audiences/{id}/changes");
    for (time, left) in [
        ("2026-03-08T12:00:00Z", 2),
        // Once an hour what is over goes.
        ("2026-03-08T13:00:00Z", 1),
        ("2026-03-12T12:00:00Z", 1),
        ("2026-03-12T13:00:00Z", 0),
    ] {
        server.move_clock(time);
        assert_eq!(server.all(&path).len(), left, "{time}");
    }
    // Events and memberships stay.
    assert_eq!(server.timeline("anonymous_id:browser-a").len(), 1);
    let members = server.all(&format!("/api/v1/audiences/{id}/members"));
    assert_eq!(members.len(), 2);
}

#[test]
fn a_merge_that_ends_a_membership_tells_that_the_person_left() {
    let server = Server::fresh();
    let rule = json!({"all": [{"event": "Viewed"}, {"not": {"event": "Bought"}}]});
    let id = audience(&server, "window shoppers", &rule);
    server.batch(&[
        track("m-1", "browser-a", "Bought", json!({})),
        identify("m-2", "browser-a", "ada", json!({})),
    ]);
    server.batch(&[viewed("m-3", "browser-b")]);
    server.batch(&[identify("m-4", "browser-b", "ada", json!({}))]);
    let kinds = |path: &str| -> Vec<Value> {
        let changes = server.all(path);
        let kind = |change: &Value| json!([change["kind"], change["cause"]["kind"]]);
        changes.iter().map(kind).collect()
    };
    let told = json!([["entered", "event"], ["left", "identity"]]);
    for path in [
        format!("/api/v1/audiences/{id}/changes"),
        "/api/v1/profiles/user_id:ada/audience_changes".to_owned(),
    ] {
        assert_eq!(json!(kinds(&path)), told, "{path}");
    }
    let timeline = server.timeline("user_id:ada");
    let told = timeline.iter().filter(|event| event["type"] == "audience");
    let mut told: Vec<&str> = told.filter_map(|event| event["event"].as_str()).collect();
    told.sort_unstable();
    assert_eq!(told, ["Audience Entered", "Audience Exited"]);
    let found = server.get(&format!("/api/v1/audiences/{id}")).ok();
    assert_eq!(found["members"], 0, "{found}");
}
