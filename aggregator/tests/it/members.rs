//! Members come by links, may what their role says, and go at once.

use std::io::{BufRead as _, BufReader, Write as _};

use serde_json::{Value, json};

use crate::harness::visitor::{PASSWORD, Visitor};
use crate::harness::{Data, Server, eventually};

#[test]
fn the_first_start_prints_a_link_that_makes_one_owner_once() {
    let server = Server::fresh();
    let token = server.setup_token();
    let first =
        json!({"token": token, "name": "Olga", "email": " Olga@Owner.test ", "password": PASSWORD});
    for (field, wrong) in [
        ("password", "short"),
        ("password", "password1234"),
        ("password", "aaaaaaaaaaaaaaaa"),
        ("password", "olga@owner.test"),
        ("email", "nobody"),
        ("name", " "),
    ] {
        let mut body = first.clone();
        body[field] = wrong.into();
        let answer = server.enter("/api/v1/setup", &body);
        assert_eq!(
            answer.error(),
            (422, "invalid_definition".to_owned()),
            "{field} {wrong}"
        );
    }
    let mut guessed = first.clone();
    guessed["token"] = "hwl_0".into();
    assert_eq!(server.enter("/api/v1/setup", &guessed).status, 403);
    let owner = Visitor::of(&server, &server.enter("/api/v1/setup", &first));
    let me = owner.get("/api/v1/session").ok();
    assert_eq!(me["member"]["email"], "olga@owner.test");
    assert_eq!(me["member"]["role"], "owner");
    assert_eq!(me["spaces"][0]["id"], server.keys().space_id.as_str());
    assert_eq!(server.enter("/api/v1/setup", &first).status, 403, "once");
    // The next start prints none.
    let server = server.stop().serve();
    let log = std::fs::read_to_string(server.data().log()).unwrap();
    assert_eq!(log.matches("setup_link").count(), 1);
}

#[test]
fn a_setup_link_ends_after_half_an_hour_and_with_the_next_start() {
    let mut server = Data::fresh().serve_at("2026-03-01T00:00:00Z");
    let first = server.setup_token();
    let body = |token: &str| json!({"token": token, "name": "O", "email": "o@owner.test", "password": PASSWORD});
    server.move_clock("2026-03-01T00:31:00Z");
    assert_eq!(server.enter("/api/v1/setup", &body(&first)).status, 403);
    let server = server.stop().serve();
    let second = eventually("another link is printed", || {
        Some(server.setup_token()).filter(|token| *token != first)
    });
    assert_eq!(server.enter("/api/v1/setup", &body(&first)).status, 403);
    server.enter("/api/v1/setup", &body(&second)).ok();
}

#[test]
fn an_invitation_is_for_one_person_once_and_ends() {
    let mut server = Data::fresh().serve_at("2026-03-01T00:00:00Z");
    let owner = server.owner();
    let invite = json!({"email": "mia@team.test", "role": "marketer"});
    let link = owner.post("/api/v1/invitations", &invite).ok();
    let check = json!({"token": link["token"]});
    let told = server.enter("/api/v1/join/check", &check).ok();
    assert_eq!(
        (&told["email"], &told["kind"]),
        (&json!("mia@team.test"), &json!("invitation"))
    );
    let join = json!({"token": link["token"], "name": "Mia", "password": PASSWORD});
    let mia = Visitor::of(&server, &server.enter("/api/v1/join", &join));
    assert_eq!(server.enter("/api/v1/join", &join).status, 403, "once");
    assert_eq!(
        mia.get("/api/v1/session").ok()["member"]["role"],
        "marketer"
    );
    assert_eq!(
        owner.post("/api/v1/invitations", &invite).status,
        409,
        "a member already"
    );
    // Neither of two is found in a list with its secret; taking one back ends it.
    let other = json!({"email": "ben@team.test", "role": "agent"});
    let link = owner.post("/api/v1/invitations", &other).ok();
    let listed = owner.get("/api/v1/invitations");
    assert_eq!(listed.ok()["data"].as_array().unwrap().len(), 1);
    assert!(!listed.text.contains(link["token"].as_str().unwrap()));
    let path = format!("/api/v1/invitations/{}", link["id"].as_str().unwrap());
    assert_eq!(owner.send("DELETE", &path, &Value::Null).status, 204);
    let join = json!({"token": link["token"], "name": "Ben", "password": PASSWORD});
    assert_eq!(server.enter("/api/v1/join", &join).status, 403);
    // Another ends by itself.
    let link = owner.post("/api/v1/invitations", &other).ok();
    server.move_clock("2026-03-08T00:00:01Z");
    let join = json!({"token": link["token"], "name": "Ben", "password": PASSWORD});
    assert_eq!(server.enter("/api/v1/join", &join).status, 403);
}

