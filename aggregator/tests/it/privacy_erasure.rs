//! After an erasure nothing of the person can be read anywhere, others are as they were, and the person does not come back.

use std::fs;

use serde_json::{Value, json};

use crate::harness::remains;
use crate::harness::{Data, Server, consent, eventually, identify, track, with, words};
use crate::privacy_requests::{answer, path};

/// Is in everything that is said of the person.
pub(crate) const CANARY: &str = "qzcanaryvx";
/// The browser that both people used.
const SHARED: &str = "b-household";

/// Where the canary is: files of the data folder, tables of Postgres.
pub(crate) fn found(data: &Data) -> Vec<String> {
    remains::of(CANARY, data)
}

pub(crate) fn email() -> String {
    format!("{CANARY}@example.com")
}

/// Somebody of whom something is everywhere, and somebody who lives with them.
pub(crate) fn settle(server: &Server) {
    for (key, event) in [("bought", "Bought"), ("looked", "Looked")] {
        server
            .post(
                "/api/v1/computed_traits",
                &json!({"key": key, "event": event, "aggregate": "count"}),
            )
            .ok();
    }
    server
        .post(
            "/api/v1/audiences",
            &json!({"name": "Buyers", "definition": {"event": "Bought"}}),
        )
        .ok();
    let url = format!("https://shop.example/{CANARY}?q={CANARY}");
    let page = json!({"consent": consent()["consent"], "page": {"url": url, "title": CANARY}});
    let numbered = |event: Value, seq: u64| {
        let mut event = event;
        event["context"]["ledger"] = json!({"tab": "tab-1", "seq": seq});
        event
    };
    server.batch(&[
        identify(
            "bob-1",
            SHARED,
            "bob",
            json!({"email": "bob@example.com", "plan": "free"}),
        ),
        track("bob-2", SHARED, "Bought", json!({"price": 3})),
        with(
            track("bob-3", SHARED, "Looked", json!({"what": "shoes"})),
            "userId",
            json!("bob"),
        ),
    ]);
    let user = format!("user-{CANARY}");
    let browser = format!("b-{CANARY}");
    server.batch(&[
        numbered(identify(&format!("{CANARY}-1"), &browser, &user, json!({"email": email(), "name": CANARY, "phone": "+33612345678"})), 1),
        numbered(with(track("ada-2", &browser, "Bought", json!({CANARY: CANARY, "list": [CANARY]})), "context", page), 2),
        with(track("ada-3", SHARED, "Bought", json!({"on": CANARY})), "userId", json!(user)),
        with(track("ada-4", &browser, "Looked", json!({})), "userId", json!(user)),
        // Refused and kept: no event.
        with(with(track(&format!("{CANARY}-5"), &browser, "Broken", json!({"x": CANARY})), "userId", json!(user)), "timestamp", json!({"no": 1})),
        json!({"type": "track", "messageId": "ada-6", "anonymousId": browser, "properties": {"x": CANARY}, "context": consent()}),
    ]);
    // Changed often, so that earlier values lie about.
    for turn in 0..30 {
        let traits =
            json!({"email": email(), "about": format!("{CANARY} {turn} {}", CANARY.repeat(turn))});
        server.batch(&[identify(&format!("ada-t{turn}"), &browser, &user, traits)]);
    }
    let token = format!("Bearer {}", server.keys().token);
    let merge = json!({"kind": "keep_apart", "identifiers": [format!("user_id:{user}"), "user_id:bob"], "reason": format!("{CANARY} is not bob")});
    let headers = [
        ("authorization", token.as_str()),
        ("idempotency-key", "key-1"),
    ];
    let decided = server.send(
        "POST",
        "/api/v1/identity/decisions",
        &headers,
        merge.to_string().as_bytes(),
    );
    assert_eq!(decided.status, 201, "{}", decided.text);
}

/// What callers see of the other one.
pub(crate) fn bob(server: &Server) -> Value {
    let timeline = server.timeline("user_id:bob");
    json!({"profile": server.profile("user_id:bob"), "timeline": timeline, "ledger": totals(server)})
}

