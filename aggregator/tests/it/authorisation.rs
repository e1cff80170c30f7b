//! Every operation of the description asks for what it says, of everybody, and the description has every operation.

use std::collections::BTreeMap;

use serde_json::{Value, json};

use crate::harness::visitor::{PASSWORD, Visitor};
use crate::harness::{BINARY, Server};

/// An operation with each path parameter filled in.
struct Operation {
    method: String,
    path: String,
    /// The scope that it asks for; `None` for whoever is signed in.
    scope: Option<String>,
    /// Whether it is a way in.
    open: bool,
}

impl Operation {
    fn body(&self) -> &'static [u8] {
        match self.method.as_str() {
            "POST" | "PATCH" | "PUT" => b"{}",
            _ => b"",
        }
    }
}

fn operations(document: &Value) -> Vec<Operation> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for (method, described) in methods.as_object().unwrap() {
            let path = path
                .replace("{reference}", "user_id:ada")
                .replace("{id}", "aud_1");
            assert!(
                !path.contains('{'),
                "a parameter that this test does not know: {path}"
            );
            let security = described["security"].as_array().unwrap();
            let scope = security
                .first()
                .and_then(|first| first["token"][0].as_str());
            operations.push(Operation {
                method: method.to_uppercase(),
                path,
                scope: scope.map(str::to_owned),
                open: security.is_empty(),
            });
        }
    }
    operations
}

#[test]
fn no_operation_answers_without_a_token_or_with_another_installations() {
    let server = Server::fresh();
    let document = server.send("GET", "/api/openapi.json", &[], b"").ok();
    assert_eq!(document["openapi"], "3.1.0");
    let stranger = format!("Bearer {}", Server::fresh().keys().token);
    let operations = operations(&document);
    assert!(operations.len() >= 90, "{} operations", operations.len());
    let open: Vec<&str> = operations
        .iter()
        .filter(|operation| operation.open)
        .map(|operation| operation.path.as_str())
        .collect();
    let ways_in = [
        "/api/v1/join",
        "/api/v1/join/check",
        "/api/v1/session",
        "/api/v1/session/token",
        "/api/v1/setup",
        "/api/v1/sign-in",
        "/api/v1/sign-in/begin",
        "/api/v1/sign-in/finish",
    ];
    assert_eq!(open, ways_in, "nothing else is open");
    for operation in operations.iter().filter(|operation| !operation.open) {
        let (method, path, body) = (
            operation.method.as_str(),
            operation.path.as_str(),
            operation.body(),
        );
        let none = server.send(method, path, &[], body);
        assert_eq!(
            none.error(),
            (401, "unauthenticated".to_owned()),
            "{method} {path}"
        );
        for wrong in [
            ("authorization", stranger.as_str()),
            ("authorization", "Bearer "),
            ("authorization", "Bearer hwt_0"),
            ("authorization", "Basic aGVsbG86"),
            ("cookie", "headwater=0"),
        ] {
            let answer = server.send(
                method,
                path,
                &[wrong, ("sec-fetch-site", "same-origin")],
                body,
            );
            assert_eq!(answer.status, 401, "{method} {path} with {wrong:?}");
        }
        let token = format!("Bearer {}", server.keys().token);
        let elsewhere = [
            ("authorization", token.as_str()),
            ("headwater-space", "spc_0"),
        ];
        assert_eq!(
            server.send(method, path, &elsewhere, body).status,
            404,
            "{method} {path}"
        );
        if !path.ends_with("/live") {
            let answer = server.send(method, path, &[("authorization", &token)], body);
            assert!(
                !matches!(answer.status, 401 | 405 | 500),
                "{method} {path}: {}",
                answer.status
            );
        }
    }
    // The token stands in the address for EventSource only.
    let in_address = format!("/api/v1/profiles?access_token={}", server.keys().token);
    assert_eq!(server.send("GET", &in_address, &[], b"").status, 401);
}

#[test]
fn each_role_may_do_what_it_says_and_nothing_else() {
    let server = Server::fresh();
    let document = server.send("GET", "/api/openapi.json", &[], b"").ok();
    let operations = operations(&document);
    let owner = server.owner();
    let roles = owner.get("/api/v1/roles").ok();
    let roles: BTreeMap<String, Vec<String>> = roles["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|role| {
            let scopes = role["scopes"].as_array().unwrap().iter();
            let scopes = scopes.map(|scope| scope.as_str().unwrap().to_owned());
            (role["role"].as_str().unwrap().to_owned(), scopes.collect())
        })
        .collect();
    assert_eq!(roles.len(), 8);
    // What each is for, said once more by hand.
    for (role, may, may_not) in [
        ("owner", "ownership:write", ""),
        ("admin", "members:write", "ownership:write"),
        ("marketer", "audiences:write", "members:read"),
        ("agent", "people:read", "people:write"),
        ("analyst", "reports:read", "people:read"),
        ("privacy_officer", "privacy:write", "tokens:read"),
        ("engineer", "sources:write", "members:write"),
        ("read_only", "people:read", "audiences:write"),
    ] {
        let scopes = &roles[role];
        assert!(scopes.iter().any(|scope| scope == may), "{role} {may}");
        assert!(
            !scopes.iter().any(|scope| scope == may_not),
            "{role} {may_not}"
        );
    }
    for (role, scopes) in &roles {
        let email = format!("{role}@team.test");
        let member = owner.invites(&email, role);
        for operation in operations.iter().filter(|operation| !operation.open) {
            let (method, path) = (operation.method.as_str(), operation.path.as_str());
            let held = operation
                .scope
                .as_ref()
                .is_none_or(|scope| scopes.contains(scope));
            if held && (path.ends_with("/live") || (method, path) == ("DELETE", "/api/v1/session"))
            {
                continue;
            }
            let headers = [
                ("cookie", member.cookie.as_str()),
                ("sec-fetch-site", "same-origin"),
            ];
            let answer = server.send(method, path, &headers, operation.body());
            if held {
                assert!(
                    !matches!(answer.status, 401 | 403 | 405 | 500),
                    "{role} {method} {path}: {} {}",
                    answer.status,
                    answer.text
                );
            } else {
                assert_eq!(
                    answer.error(),
                    (403, "forbidden".to_owned()),
                    "{role} {method} {path}"
                );
                assert_eq!(
                    answer.json()["error"]["details"]["scope"],
                    json!(operation.scope)
                );
            }
        }
        assert_eq!(
            Visitor::of(&server, &server.sign_in(&email, PASSWORD))
                .get("/api/v1/session")
                .status,
            200
        );
    }
}

#[test]
fn the_command_prints_the_same_description() {
    let server = Server::fresh();
    let served = server.send("GET", "/api/openapi.json", &[], b"").ok();
    let output = std::process::Command::new(BINARY)
        .arg("openapi")
        .output()
        .unwrap();
    assert_eq!(
        serde_json::from_slice::<Value>(&output.stdout).unwrap(),
        served
    );
}