#[test]
fn nobody_gives_more_than_they_hold_and_the_last_owner_stays() {
    let server = Server::fresh();
    let owner = server.owner();
    let admin = owner.invites("ada@team.test", "admin");
    let marketer = owner.invites("mia@team.test", "marketer");
    let id = |visitor: &Visitor<'_>| {
        let me = visitor.get("/api/v1/session").ok();
        format!("/api/v1/members/{}", me["member"]["id"].as_str().unwrap())
    };
    let (owner_path, admin_path) = (id(&owner), id(&admin));
    let owner_role = json!({"role": "owner"});
    for (who, method, path, body) in [
        (&admin, "PATCH", admin_path.clone(), owner_role.clone()),
        (
            &admin,
            "PATCH",
            owner_path.clone(),
            json!({"role": "agent"}),
        ),
        (&admin, "DELETE", owner_path.clone(), Value::Null),
        (&admin, "POST", format!("{owner_path}/reset"), json!({})),
        (
            &admin,
            "POST",
            "/api/v1/invitations".to_owned(),
            json!({"email": "x@team.test", "role": "owner"}),
        ),
        (
            &admin,
            "POST",
            "/api/v1/tokens".to_owned(),
            json!({"name": "all", "scopes": ["read", "write"]}),
        ),
        (
            &admin,
            "POST",
            "/api/v1/tokens".to_owned(),
            json!({"name": "own", "scopes": ["ownership:write"]}),
        ),
        (
            &marketer,
            "POST",
            "/api/v1/tokens".to_owned(),
            json!({"name": "own", "scopes": ["people:read"]}),
        ),
        (
            &marketer,
            "POST",
            "/api/v1/invitations".to_owned(),
            json!({"email": "x@team.test", "role": "read_only"}),
        ),
        (&marketer, "PATCH", id(&marketer), json!({"role": "admin"})),
    ] {
        let answer = who.send(method, &path, &body);
        assert_eq!(
            answer.error(),
            (403, "forbidden".to_owned()),
            "{method} {path} {body}"
        );
    }
    for (method, body) in [("PATCH", json!({"role": "admin"})), ("DELETE", Value::Null)] {
        let answer = owner.send(method, &owner_path, &body);
        assert_eq!(answer.error(), (409, "conflict".to_owned()), "{method}");
    }
    // With another owner the first may go.
    owner.send("PATCH", &admin_path, &owner_role).ok();
    assert_eq!(owner.send("DELETE", &owner_path, &Value::Null).status, 204);
    assert_eq!(owner.get("/api/v1/session").status, 401);
}

