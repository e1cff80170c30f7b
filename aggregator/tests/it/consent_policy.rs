//! The consent policy: checked as a whole, published in versions, and in force for the next event.

use serde_json::{Value, json};

use crate::harness::{Answer, Server, track};

fn written() -> Value {
    json!({
        "purposes": ["necessary", {"name": "analytics", "label": "Statistics"}, "personalization", "advertising", "sale_or_share"],
        "uses": {
            "store": ["analytics"], "send": ["analytics"], "link": ["analytics"], "traits": ["analytics"],
            "audiences": ["analytics"], "decisions": ["personalization"], "destinations": ["advertising"]
        },
        "gpc_denies": ["advertising", "sale_or_share"],
        "default": "opt_in"
    })
}

fn post(server: &Server, path: &str, body: &str, from: Option<&str>) -> Answer {
    let token = format!("Bearer {}", server.keys().token);
    let mut headers = vec![("authorization", token.as_str())];
    headers.extend(from.map(|from| ("if-match", from)));
    server.send("POST", path, &headers, body.as_bytes())
}

const POLICY: &str = "/api/v1/consent/policy";

/// What becomes of an event with these choices, and why.
fn outcome(server: &Server, id: &str, choices: &Value) -> (String, String) {
    let mut message = track(id, "browser-a", "Viewed", json!({}));
    message["context"] = json!({"consent": {"categoryPreferences": choices}});
    let reply = server.batch(&[message]);
    let line = &reply["outcomes"][0];
    let text = |field: &str| line[field].as_str().unwrap_or_default().to_owned();
    (text("outcome"), text("reason"))
}

