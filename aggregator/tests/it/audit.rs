//! What everybody did is written down before it is answered, names nobody's identifiers, and cannot be changed unseen.

use serde_json::{Value, json};

use crate::harness::{Data, Server, identify};

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
            .arg(data.dir.path().join("data/headwater.sqlite"))
            .arg(sql)
            .status(),
    };
    assert!(status.unwrap().success(), "{sql}");
}

#[test]
fn whoever_changes_moves_or_takes_away_an_entry_is_seen() {
    let mut data = Data::fresh();
    for (sql, back, bad) in [
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
        ("DELETE FROM audit_entry WHERE number = 4", "SELECT 1", 4),
        ("DELETE FROM audit_entry WHERE number = 2", "SELECT 1", 2),
    ] {
        let server = data.serve();
        let entries = server.all("/api/v1/audit").len();
        if entries == 0 {
            for name in ["a", "b", "c", "d"] {
                server.post("/api/v1/spaces", &json!({"name": name})).ok();
            }
        }
        // The last two take entries away, and nothing brings them back.
        if entries != 3 {
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