#[test]
fn a_role_that_changes_a_removal_and_another_password_end_sessions() {
    let server = Server::fresh();
    let owner = server.owner();
    let mia = owner.invites("mia@team.test", "marketer");
    let me = mia.get("/api/v1/session").ok();
    let path = format!("/api/v1/members/{}", me["member"]["id"].as_str().unwrap());
    owner.send("PATCH", &path, &json!({"role": "agent"})).ok();
    assert_eq!(
        mia.get("/api/v1/session").status,
        401,
        "her role has changed"
    );
    let first = Visitor::of(&server, &server.sign_in("MIA@team.test", PASSWORD));
    let second = Visitor::of(&server, &server.sign_in("mia@team.test", PASSWORD));
    assert_eq!(
        first.get("/api/v1/sessions").ok()["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let wrong = json!({"current": "not this one at all", "new": "other words in a row"});
    assert_eq!(first.post("/api/v1/session/password", &wrong).status, 403);
    let change = json!({"current": PASSWORD, "new": "other words in a row"});
    let changed = Visitor::of(&server, &first.post("/api/v1/session/password", &change));
    assert_eq!(second.get("/api/v1/session").status, 401);
    assert_eq!(
        first.get("/api/v1/session").status,
        401,
        "its secret is another"
    );
    changed.get("/api/v1/session").ok();
    assert_eq!(server.sign_in("mia@team.test", PASSWORD).status, 401);
    // A link by which she takes a new one.
    let link = owner.post(&format!("{path}/reset"), &json!({})).ok();
    let join = json!({"token": link["token"], "password": "third words in a row"});
    server.enter("/api/v1/join", &join).ok();
    assert_eq!(changed.get("/api/v1/session").status, 401);
    let last = Visitor::of(
        &server,
        &server.sign_in("mia@team.test", "third words in a row"),
    );
    assert_eq!(owner.send("DELETE", &path, &Value::Null).status, 204);
    assert_eq!(last.get("/api/v1/session").status, 401);
    assert_eq!(
        server
            .sign_in("mia@team.test", "third words in a row")
            .status,
        401
    );
}

#[test]
fn who_guesses_waits_longer_and_longer_and_hears_the_same_of_everybody() {
    let mut server = Data::fresh().serve_at("2026-03-01T00:00:00Z");
    server.owner();
    let known = server.sign_in("olga@owner.test", "a wrong password");
    let unknown = server.sign_in("nobody@owner.test", "a wrong password");
    assert_eq!((known.status, &known.text), (401, &unknown.text));
    for _ in 0..4 {
        assert_eq!(
            server.sign_in("olga@owner.test", "a wrong password").status,
            401
        );
    }
    let refused = server.sign_in("olga@owner.test", PASSWORD);
    assert_eq!(
        refused.error(),
        (429, "too_many_requests".to_owned()),
        "also with the right one"
    );
    assert_eq!(refused.header("retry-after"), Some("1"));
    server.move_clock("2026-03-01T00:00:02Z");
    assert_eq!(
        server.sign_in("olga@owner.test", "a wrong password").status,
        401
    );
    assert_eq!(
        server
            .sign_in("olga@owner.test", PASSWORD)
            .header("retry-after"),
        Some("2")
    );
    server.move_clock("2026-03-01T00:00:05Z");
    assert_eq!(server.sign_in("olga@owner.test", PASSWORD).status, 200);
    // Of one address with ever another email.
    let statuses: Vec<u16> = (0..40)
        .map(|number| {
            server
                .sign_in(&format!("{number}@guess.test"), "a wrong password")
                .status
        })
        .collect();
    assert!(statuses.contains(&429), "{statuses:?}");
}

#[test]
fn a_session_ends_when_nobody_uses_it_and_after_a_month() {
    let mut server = Data::fresh().serve_at("2026-03-01T00:00:00Z");
    let cookie = server.owner().cookie;
    let status = |server: &Server| {
        let visitor = Visitor {
            server,
            cookie: cookie.clone(),
            space: None,
        };
        visitor.get("/api/v1/session").status
    };
    for day in 1..=29 {
        for hour in ["00", "11", "22"] {
            server.move_clock(&format!("2026-03-{day:02}T{hour}:00:01Z"));
            assert_eq!(status(&server), 200, "day {day}, {hour}");
            eventually("its use is written", || {
                let visitor = Visitor {
                    server: &server,
                    cookie: cookie.clone(),
                    space: None,
                };
                let listed = visitor.get("/api/v1/sessions").ok();
                let seen = listed["data"][0]["last_seen_at"].as_str()?.to_owned();
                seen.starts_with(&format!("2026-03-{day:02}T{hour}"))
                    .then_some(())
            });
        }
    }
    server.move_clock("2026-03-31T00:00:02Z");
    assert_eq!(status(&server), 401, "after 30 days in any case");
    let again = Visitor::of(&server, &server.sign_in("olga@owner.test", PASSWORD)).cookie;
    server.move_clock("2026-03-31T12:00:03Z");
    let visitor = Visitor {
        server: &server,
        cookie: again,
        space: None,
    };
    assert_eq!(
        visitor.get("/api/v1/session").status,
        401,
        "12 hours unused"
    );
}

#[test]
fn tokens_hold_what_they_were_given_and_end() {
    let mut server = Data::fresh().serve_at("2026-03-01T00:00:00Z");
    let owner = server.owner();
    let made = owner.post("/api/v1/tokens", &json!({"name": "Figures", "scopes": ["experiences:read", "tokens:write"], "ends_in_days": 2})).ok();
    let secret = made["token"].as_str().unwrap().to_owned();
    let bearer = format!("Bearer {secret}");
    let with = |method: &str, path: &str, body: &str| {
        server.send(method, path, &[("authorization", &bearer)], body.as_bytes())
    };
    assert_eq!(with("GET", "/api/v1/experiences", "").status, 200);
    assert_eq!(
        with("GET", "/api/v1/profiles", "").error(),
        (403, "forbidden".to_owned())
    );
    let more = r#"{"name":"x","scopes":["people:read"]}"#;
    assert_eq!(with("POST", "/api/v1/tokens", more).status, 403);
    let same = r#"{"name":"x","scopes":["experiences:read"]}"#;
    assert_eq!(with("POST", "/api/v1/tokens", same).status, 201);
    let nonsense = r#"{"name":"x","scopes":["experiences:look"]}"#;
    assert_eq!(with("POST", "/api/v1/tokens", nonsense).status, 422);
    let listed = eventually("its use is written", || {
        let listed = owner.get("/api/v1/tokens");
        let tokens = listed.ok()["data"].as_array().unwrap().clone();
        let found = tokens
            .into_iter()
            .find(|token| token["name"] == "Figures")
            .unwrap();
        (!found["last_used_at"].is_null()).then_some((listed.text, found))
    });
    assert!(!listed.0.contains(&secret), "its secret is told once");
    assert!(secret.starts_with(listed.1["prefix"].as_str().unwrap()));
    assert_eq!(listed.1["created_by"], "Olga");
    let other = owner
        .post(
            "/api/v1/tokens",
            &json!({"name": "Short", "scopes": ["read"]}),
        )
        .ok();
    let other_bearer = format!("Bearer {}", other["token"].as_str().unwrap());
    let path = format!("/api/v1/tokens/{}", other["id"].as_str().unwrap());
    let read = |bearer: &str| {
        server
            .send("GET", "/api/v1/profiles", &[("authorization", bearer)], b"")
            .status
    };
    assert_eq!(read(&other_bearer), 200);
    assert_eq!(owner.send("DELETE", &path, &Value::Null).status, 204);
    assert_eq!(read(&other_bearer), 401);
    server.move_clock("2026-03-03T00:00:01Z");
    let ended = server.send(
        "GET",
        "/api/v1/experiences",
        &[("authorization", &bearer)],
        b"",
    );
    assert_eq!(ended.status, 401);
}

#[test]
fn who_is_shown_out_sees_no_more_live_events() {
    let server = Server::fresh();
    let owner = server.owner();
    let mia = owner.invites("mia@team.test", "marketer");
    let me = mia.get("/api/v1/session").ok();
    let address = server.base.strip_prefix("http://").unwrap();
    let mut stream = std::net::TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(crate::harness::DEADLINE))
        .unwrap();
    let cookie = &mia.cookie;
    write!(stream, "GET /api/v1/events/live HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncookie: {cookie}\r\n\r\n").unwrap();
    let mut lines = BufReader::new(stream).lines();
    assert!(lines.next().unwrap().unwrap().contains("200"));
    let path = format!("/api/v1/members/{}", me["member"]["id"].as_str().unwrap());
    assert_eq!(owner.send("DELETE", &path, &Value::Null).status, 204);
    // It ends, and no reading waits in vain.
    assert!(lines.all(|line| line.is_ok()));
}

#[test]
fn one_space_does_not_see_another() {
    let server = Server::fresh();
    let mut owner = server.owner();
    let made = owner
        .post("/api/v1/spaces", &json!({"name": "Staging"}))
        .ok();
    let audience = json!({"name": "Pro", "definition": {"trait": "plan", "is": {"eq": "pro"}}});
    let first = owner.post("/api/v1/audiences", &audience).ok();
    let path = format!("/api/v1/audiences/{}", first["id"].as_str().unwrap());
    let tokens = owner.get("/api/v1/tokens").ok();
    let first_token = format!(
        "/api/v1/tokens/{}",
        tokens["data"][0]["id"].as_str().unwrap()
    );
    owner.space = Some(made["id"].as_str().unwrap().to_owned());
    assert_eq!(owner.get(&path).status, 404);
    assert_eq!(owner.send("DELETE", &path, &Value::Null).status, 404);
    assert_eq!(owner.send("DELETE", &first_token, &Value::Null).status, 404);
    assert_eq!(
        owner.get("/api/v1/sources").ok()["data"]
            .as_array()
            .unwrap()
            .len(),
        2
    );
    let batch = json!({"writeKey": made["write_key"], "batch": [crate::harness::identify("m-1", "b-1", "u-1", json!({"email": "zoe@staging.test"}))]});
    assert_eq!(
        crate::harness::words(&server.public("/v1/batch", &batch).ok()),
        ["ok"]
    );
    assert_eq!(
        owner.get("/api/v1/profiles/user_id:u-1").ok()["traits"]["email"],
        "zoe@staging.test"
    );
    assert_eq!(
        server.get("/api/v1/profiles/user_id:u-1").status,
        404,
        "not with the other's token"
    );
    let token = owner
        .post("/api/v1/tokens", &json!({"name": "s", "scopes": ["read"]}))
        .ok();
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let with = |headers: &[(&str, &str)]| {
        server
            .send("GET", "/api/v1/profiles/user_id:u-1", headers, b"")
            .status
    };
    assert_eq!(with(&[("authorization", &bearer)]), 200);
    let first = server.keys().space_id.as_str();
    assert_eq!(
        with(&[("authorization", &bearer), ("headwater-space", first)]),
        404
    );
    let segment = format!("/v1/spaces/{first}/collections/users/profiles/user_id:u-1/traits");
    let basic = base64(&format!("{}:", token["token"].as_str().unwrap()));
    assert_eq!(
        server
            .send("GET", &segment, &[("authorization", &basic)], b"")
            .status,
        404
    );
    owner.space = Some("spc_0".to_owned());
    assert_eq!(owner.get("/api/v1/sources").status, 404);
    // Each space has its own part of the audit log.
    let entries = server.send(
        "GET",
        "/api/v1/audit?limit=500",
        &[("authorization", &bearer)],
        b"",
    );
    assert!(!entries.text.contains("/api/v1/setup"), "{}", entries.text);
}

pub(crate) fn base64(text: &str) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut coded = "Basic ".to_owned();
    for chunk in text.as_bytes().chunks(3) {
        let byte = |at: usize| chunk.get(at).copied().unwrap_or(0);
        let bits = u32::from_be_bytes([0, byte(0), byte(1), byte(2)]);
        for place in 0..4 {
            let letter = LETTERS[(bits >> (18 - 6 * place)) as usize & 63];
            coded.push(if place <= chunk.len() {
                char::from(letter)
            } else {
                '='
            });
        }
    }
    coded
}

