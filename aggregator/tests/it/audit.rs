//! What everybody did is written down before it is answered, names nobody's identifiers, and cannot be changed unseen.

use serde_json::{Value, json};

use crate::harness::visitor::PASSWORD;
use crate::harness::{Data, Server, eventually, identify};

/// What the log says, the oldest first: who, what, with which status.
fn lines(server: &Server, query: &str) -> Vec<(String, String, i64)> {
    let entries = server.all(&format!("/api/v1/audit{query}"));
    let line = |entry: &Value| {
        let text = |value: &Value| value.as_str().unwrap().to_owned();
        (
            text(&entry["actor"]["name"]),
            text(&entry["operation"]),
            entry["status"].as_i64().unwrap(),
        )
    };
    entries.iter().map(line).collect()
}

#[test]
fn changes_and_looks_at_people_are_written_down_and_found() {
    let server = Server::fresh();
    server.batch(&[identify(
        "m-1",
        "browser-a",
        "zebra-user",
        json!({"email": "zebra@mail.test"}),
    )]);
    let owner = server.owner();
    let profile = owner.get("/api/v1/profiles/email:zebra%40mail.test").ok();
    owner.get("/api/v1/profiles/user_id:zebra-user/events").ok();
    owner.get("/api/v1/audiences").ok();
    let invited = owner
        .post(
            "/api/v1/invitations",
            &json!({"email": "mia@team.test", "role": "agent"}),
        )
        .ok();
    assert_eq!(
        owner
            .post("/api/v1/tokens", &json!({"name": "", "scopes": []}))
            .status,
        422
    );
    server.sign_in("olga@owner.test", "a wrong password");
    let all = lines(&server, "");
    let line = |who: &str, what: &str, status: i64| (who.to_owned(), what.to_owned(), status);
    assert_eq!(
        all,
        [
            line("Olga", "POST /api/v1/setup", 200),
            line("Olga", "GET /api/v1/profiles/{reference}", 200),
            line("Olga", "GET /api/v1/profiles/{reference}/events", 200),
            line("Olga", "POST /api/v1/invitations", 201),
            line("Olga", "POST /api/v1/tokens", 422),
            line("", "POST /api/v1/session", 401),
        ]
    );
    let id = profile["id"].as_str().unwrap();
    for person in [id, "user_id:zebra-user", "email:zebra%40mail.test"] {
        assert_eq!(
            lines(&server, &format!("?person={person}")).len(),
            2,
            "{person}"
        );
    }
    let entries = server.all("/api/v1/audit");
    assert_eq!(entries[3]["about"], json!([invited["id"]]));
    assert_eq!(entries[3]["address"], "127.0.0.0");
    let member = entries[3]["actor"]["id"].as_str().unwrap();
    assert_eq!(lines(&server, &format!("?member={member}")).len(), 5);
    assert_eq!(lines(&server, "?operation=POST%20/api/v1/tokens").len(), 1);
    let at = entries[3]["at"].as_str().unwrap();
    assert_eq!(lines(&server, &format!("?since={at}")).len(), 3);
    assert_eq!(lines(&server, &format!("?until={at}")).len(), 3);
    let mut backwards = lines(&server, "?order=desc&limit=2");
    backwards.reverse();
    assert_eq!(backwards, all);
    let exported = server.get("/api/v1/audit/export");
    assert_eq!(
        exported.header("content-type"),
        Some("application/x-ndjson")
    );
    assert_eq!(exported.text.lines().count(), all.len() + 1, "with itself");
    assert!(
        !exported.text.contains("zebra"),
        "no identifier of a person: {}",
        exported.text
    );
    assert_eq!(
        lines(&server, "").last().unwrap().1,
        "GET /api/v1/audit/export"
    );
}

#[test]
fn segments_profile_api_is_written_down_too() {
    let server = Server::fresh();
    server.batch(&[identify("m-1", "browser-a", "u-1", json!({}))]);
    let path = format!(
        "/v1/spaces/{}/collections/users/profiles/user_id:u-1/traits",
        server.keys().space_id
    );
    let basic = format!("{}:", server.keys().token);
    let basic = crate::members::base64(&basic);
    server
        .send("GET", &path, &[("authorization", &basic)], b"")
        .ok();
    let found = lines(&server, "?person=user_id:u-1");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0].0, "owner");
    assert!(found[0].1.starts_with("GET /v1/spaces/"), "{}", found[0].1);
}

/// Does something to the database behind the server's back.
pub(crate) fn meddle(data: &Data, sql: &str) {
    let status = match data.database_url() {
        Some(url) => std::process::Command::new("psql")
            .args(["-q", "-v", "ON_ERROR_STOP=1", url, "-c", sql])
            .status(),
        None => std::process::Command::new("sqlite3")
            .args(["-cmd", ".timeout 10000"])
            .arg(data.dir.path().join("data/headwater.sqlite"))
            .arg(sql)
            .status(),
    };
    assert!(status.unwrap().success(), "{sql}");
}

