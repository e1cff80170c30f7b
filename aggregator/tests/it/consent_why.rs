//! Why something is there or not: the rule of the policy that decided, in words.

use serde_json::{Value, json};

use crate::consent_statement::statement;
use crate::harness::{Server, identify, track};

fn why(server: &Server, question: &str) -> Value {
    server
        .get(&format!(
            "/api/v1/profiles/user_id:u1/consent/why?{question}"
        ))
        .ok()
}

fn sentence(answer: &Value) -> String {
    let reasons = answer["evidence"]["reasons"].as_array().unwrap().iter();
    let told: Vec<&str> = reasons
        .map(|why| why["sentence"].as_str().unwrap())
        .collect();
    told.join("; ")
}

#[test]
fn events_links_traits_memberships_and_decisions_say_which_rule_decided() {
    let server = Server::fresh();
    let buyers = json!({"name": "Buyers", "definition": {"event": "Bought"}});
    let audience = server.post("/api/v1/audiences", &buyers).ok();
    let audience = format!("audience={}", audience["id"].as_str().unwrap());
    let mut bought = track("m2", "browser-a", "Bought", json!({}));
    bought["userId"] = json!("u1");
    server.batch(&[
        identify("m1", "browser-a", "u1", json!({"plan": "pro"})),
        bought,
    ]);
    let questions = [
        "trait=plan",
        "link=anonymous_id:browser-a",
        &audience,
        "use=decisions",
    ];
    for question in questions {
        let answer = why(&server, question);
        assert_eq!(answer["allowed"], true, "{question}: {answer}");
        let told = sentence(&answer);
        assert!(
            told.contains("the person agreed to") && told.contains("policy version 1"),
            "{told}"
        );
    }
    let event = server.get("/api/v1/events/m1/consent").ok();
    assert_eq!(event["counts_for"], json!(["analytics", "personalization"]));
    assert_eq!(why(&server, "trait=none")["allowed"], false);
    assert_eq!(
        server
            .get("/api/v1/profiles/user_id:u1/consent/why?use=nothing")
            .status,
        400
    );

    statement(
        &server,
        "c1",
        &json!({"userId": "u1"}),
        &json!({"analytics": false}),
    );
    for question in questions {
        let answer = why(&server, question);
        assert_eq!(answer["allowed"], false, "{question}: {answer}");
    }
    let told = sentence(&why(&server, "trait=plan"));
    assert!(
        told.contains("the person has withdrawn consent to analytics"),
        "{told}"
    );
    let event = server.get("/api/v1/events/m1/consent").ok();
    assert_eq!(event["counts_for"], json!(["personalization"]));
    assert_eq!(event["evidence"]["reasons"][2]["rule"], "uses.link");
}