/// The ledger's totals.
fn totals(server: &Server) -> Value {
    let mut ledger = server.get("/api/v1/ledger").ok();
    ledger.as_object_mut().unwrap().remove("as_of");
    ledger
}

pub(crate) fn erase(server: &Server) -> Value {
    let note = format!("written by {CANARY}");
    answer(
        server,
        json!({"kind": "erasure", "subject": {"kind": "email", "value": email()}, "note": note}),
    )
}

#[track_caller]
pub(crate) fn until_done(server: &Server, request: &Value) -> Value {
    eventually("the erasure is done", || {
        let now = server.get(&path(request)).ok();
        (now["state"] == "done").then_some(now)
    })
}

/// Waits until whoever came back with a restored database is gone.
#[track_caller]
pub(crate) fn until_erased_again(server: &Server) {
    eventually("they are erased again", || {
        let open = server.all("/api/v1/privacy/requests?kind=erasure&state=running");
        let gone = server
            .get(&format!("/api/v1/profiles/email:{}", email()))
            .status
            == 404;
        (open.is_empty() && gone).then_some(())
    });
}

#[test]
fn nothing_of_whoever_was_erased_can_be_read_anywhere_and_others_are_as_they_were() {
    let server = Server::fresh();
    settle(&server);
    let before = bob(&server);
    assert!(
        !found(server.data()).is_empty(),
        "the canary is there to be found"
    );
    let earlier = answer(
        &server,
        json!({"kind": "access", "subject": {"kind": "email", "value": email()}}),
    );
    let request = erase(&server);
    assert_eq!(
        request["subject"],
        Value::Null,
        "nothing tells any more who it is"
    );
    let done = until_done(&server, &request);
    let stores = &done["receipt"]["stores"];
    assert!(stores["events"].as_u64() > Some(30), "{done:#}");
    for store in [
        "suppressions",
        "traits",
        "computed_traits",
        "consent",
        "audiences",
        "identity",
        "quarantine",
        "decisions",
        "answers",
        "requests",
    ] {
        assert!(stores[store].as_u64() > Some(0), "{store}: {done:#}");
    }
    assert_eq!(server.get(&path(&earlier)).ok()["subject"], Value::Null);
    assert_eq!(
        server
            .get(&format!("/api/v1/profiles/email:{}", email()))
            .status,
        404
    );
    assert_eq!(bob(&server), before);
    server.kept_counts_agree();
    assert_eq!(found(server.data()), Vec::<String>::new());
    let data = server.stop();
    assert_eq!(found(&data), Vec::<String>::new());
    let server = data.serve();
    assert_eq!(bob(&server), before);
}

