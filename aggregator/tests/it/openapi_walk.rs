//! The description of the server API: examples are what is taken, and every refusal is described.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use crate::harness::Server;
use crate::harness::contract::{DOCUMENT, escaped, mistakes};

/// A visit of an operation: its method, its path with parameters filled in, the pointer to it, and what is described.
fn each(mut visit: impl FnMut(&str, &str, &str, &Value)) {
    for (path, methods) in DOCUMENT["paths"].as_object().unwrap() {
        for (method, operation) in methods.as_object().unwrap() {
            let filled = path
                .replace("{reference}", "user_id:nobody")
                .replace("{id}", "1");
            let pointer = format!("/paths/{}/{method}", escaped(path));
            visit(&method.to_uppercase(), &filled, &pointer, operation);
        }
    }
}

const BODY: &str = "/requestBody/content/application~1json";

#[test]
fn every_example_of_a_body_is_one_by_its_schema() {
    let mut bodies = 0;
    each(|method, path, pointer, _| {
        let Some(example) = DOCUMENT.pointer(&format!("{pointer}{BODY}/example")) else {
            return;
        };
        let wrong = mistakes(&format!("{pointer}{BODY}/schema"), example);
        assert!(wrong.is_empty(), "{method} {path}: {wrong:#?}");
        bodies += 1;
    });
    assert!(bodies > 20, "only {bodies} examples");
}

#[test]
fn every_operation_says_what_it_is_given_and_what_it_answers() {
    let mut names = BTreeSet::new();
    each(|method, path, _, operation| {
        let name = operation["operationId"].as_str().unwrap();
        assert!(names.insert(name.to_owned()), "{name} is there twice");
        let answers = operation["responses"].as_object().unwrap();
        let well: Vec<&Value> = answers
            .iter()
            .filter(|(status, _)| status.starts_with('2'))
            .map(|(_, answer)| answer)
            .collect();
        assert_eq!(well.len(), 1, "{method} {path}");
        let schema = &well[0]["content"]["application/json"]["schema"];
        let is_typed = schema["$ref"].is_string() || schema["properties"].is_object();
        let has_json = well[0]["content"]["application/json"].is_object();
        assert!(is_typed || !has_json, "{method} {path} answers {schema}");
        for status in ["401", "403", "500", "503"] {
            assert!(answers.contains_key(status), "{method} {path}: {status}");
        }
    });
}

#[test]
fn names_of_types_are_their_own() {
    let schemas = DOCUMENT["components"]["schemas"].as_object().unwrap();
    for name in schemas.keys() {
        let is_plain = name.chars().all(|letter| letter.is_ascii_alphabetic());
        assert!(is_plain, "{name} is the name of two types");
    }
}

#[test]
fn what_cannot_be_read_is_refused_as_it_is_described() {
    let server = Server::fresh();
    let token = format!("Bearer {}", server.keys().token);
    let bodies = [
        "",
        "{",
        "null",
        "[]",
        "7",
        "\"\"",
        "{}",
        "{\"a\":1}",
        "[[[[]]]]",
        "\u{0}",
    ];
    // The harness holds each answer against the description.
    each(|method, path, pointer, _| {
        if path.ends_with("/live") {
            return;
        }
        let takes = DOCUMENT.pointer(&format!("{pointer}{BODY}")).is_some();
        let bodies = if takes { &bodies[..] } else { &bodies[..1] };
        for body in bodies {
            for query in [
                "",
                "?limit=0",
                "?limit=x&order=up",
                "?cursor=zz",
                "?days=-1&from=x",
            ] {
                let headers = [
                    ("authorization", token.as_str()),
                    ("if-match", "x"),
                    // A refusal may come before the body was read, which ends the connection.
                    ("connection", "close"),
                ];
                let answer =
                    server.send(method, &format!("{path}{query}"), &headers, body.as_bytes());
                assert!(
                    answer.status < 500,
                    "{method} {path}{query} {body}: {}",
                    answer.text
                );
            }
        }
    });
}

#[test]
fn an_answer_that_is_not_described_is_found() {
    let at = "/paths/~1api~1v1~1ledger/get/responses/200/content/application~1json/schema";
    let server = Server::fresh();
    let mut ledger = server.get("/api/v1/ledger").ok();
    assert!(mistakes(at, &ledger).is_empty());
    ledger["undocumented"] = json!(true);
    assert!(!mistakes(at, &ledger).is_empty());
    ledger.as_object_mut().unwrap().remove("undocumented");
    ledger.as_object_mut().unwrap().remove("numbered");
    assert!(!mistakes(at, &ledger).is_empty());
}
