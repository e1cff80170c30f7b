//! Events go when they have been kept for long enough, and what rested on them with them.

use serde_json::json;

use crate::harness::{Data, eventually, identify, track, with};

#[test]
fn what_is_too_old_goes_by_the_most_exact_rule_and_what_rested_on_it_too() {
    let mut server = Data::fresh().serve_at("2026-03-01T00:00:00Z");
    let bought = json!({"key": "bought", "event": "Bought", "aggregate": "count"});
    server.post("/api/v1/computed_traits", &bought).ok();
    let old = |event| with(event, "timestamp", json!("2026-02-20T00:00:00Z"));
    server.batch(&[
        old(identify("m1", "b1", "ada", json!({"plan": "pro"}))),
        old(track("m2", "b1", "Bought", json!({}))),
        old(track("m3", "b1", "Looked", json!({}))),
        identify("m4", "b1", "ada", json!({"city": "London"})),
        track("m5", "b1", "Looked", json!({})),
        old(track("m6", "b2", "Bought", json!({}))),
    ]);
    let rules = json!({"rules": [{"days": 5}, {"type": "track", "event": "Bought", "days": 30}]});
    let preview = server
        .post("/api/v1/privacy/retention/preview", &rules)
        .ok();
    assert_eq!(
        (&preview["events"], &preview["complete"]),
        (&json!(2), &json!(true))
    );
    assert_eq!(
        server.collected("user_id:ada").len(),
        5,
        "a preview changes nothing"
    );
    let written = server.put("/api/v1/privacy/retention", &rules).ok();
    assert_eq!(written["rules"].as_array().unwrap().len(), 2);
    server
        .post("/api/v1/privacy/retention/run", &json!({}))
        .ok();
    let bystander = server.profile("anonymous_id:b2");
    eventually("the run is done", || {
        let run = server.get("/api/v1/privacy/retention").ok()["last_run"].clone();
        (run["state"] == "done" && run["deleted"] == 2).then_some(())
    });
    eventually("the old trait is gone", || {
        let profile = server.profile("user_id:ada");
        (profile["traits"] == json!({"city": "London"})).then_some(())
    });
    let profile = server.profile("user_id:ada");
    assert_eq!(profile["computed_traits"], json!({"bought": 1}));
    let ids: Vec<_> = server
        .collected("user_id:ada")
        .iter()
        .map(|event| event["messageId"].clone())
        .collect();
    assert_eq!(ids, ["m2", "m4", "m5"]);
    assert_eq!(server.profile("anonymous_id:b2"), bystander);
    // By itself a day later, and so on.
    server.move_clock("2026-04-15T00:00:00Z");
    assert_eq!(server.collected("user_id:ada").len(), 0);
    assert_eq!(
        server.profile("anonymous_id:b2")["computed_traits"],
        json!({})
    );
}

#[test]
fn mistakes_in_rules_are_told() {
    let server = crate::harness::Server::fresh();
    let wrong = (422, "invalid_definition".to_owned());
    for rules in [
        json!([{"days": 0}]),
        json!([{"type": "swipe", "days": 3}]),
        json!([{"event": "A", "days": 3}, {"event": "A", "days": 4}]),
    ] {
        let answer = server.put("/api/v1/privacy/retention", &json!({"rules": rules}));
        assert_eq!(answer.error(), wrong);
    }
    assert_eq!(
        server
            .put(
                "/api/v1/privacy/retention",
                &json!({"rules": [{"dayz": 3}]})
            )
            .status,
        400
    );
}
