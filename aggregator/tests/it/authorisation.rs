//! Every operation of the description asks for a token, and the description has every operation.

use serde_json::Value;

use crate::harness::{BINARY, Server};

/// Every operation with each path parameter filled in.
fn operations(document: &Value) -> Vec<(String, String)> {
    let mut operations = Vec::new();
    for (path, methods) in document["paths"].as_object().unwrap() {
        for method in methods.as_object().unwrap().keys() {
            let path = path
                .replace("{reference}", "user_id:ada")
                .replace("{id}", "aud_1");
            assert!(
                !path.contains('{'),
                "a parameter that this test does not know: {path}"
            );
            operations.push((method.to_uppercase(), path));
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
    assert!(operations.len() >= 19, "{} operations", operations.len());
    for (method, path) in operations {
        let body: &[u8] = if matches!(method.as_str(), "POST" | "PATCH") {
            b"{}"
        } else {
            b""
        };
        let none = server.send(&method, &path, &[], body);
        assert_eq!(
            none.error(),
            (401, "unauthenticated".to_owned()),
            "{method} {path}"
        );
        for wrong in [
            stranger.as_str(),
            "Bearer ",
            "Bearer hwt_0",
            "Basic aGVsbG86",
        ] {
            let answer = server.send(&method, &path, &[("authorization", wrong)], body);
            assert_eq!(answer.status, 401, "{method} {path} with {wrong}");
        }
        if !path.ends_with("/live") {
            let answer = server.send(
                &method,
                &path,
                &[("authorization", &format!("Bearer {}", server.keys().token))],
                body,
            );
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
