//! What becomes of a request: its states, its deadline, its mistakes; corrections and restrictions.

use serde_json::{Value, json};

use crate::harness::{Data, Server, eventually, identify, track};

/// Takes a request in whose requester was checked, and starts it; the request.
#[track_caller]
pub(crate) fn answer(server: &Server, mut asked: Value) -> Value {
    asked["verified"] = json!({"method": "email_link", "by": "Grace"});
    let request = server.post("/api/v1/privacy/requests", &asked).ok();
    assert_eq!(request["state"], "verified");
    let path = path(&request);
    server.post(&format!("{path}/start"), &json!({})).ok()
}

/// Where a request is.
pub(crate) fn path(request: &Value) -> String {
    format!(
        "/api/v1/privacy/requests/{}",
        request["id"].as_str().unwrap()
    )
}

fn asked(kind: &str) -> Value {
    json!({"kind": kind, "subject": "email:ada@example.com"})
}

#[test]
fn nothing_is_done_before_the_requester_was_checked() {
    let server = Server::fresh();
    for kind in ["access", "portability", "erasure", "restriction"] {
        let request = server.post("/api/v1/privacy/requests", &asked(kind)).ok();
        assert_eq!(request["state"], "received");
        let path = path(&request);
        let early = server.post(&format!("{path}/start"), &json!({}));
        assert_eq!(early.error(), (409, "conflict".to_owned()), "{kind}");
        assert_eq!(server.get(&path).ok()["state"], "received");
        let checked = json!({"method": "document", "by": "Grace", "reference": "ticket 7"});
        let verified = server.post(&format!("{path}/verify"), &checked).ok();
        assert_eq!(verified["state"], "verified");
        assert_eq!(verified["verification"]["by"], "Grace");
        let twice = server.post(&format!("{path}/verify"), &checked);
        assert_eq!(twice.error(), (409, "conflict".to_owned()));
        server.post(&format!("{path}/start"), &json!({})).ok();
        eventually("the request is done", || {
            (server.get(&path).ok()["state"] == "done").then_some(())
        });
        for end in ["cancel", "extend", "refuse", "start"] {
            let late = server.post(&format!("{path}/{end}"), &json!({"reason": "late"}));
            assert!(
                matches!(late.status, 409 | 400),
                "{kind} {end}: {}",
                late.text
            );
        }
    }
}

#[test]
fn an_answer_is_due_after_a_month_and_later_once_when_that_is_said() {
    let server = Data::fresh().serve_at("2026-01-31T09:30:00Z");
    let request = server
        .post("/api/v1/privacy/requests", &asked("access"))
        .ok();
    let due = |request: &Value| request["due_at"].as_str().unwrap().to_owned();
    assert!(due(&request).starts_with("2026-02-28T09:30:00"));
    let path = path(&request);
    let silent = server.post(&format!("{path}/extend"), &json!({}));
    assert_eq!(silent.error(), (422, "invalid_definition".to_owned()));
    let longer = json!({"reason": "many systems"});
    let extended = server.post(&format!("{path}/extend"), &longer).ok();
    assert!(due(&extended).starts_with("2026-04-30T09:30:00"));
    let twice = server.post(&format!("{path}/extend"), &longer);
    assert_eq!(twice.error(), (409, "conflict".to_owned()));
    let mut californian = asked("access");
    californian["regime"] = "ccpa".into();
    let request = server.post("/api/v1/privacy/requests", &californian).ok();
    assert!(due(&request).starts_with("2026-03-17T09:30:00"));
}