#[test]
fn a_new_space_has_a_policy_and_its_version() {
    let server = Server::fresh();
    let current = server.get(POLICY).ok();
    assert_eq!(current["version"], 1);
    assert_eq!(current["policy"]["uses"]["send"], json!(["analytics"]));
    assert_eq!(current["policy"]["default"], json!({"regime": "opt_in"}));
    // What is read can be published as it is.
    let again = post(&server, POLICY, &current["policy"].to_string(), None);
    assert_eq!(again.ok()["version"], 2);
    let versions = server.get("/api/v1/consent/policies").ok();
    let numbers: Vec<&Value> = versions["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|version| &version["version"])
        .collect();
    assert_eq!(numbers, [2, 1]);
    assert_eq!(
        server.get("/api/v1/consent/policies/1").ok()["policy"]["version"],
        1
    );
    assert_eq!(server.get("/api/v1/consent/policies/3").status, 404);
}

#[test]
fn a_published_policy_judges_the_next_event() {
    let server = Server::fresh();
    assert_eq!(outcome(&server, "m1", &json!({"analytics": true})).0, "ok");
    let (before, _) = outcome(&server, "m2", &json!({"C0002": true}));
    assert_eq!(before, "quarantined");
    let mut policy = written();
    policy["uses"]["send"] = json!(["analytics", "personalization"]);
    policy["categories"] = json!({"C0002": ["analytics", "personalization"]});
    assert_eq!(
        post(&server, POLICY, &policy.to_string(), Some("\"1\"")).ok()["version"],
        2
    );
    let (outcome_now, reason) = outcome(&server, "m3", &json!({"analytics": true}));
    assert_eq!(outcome_now, "denied");
    assert!(
        reason.contains("no consent to personalization") && reason.contains("policy version 2"),
        "{reason}"
    );
    assert_eq!(outcome(&server, "m4", &json!({"C0002": true})).0, "ok");
    // The receipt has the purposes, and the client's own words beside them.
    let events = server
        .get("/api/v1/profiles/anonymous_id:browser-a/events")
        .ok();
    let receipts: Vec<&Value> = events["data"]
        .as_array()
        .unwrap()
        .iter()
        .map(|event| &event["receipt"])
        .collect();
    let mapped = receipts
        .iter()
        .find(|receipt| !receipt["categories"].is_null())
        .unwrap();
    assert_eq!(mapped["categories"], json!({"C0002": true}));
    assert_eq!(
        mapped["categoryPreferences"],
        json!({"analytics": true, "personalization": true})
    );
}

#[test]
fn every_mistake_is_told_and_nothing_changes() {
    let server = Server::fresh();
    let wrong = "{\n  \"version\": 1,\n  \"purposes\": [\"necessary\", \"analytics\"],\n  \"uses\": {\"store\": [\"analitics\"], \"send\": [\"analytics\"], \"link\": [\"analytics\"],\n    \"traits\": [\"analytics\"], \"audiences\": [\"analytics\"], \"decisions\": [\"analytics\"], \"destinations\": [\"analytics\"]},\n  \"gpc_denies\": [],\n  \"default\": \"opt_out\",\n  \"jurisdictions\": {\"UK\": \"opt_in\"}\n}";
    for path in [POLICY, "/api/v1/consent/policy/check"] {
        let answer = post(&server, path, wrong, None);
        assert_eq!(answer.status, 422, "{path}");
        let error = &answer.json()["error"];
        assert_eq!(error["code"], "invalid_definition");
        let errors = error["details"]["errors"].as_array().unwrap();
        let told: Vec<(&Value, &Value, &Value)> = errors
            .iter()
            .map(|error| (&error["line"], &error["column"], &error["path"]))
            .collect();
        assert_eq!(
            told,
            [
                (&json!(4), &json!(22), &json!("uses.store[0]")),
                (&json!(8), &json!(21), &json!("jurisdictions.UK"))
            ]
        );
        assert!(
            error["message"]
                .as_str()
                .unwrap()
                .contains("line 4, column 22, uses.store[0]"),
            "{error}"
        );
    }
    assert_eq!(
        post(
            &server,
            "/api/v1/consent/policy/check",
            &written().to_string(),
            None
        )
        .status,
        200
    );
    assert_eq!(server.get(POLICY).ok()["version"], 1);
}

#[test]
fn nobodys_change_is_overwritten_unseen() {
    let server = Server::fresh();
    let mut policy = written();
    let nameless = post(&server, POLICY, &policy.to_string(), None);
    assert_eq!(nameless.status, 400);
    assert!(
        nameless.json()["error"]["message"]
            .as_str()
            .unwrap()
            .contains("If-Match")
    );
    policy["version"] = json!(1);
    assert_eq!(
        post(&server, POLICY, &policy.to_string(), None).ok()["version"],
        2
    );
    let late = post(&server, POLICY, &policy.to_string(), None);
    assert_eq!(
        (late.status, &late.json()["error"]["details"]["version"]),
        (409, &json!(2))
    );
    assert_eq!(
        post(&server, POLICY, &policy.to_string(), Some("2")).ok()["version"],
        3
    );
    assert_eq!(
        post(&server, POLICY, &policy.to_string(), Some("x")).status,
        400
    );
}

#[test]
fn an_event_without_a_receipt_says_on_what_it_was_taken() {
    let server = Server::fresh();
    let mut policy = written();
    policy["unknown"] = json!("opt_out");
    post(&server, POLICY, &policy.to_string(), Some("1")).ok();
    let mut silent = track("m1", "browser-a", "Viewed", json!({}));
    silent.as_object_mut().unwrap().remove("context");
    let reply = server.batch(&[silent]);
    let line = &reply["outcomes"][0];
    assert_eq!(line["outcome"], "ok");
    let reason = line["reason"].as_str().unwrap();
    assert!(
        reason.contains("taken without a consent receipt: nobody objected to analytics"),
        "{reason}"
    );
}

#[test]
fn a_policy_is_tried_before_it_is_published() {
    let server = Server::fresh();
    for (id, choices) in [
        ("both", json!({"analytics": true, "advertising": true})),
        ("one", json!({"analytics": true})),
        ("typo", json!({"C0002": true})),
    ] {
        outcome(&server, id, &choices);
    }
    let mut draft = written();
    draft["uses"]["send"] = json!(["analytics", "advertising"]);
    draft["uses"]["destinations"] = json!(["analytics"]);
    draft["categories"] = json!({"C0002": ["analytics", "advertising"]});
    let tried = server
        .post(
            "/api/v1/consent/policy/try",
            &json!({"days": 1, "policy": draft}),
        )
        .ok();
    assert_eq!(
        (&tried["version"], &tried["stored"]["events"]),
        (&json!(1), &json!(2))
    );
    assert_eq!(tried["outcomes"], json!({"ok": 1, "denied": 1}));
    let refusal = &tried["refused"]["unknown"];
    assert_eq!(refusal["samples"][0]["message_id"], "one");
    assert!(
        refusal["samples"][0]["reason"]
            .as_str()
            .unwrap()
            .contains("no consent to advertising"),
        "{refusal}"
    );
    let send = &tried["uses"]["send"];
    assert_eq!(
        (
            &send["allowed_now"],
            &send["allowed_then"],
            &send["lost"]["events"]
        ),
        (&json!(2), &json!(1), &json!(1))
    );
    // Handing on would need analytics only, but what is not stored is handed to nobody.
    let destinations = &tried["uses"]["destinations"];
    assert_eq!(
        (&destinations["allowed_now"], &destinations["allowed_then"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(
        tried["quarantined"],
        json!({"events": 1, "complete": true, "ok": 1})
    );
    assert_eq!(
        server.get(POLICY).ok()["version"],
        1,
        "nothing was published"
    );
    let wrong = server.post(
        "/api/v1/consent/policy/try",
        &json!({"policy": {"purposes": []}}),
    );
    assert_eq!(wrong.status, 422);
}