#[test]
fn no_secret_is_kept_for_a_repeat_or_logged() {
    let server = Server::fresh();
    let token = format!("Bearer {}", server.keys().token);
    let post = |path: &str, key: &str, body: &Value| {
        let headers = [("authorization", token.as_str()), ("idempotency-key", key)];
        server.send("POST", path, &headers, body.to_string().as_bytes())
    };
    let mut secrets = Vec::new();
    for (path, body) in [
        ("/api/v1/tokens", json!({"name": "n", "scopes": ["read"]})),
        (
            "/api/v1/invitations",
            json!({"email": "mia@team.test", "role": "agent"}),
        ),
    ] {
        let made = post(path, path, &body).ok();
        secrets.push(made["token"].as_str().unwrap().to_owned());
        let again = post(path, path, &body);
        assert_eq!(
            again.error(),
            (409, "idempotency_conflict".to_owned()),
            "{path}"
        );
    }
    let owner = server.owner();
    secrets.push(owner.cookie.split_once('=').unwrap().1.to_owned());
    secrets.push(PASSWORD.to_owned());
    drop(owner);
    server.sign_in("olga@owner.test", "zebra wrong words");
    secrets.push("zebra wrong words".to_owned());
    secrets.push("olga@owner.test".to_owned());
    let data = server.stop();
    let log = std::fs::read_to_string(data.log()).unwrap();
    for secret in &secrets {
        assert!(!log.contains(secret.as_str()), "{secret} is in the log");
    }
    if data.database_url().is_none() {
        // All but the email: only digests are kept.
        secrets.pop();
        for name in ["headwater.sqlite", "headwater.sqlite-wal"] {
            let bytes = std::fs::read(data.dir.path().join("data").join(name)).unwrap_or_default();
            for secret in &secrets {
                let found = bytes
                    .windows(secret.len())
                    .any(|part| part == secret.as_bytes());
                assert!(!found, "{secret} is in {name}");
            }
        }
    }
}

#[test]
fn whoever_fails_with_tokens_and_links_waits_and_fills_no_log() {
    let server = Server::fresh();
    let fail = |number: usize| {
        let (path, body) = match number % 3 {
            0 => (
                "/api/v1/session/token",
                json!({"token": format!("hwt_{number}")}),
            ),
            1 => (
                "/api/v1/sign-in/finish",
                json!({"code": "x", "state": number.to_string()}),
            ),
            _ => ("/api/v1/session", json!(["no body"])),
        };
        server
            .send("POST", path, &[], body.to_string().as_bytes())
            .status
    };
    let statuses: Vec<u16> = (0..60).map(fail).collect();
    assert!(
        statuses[..10].iter().all(|status| *status != 429),
        "{statuses:?}"
    );
    assert!(
        statuses[30..].iter().all(|status| *status == 429),
        "{statuses:?}"
    );
    let entries = server.all("/api/v1/audit").len();
    assert!(entries < 60, "{entries} entries for 60 tries");
}