#[test]
fn whoever_was_erased_does_not_come_back_by_a_late_event_or_an_import() {
    let server = Server::fresh();
    settle(&server);
    until_done(&server, &erase(&server));
    let late = [
        identify(
            "late-1",
            "b-new",
            "new",
            json!({"email": email().to_uppercase()}),
        ),
        track("late-2", &format!("b-{CANARY}"), "Bought", json!({})),
        with(
            track("late-3", "b-new", "Broken", json!({})),
            "timestamp",
            json!({"no": email()}),
        ),
    ];
    let reply = server.batch(&late);
    assert_eq!(words(&reply)[..2], ["denied", "denied"], "{reply}");
    assert!(
        reply["outcomes"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("erased at their request")
    );
    let file = server.data().dir.path().join("people.ndjson");
    let row =
        json!({"type": "identify", "messageId": "i1", "userId": "x", "traits": {"email": email()}});
    fs::write(&file, format!("{row}\n")).unwrap();
    let data = server.stop();
    let storage = data.storage();
    let output = std::process::Command::new(crate::harness::BINARY)
        .arg("import")
        .args(&storage)
        .arg(&file)
        .output()
        .unwrap();
    let said = format!(
        "{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(said.contains("denied"), "{said}");
    fs::remove_file(&file).unwrap();
    assert_eq!(found(&data), Vec::<String>::new());
    let server = data.serve();
    let suppressed = server.all("/api/v1/privacy/suppressions");
    let refused: i64 = suppressed
        .iter()
        .map(|one| one["refused"].as_i64().unwrap())
        .sum();
    assert!(refused >= 2, "{suppressed:?}");
    // Whoever shares a browser with them goes on.
    assert_eq!(
        server.outcomes(&[track("bob-9", SHARED, "Looked", json!({}))]),
        ["ok"]
    );
    for one in suppressed {
        let path = format!(
            "/api/v1/privacy/suppressions/{}",
            one["id"].as_str().unwrap()
        );
        server.delete(&path).ok();
        assert_eq!(server.delete(&path).status, 404);
    }
    assert_eq!(
        server.outcomes(&late[..1]),
        ["ok"],
        "they came back by their own wish"
    );
}

#[test]
fn what_two_people_used_stays_with_the_one_who_remains() {
    let server = Server::fresh();
    let user = format!("user-{CANARY}");
    server
        .post(
            "/api/v1/audiences",
            &json!({"name": "Buyers", "definition": {"event": "Bought"}}),
        )
        .ok();
    // The browser was hers first.
    server.batch(&[
        identify(
            "ada-1",
            SHARED,
            &user,
            json!({"email": email(), "about": CANARY}),
        ),
        with(
            track("ada-2", SHARED, "Bought", json!({"x": CANARY})),
            "userId",
            json!(user),
        ),
        identify(
            "bob-1",
            SHARED,
            "bob",
            json!({"email": "bob@example.com", "plan": "free"}),
        ),
        with(
            track("bob-2", SHARED, "Bought", json!({"price": 3})),
            "userId",
            json!("bob"),
        ),
    ]);
    let without_names = |mut profile: Value| {
        profile.as_object_mut().unwrap().remove("identifiers");
        profile
    };
    let before = without_names(server.profile("user_id:bob"));
    let timeline = server.collected("user_id:bob");
    let request = erase(&server);
    until_done(&server, &request);
    assert_eq!(server.collected("user_id:bob"), timeline);
    // The browser is his as if she had never been.
    let after = eventually("the browser is whose it was besides", || {
        let profile = server.profile("user_id:bob");
        let names = profile["identifiers"].to_string();
        names.contains(SHARED).then_some(profile)
    });
    assert_eq!(without_names(after), before);
    assert_eq!(
        server.outcomes(&[track("bob-3", SHARED, "Looked", json!({}))]),
        ["ok"]
    );
    assert_eq!(found(server.data()), Vec::<String>::new());
}

#[test]
fn an_erasure_goes_on_after_a_kill() {
    let mut server = Server::fresh();
    settle(&server);
    let browser = format!("b-{CANARY}");
    for batch in 0..6 {
        let events: Vec<Value> = (0..400)
            .map(|at| {
                track(
                    &format!("more-{batch}-{at}"),
                    &browser,
                    "Looked",
                    json!({"x": CANARY}),
                )
            })
            .collect();
        server.batch(&events);
    }
    let request = erase(&server);
    // Whatever it was doing.
    for _ in 0..3 {
        server = server.kill().serve();
    }
    let done = until_done(&server, &request);
    assert!(
        done["receipt"]["stores"]["events"].as_u64() > Some(2_400),
        "{done:#}"
    );
    assert_eq!(found(server.data()), Vec::<String>::new());
}

#[test]
fn whoever_is_there_again_after_a_restore_is_erased_again() {
    let server = Server::fresh();
    if server.data().database_url().is_some() {
        // Here a restore is putting a file back.
        return;
    }
    settle(&server);
    let data = server.stop();
    let folder = data.dir.path().join("data");
    let backup = data.dir.path().join("backup.sqlite");
    fs::copy(folder.join("headwater.sqlite"), &backup).unwrap();
    let server = data.serve();
    until_done(&server, &erase(&server));
    let data = server.stop();
    fs::rename(&backup, folder.join("headwater.sqlite")).unwrap();
    let server = data.serve();
    until_erased_again(&server);
    assert_eq!(found(server.data()), Vec::<String>::new());
}