#[test]
fn whoever_changes_moves_or_takes_away_an_entry_is_seen() {
    let mut data = Data::fresh();
    let cases = [
        (
            "UPDATE audit_entry SET actor_name = 'somebody' WHERE number = 3",
            "UPDATE audit_entry SET actor_name = 'owner' WHERE number = 3",
            3,
        ),
        (
            "UPDATE audit_entry SET status = 200 WHERE number = 2",
            "UPDATE audit_entry SET status = 201 WHERE number = 2",
            2,
        ),
        (
            "UPDATE audit_entry SET number = 1000 WHERE number = 2; UPDATE audit_entry SET number = 2 WHERE number = 3; UPDATE audit_entry SET number = 3 WHERE number = 1000",
            "UPDATE audit_entry SET number = 1000 WHERE number = 3; UPDATE audit_entry SET number = 3 WHERE number = 2; UPDATE audit_entry SET number = 2 WHERE number = 1000",
            2,
        ),
        (
            "UPDATE audit_head SET hash = 'x'",
            "UPDATE audit_head SET hash = (SELECT hash FROM audit_entry ORDER BY number DESC LIMIT 1)",
            4,
        ),
        (
            "UPDATE audit_entry SET begun = 1 WHERE number = 4",
            "UPDATE audit_entry SET begun = 3 WHERE number = 4",
            4,
        ),
        ("DELETE FROM audit_entry WHERE number = 4", "SELECT 1", 4),
        ("DELETE FROM audit_entry WHERE number = 2", "SELECT 1", 2),
    ];
    for (at, (sql, back, bad)) in cases.into_iter().enumerate() {
        let server = data.serve();
        if at == 0 {
            // Each has two entries: that it began, and how it ended.
            for name in ["a", "b"] {
                server.post("/api/v1/spaces", &json!({"name": name})).ok();
            }
            assert_eq!(server.all("/api/v1/audit").len(), 2);
        }
        // The last two take entries away, and nothing brings them back.
        if at < 6 {
            let verdict = server.get("/api/v1/audit/verify").ok();
            assert_eq!(
                (&verdict["intact"], &verdict["entries"]),
                (&json!(true), &json!(4)),
                "{verdict}"
            );
        }
        data = server.stop();
        meddle(&data, sql);
        let server = data.serve();
        let verdict = server.get("/api/v1/audit/verify").ok();
        assert_eq!(
            (&verdict["intact"], &verdict["first_bad"]["number"]),
            (&json!(false), &json!(bad)),
            "{sql}: {verdict}"
        );
        data = server.stop();
        meddle(&data, back);
    }
}

/// Has the database refuse some entries of the log.
fn refuse(data: &Data, which: &str) {
    let sql = if data.database_url().is_some() {
        format!(
            "CREATE OR REPLACE FUNCTION refuse() RETURNS trigger AS $$ BEGIN RAISE EXCEPTION 'no'; END $$ LANGUAGE plpgsql; \
             CREATE TRIGGER refusing BEFORE INSERT ON audit_entry FOR EACH ROW WHEN ({which}) EXECUTE FUNCTION refuse();"
        )
    } else {
        format!(
            "CREATE TRIGGER refusing BEFORE INSERT ON audit_entry WHEN {which} BEGIN SELECT RAISE(ABORT, 'no'); END;"
        )
    };
    meddle(data, &sql);
}

fn take_again(data: &Data) {
    let on = if data.database_url().is_some() {
        " ON audit_entry"
    } else {
        ""
    };
    meddle(data, &format!("DROP TRIGGER refusing{on}"));
}

#[test]
fn no_change_is_made_without_an_entry_and_none_that_was_made_is_answered_with_an_error() {
    let server = Server::fresh();
    server.batch(&[identify("m-1", "browser-a", "u-1", json!({}))]);
    let token = |name: &str| json!({"name": name, "scopes": ["people:read"]});
    let names = || -> Vec<Value> {
        let tokens = server.all("/api/v1/tokens");
        tokens.iter().map(|token| token["name"].clone()).collect()
    };
    // No entry can be written: nothing is changed, and looks are answered.
    refuse(server.data(), "1 = 1");
    let answer = server.post("/api/v1/tokens", &token("a"));
    assert_eq!(answer.error(), (503, "unavailable".to_owned()));
    assert!(answer.text.contains("it was not done"), "{}", answer.text);
    assert_eq!(names(), ["owner"]);
    server.get("/api/v1/profiles/user_id:u-1").ok();
    let setup = json!({"token": server.setup_token(), "name": "O", "email": "o@owner.test", "password": PASSWORD});
    assert_eq!(server.enter("/api/v1/setup", &setup).status, 503);
    take_again(server.data());
    server.enter("/api/v1/setup", &setup).ok();
    let looked = eventually("the look is written down", || {
        let lines = lines(&server, "?person=user_id:u-1");
        Some(lines).filter(|lines| lines.len() == 1)
    });
    assert_eq!(looked[0].2, 200);
    // How it ended cannot be written: it was made, and is answered so.
    refuse(server.data(), "NEW.begun > 0");
    server.post("/api/v1/tokens", &token("b")).ok();
    assert!(names().contains(&json!("b")));
    let made = || lines(&server, "?operation=POST%20/api/v1/tokens");
    let line = |status| ("owner".to_owned(), "POST /api/v1/tokens".to_owned(), status);
    assert_eq!(made(), [line(0)]);
    take_again(server.data());
    eventually("how it ended is written down", || {
        (made() == [line(201)]).then_some(())
    });
    let verdict = server.get("/api/v1/audit/verify").ok();
    assert_eq!(verdict["intact"], true, "{verdict}");
}

#[test]
fn a_look_at_the_stream_is_written_down_once_an_hour() {
    let mut server = Data::fresh().serve_at("2026-03-01T10:00:00Z");
    for _ in 0..3 {
        drop(server.watch());
    }
    let look = |server: &Server| lines(server, "?operation=GET%20/api/v1/events/live").len();
    assert_eq!(look(&server), 1);
    server.move_clock("2026-03-01T10:59:59Z");
    drop(server.watch());
    assert_eq!(look(&server), 1);
    server.move_clock("2026-03-01T11:00:00Z");
    drop(server.watch());
    assert_eq!(look(&server), 2);
}