#[test]
fn requests_are_listed_refused_and_taken_back_and_mistakes_are_told() {
    let server = Server::fresh();
    let access = server
        .post("/api/v1/privacy/requests", &asked("access"))
        .ok();
    let erasure = server
        .post("/api/v1/privacy/requests", &asked("erasure"))
        .ok();
    let silent = server.post(&format!("{}/refuse", path(&access)), &json!({}));
    assert_eq!(silent.error(), (422, "invalid_definition".to_owned()));
    server
        .post(
            &format!("{}/refuse", path(&access)),
            &json!({"reason": "not them"}),
        )
        .ok();
    server
        .post(&format!("{}/cancel", path(&erasure)), &json!({}))
        .ok();
    let of = |query: &str| server.all(&format!("/api/v1/privacy/requests?limit=1&{query}"));
    assert_eq!(of("").len(), 2);
    assert_eq!(of("kind=access")[0]["reason"], "not them");
    assert_eq!(of("state=cancelled")[0]["id"], erasure["id"]);
    assert_eq!(of("kind=erasure&state=refused").len(), 0);
    let unfit = |body: Value| server.post("/api/v1/privacy/requests", &body).error();
    let wrong = (422, "invalid_definition".to_owned());
    assert_eq!(unfit(json!({"kind": "access", "subject": "nobody"})), wrong);
    assert_eq!(
        unfit(json!({"kind": "access", "subject": "shoe_size:42"})),
        wrong
    );
    assert_eq!(
        unfit(json!({"kind": "rectification", "subject": "email:ada@example.com"})),
        wrong
    );
    let misplaced = json!({"kind": "access", "subject": "email:ada@example.com", "set": {"a": 1}});
    assert_eq!(unfit(misplaced), wrong);
    let unchecked = json!({"kind": "access", "subject": "email:ada@example.com", "verified": {"method": "other"}});
    assert_eq!(unfit(unchecked), wrong);
    assert_eq!(
        unfit(json!({"kind": "forget", "subject": "email:a@b.c"})).0,
        400
    );
    assert_eq!(server.get("/api/v1/privacy/requests/prq_0").status, 404);
}

#[test]
fn what_is_corrected_holds_and_tells_where_it_is_from() {
    let server = Server::fresh();
    server.batch(&[identify(
        "m1",
        "b1",
        "ada",
        json!({"email": "ada@example.com", "name": "Ida", "plan": "pro"}),
    )]);
    let mut wrong = asked("rectification");
    wrong["set"] = json!({"name": "Ada"});
    wrong["remove"] = json!(["plan"]);
    let request = answer(&server, wrong);
    assert_eq!(request["state"], "done", "{request}");
    assert_eq!(request["receipt"]["stores"]["traits"], 2);
    let profile = server.profile("user_id:ada");
    assert_eq!(
        profile["traits"],
        json!({"email": "ada@example.com", "name": "Ada"})
    );
    let events = server.collected("user_id:ada");
    let correction = events
        .iter()
        .find(|event| event["messageId"] == request["id"]);
    assert_eq!(correction.unwrap()["traits"]["name"], "Ada");
    let again = server.kill().serve();
    assert_eq!(again.profile("user_id:ada"), profile);
}

#[test]
fn whoever_is_restricted_is_kept_and_not_used_until_it_is_lifted() {
    let server = Server::fresh();
    let revenue =
        json!({"key": "revenue", "event": "Bought", "aggregate": "sum", "of": "properties.price"});
    server.post("/api/v1/computed_traits", &revenue).ok();
    let buyers = json!({"name": "Buyers", "definition": {"event": "Bought"}});
    server.post("/api/v1/audiences", &buyers).ok();
    server.batch(&[
        identify(
            "m1",
            "b1",
            "ada",
            json!({"email": "ada@example.com", "plan": "pro"}),
        ),
        track("m2", "b1", "Bought", json!({"price": 7})),
        track("m3", "b2", "Bought", json!({"price": 9})),
    ]);
    let (before, bystander) = (
        server.profile("user_id:ada"),
        server.profile("anonymous_id:b2"),
    );
    assert_eq!(before["audiences"][0]["name"], "Buyers");
    let request = answer(&server, asked("restriction"));
    assert_eq!(request["state"], "done", "{request}");
    eventually("nothing of them is used", || {
        let profile = server.profile("user_id:ada");
        (profile["traits"] == json!({}) && profile["audiences"] == json!([])).then_some(())
    });
    server.batch(&[track("m4", "b1", "Bought", json!({"price": 5}))]);
    assert_eq!(
        server.profile("anonymous_id:b1")["computed_traits"],
        json!({})
    );
    assert_eq!(server.profile("anonymous_id:b2"), bystander);
    let server = server.kill().serve();
    assert_eq!(server.profile("user_id:ada")["traits"], json!({}));
    let lift = format!("{}/lift", path(&request));
    server.post(&lift, &json!({})).ok();
    let after = eventually("all of it is used again", || {
        let profile = server.profile("user_id:ada");
        (profile["computed_traits"]["revenue"] == 12).then_some(profile)
    });
    assert_eq!(after["traits"], before["traits"]);
    assert_eq!(after["identifiers"], before["identifiers"]);
    assert_eq!(after["audiences"][0]["name"], "Buyers");
    assert_eq!(
        server.post(&lift, &json!({})).error(),
        (409, "conflict".to_owned())
    );
}
