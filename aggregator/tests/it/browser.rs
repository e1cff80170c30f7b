//! Cookies, and pages of other sites that would use them.

use serde_json::{Value, json};

use crate::harness::visitor::{PASSWORD, Visitor};
use crate::harness::{Data, Server};

#[test]
fn a_page_of_another_site_changes_nothing() {
    let server = Server::fresh();
    let owner = server.owner();
    let host = server.base.strip_prefix("http://").unwrap();
    let own = format!("http://{host}");
    let body = json!({"name": "Staging"}).to_string();
    let send = |headers: &[(&str, &str)]| {
        let mut all = vec![("cookie", owner.cookie.as_str())];
        all.extend(headers);
        server.send("POST", "/api/v1/spaces", &all, body.as_bytes())
    };
    for attack in [
        &[][..],
        &[("sec-fetch-site", "cross-site")],
        &[("sec-fetch-site", "same-site")],
        &[("sec-fetch-site", "none")],
        &[("sec-fetch-site", "cross-site"), ("origin", own.as_str())],
        &[("origin", "https://evil.test")],
        &[("origin", "null")],
        &[
            ("content-type", "text/plain"),
            ("origin", "http://127.0.0.1:1"),
        ],
    ] {
        assert_eq!(
            send(attack).error(),
            (403, "forbidden".to_owned()),
            "{attack:?}"
        );
    }
    assert_eq!(
        owner.get("/api/v1/spaces").ok()["data"]
            .as_array()
            .unwrap()
            .len(),
        1
    );
    assert_eq!(send(&[("sec-fetch-site", "same-origin")]).status, 201);
    assert_eq!(
        send(&[("origin", &own)]).status,
        201,
        "a browser that says less"
    );
    // Nor does it sign somebody in as somebody else.
    let other = json!({"email": "olga@owner.test", "password": PASSWORD}).to_string();
    for path in [
        "/api/v1/session",
        "/api/v1/session/token",
        "/api/v1/join",
        "/api/v1/setup",
    ] {
        let headers = [
            ("sec-fetch-site", "cross-site"),
            ("content-type", "text/plain"),
        ];
        let answer = server.send("POST", path, &headers, other.as_bytes());
        assert_eq!(answer.error().0, 403, "{path}");
        assert!(answer.header("set-cookie").is_none());
    }
    // A token in a header is no cookie, and wins over one.
    let token = format!("Bearer {}", server.keys().token);
    assert_eq!(send(&[("authorization", &token)]).status, 201);
    assert_eq!(
        send(&[
            ("authorization", "Bearer hwt_0"),
            ("sec-fetch-site", "same-origin")
        ])
        .status,
        401
    );
}

#[test]
fn each_sign_in_has_a_secret_that_the_browser_did_not_bring() {
    let server = Server::fresh();
    let owner = server.owner();
    let brought = "headwater=0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef";
    let sign_in = json!({"email": "olga@owner.test", "password": PASSWORD}).to_string();
    let headers = [("cookie", brought), ("sec-fetch-site", "same-origin")];
    let answer = server.send("POST", "/api/v1/session", &headers, sign_in.as_bytes());
    let fresh = Visitor::of(&server, &answer);
    assert_ne!(fresh.cookie, brought);
    assert_ne!(fresh.cookie, owner.cookie);
    let fixed = server.send("GET", "/api/v1/session", &[("cookie", brought)], b"");
    assert_eq!(fixed.status, 401);
    let cookie = answer.header("set-cookie").unwrap();
    for part in [
        "; HttpOnly",
        "; SameSite=Strict",
        "; Path=/",
        "; Max-Age=2592000",
    ] {
        assert!(cookie.contains(part), "{cookie}");
    }
    assert!(
        !cookie.contains("Secure") && !cookie.contains("Domain"),
        "{cookie}"
    );
    let out = fresh.send("DELETE", "/api/v1/session", &Value::Null);
    assert!(out.header("set-cookie").unwrap().contains("Max-Age=0"));
    assert_eq!(
        fresh.get("/api/v1/session").status,
        401,
        "it is ended here, too"
    );
}

#[test]
fn over_https_the_cookie_is_of_this_host_alone() {
    let server = Data::fresh().serve_with(&["--trusted-proxy", "127.0.0.1"]);
    server.owner();
    let sign_in = json!({"email": "olga@owner.test", "password": PASSWORD}).to_string();
    let headers = [
        ("x-forwarded-proto", "https"),
        ("sec-fetch-site", "same-origin"),
    ];
    let answer = server.send("POST", "/api/v1/session", &headers, sign_in.as_bytes());
    let cookie = answer.header("set-cookie").unwrap().to_owned();
    assert!(
        cookie.starts_with("__Host-headwater=") && cookie.contains("; Secure"),
        "{cookie}"
    );
    let pair = cookie.split(';').next().unwrap();
    let read =
        |headers: &[(&str, &str)]| server.send("GET", "/api/v1/session", headers, b"").status;
    assert_eq!(
        read(&[("cookie", pair), ("x-forwarded-proto", "https")]),
        200
    );
    let plain = pair.replace("__Host-", "");
    assert_eq!(
        read(&[("cookie", &plain), ("x-forwarded-proto", "https")]),
        401
    );
    // Whoever is no proxy of ours is not believed.
    let server = Server::fresh();
    server.owner();
    let answer = server.send("POST", "/api/v1/session", &headers, sign_in.as_bytes());
    assert!(
        answer
            .header("set-cookie")
            .unwrap()
            .starts_with("headwater=")
    );
}

#[test]
fn a_session_that_acts_as_a_token_ends_with_it() {
    let server = Server::fresh();
    let made = server
        .post("/api/v1/tokens", &json!({"name": "n", "scopes": ["read"]}))
        .ok();
    let answer = server.enter("/api/v1/session/token", &json!({"token": made["token"]}));
    let visitor = Visitor::of(&server, &answer);
    let me = visitor.get("/api/v1/session").ok();
    assert_eq!(
        (&me["token"]["id"], &me["member"]),
        (&made["id"], &Value::Null)
    );
    assert_eq!(visitor.get("/api/v1/profiles").status, 200);
    assert_eq!(
        visitor.post("/api/v1/spaces", &json!({"name": "x"})).status,
        403
    );
    assert_eq!(
        visitor.get("/api/v1/sessions").status,
        403,
        "a token is nobody's"
    );
    let path = format!("/api/v1/tokens/{}", made["id"].as_str().unwrap());
    assert_eq!(server.delete(&path).status, 204);
    assert_eq!(visitor.get("/api/v1/profiles").status, 401);
    let unknown = server.enter("/api/v1/session/token", &json!({"token": "hwt_0"}));
    assert_eq!(unknown.status, 401);
}
