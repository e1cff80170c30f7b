//! Withdrawal: what rested on the withdrawn evidence goes, everywhere, and does not come back.

use serde_json::{Value, json};

use crate::consent_statement::statement;
use crate::harness::{Server, consent, identify, track, with};

const BROWSER: &str = "b0000000-1111-4222-8333-444444444444";

/// An audience, and a computed trait, of whoever bought.
fn define(server: &Server) -> String {
    let revenue =
        json!({"key": "revenue", "event": "Bought", "aggregate": "sum", "of": "properties.price"});
    server.post("/api/v1/computed_traits", &revenue).ok();
    let buyers = json!({"name": "Buyers", "definition": {"event": "Bought"}});
    let audience = server.post("/api/v1/audiences", &buyers).ok();
    let id = audience["id"].as_str().unwrap().to_owned();
    let experience = json!({"name": "For buyers", "placement": "hero", "audience_id": id, "variants": [{"key": "thanks", "value": 1}]});
    server.post("/api/v1/experiences", &experience).ok();
    // Whoever has bought nothing, as far as one may know; nobody in these tests belongs here.
    let others = json!({"name": "Others", "definition": {"not": {"event": "Bought"}}});
    server.post("/api/v1/audiences", &others).ok();
    id
}

fn bought(id: &str, browser: &str, price: i64) -> Value {
    track(id, browser, "Bought", json!({"price": price}))
}

fn only(mut event: Value, choices: &Value) -> Value {
    event["context"]["consent"]["categoryPreferences"] = choices.clone();
    event
}

/// The audiences of a profile, and the variant that it is shown.
fn shown(server: &Server, browser: &str) -> Value {
    let body = json!({"writeKey": server.keys().write_key, "anonymousId": browser, "placements": ["hero"],
        "consent": {"categoryPreferences": {"personalization": true}}});
    server.public("/v1/decide", &body).ok()["decisions"]["hero"]["variant"].clone()
}

fn audiences(profile: &Value) -> usize {
    profile["audiences"].as_array().unwrap().len()
}

#[test]
fn what_rested_on_withdrawn_consent_goes_and_agreeing_again_does_not_bring_it_back() {
    let server = Server::fresh();
    define(&server);
    server.batch(&[
        with(
            bought("m1", BROWSER, 10),
            "context",
            json!({"consent": consent()["consent"], "traits": {"plan": "pro"}}),
        ),
        bought("m2", BROWSER, 5),
    ]);
    let reference = format!("anonymous_id:{BROWSER}");
    let before = server.profile(&reference);
    assert_eq!(
        (&before["traits"], &before["computed_traits"]),
        (&json!({"plan": "pro"}), &json!({"revenue": 15}))
    );
    assert_eq!(
        before["rests_on"]["traits"]["plan"],
        json!(["analytics", "personalization"])
    );
    assert_eq!(
        before["audiences"][0]["purposes"],
        json!(["analytics", "personalization"])
    );
    assert_eq!(shown(&server, BROWSER), "thanks");

    statement(
        &server,
        "c1",
        &json!({"anonymousId": BROWSER}),
        &json!({"analytics": false, "personalization": false}),
    );
    let after = server.profile(&reference);
    assert_eq!(
        (
            &after["traits"],
            &after["computed_traits"],
            audiences(&after)
        ),
        (&json!({}), &json!({}), 0)
    );
    assert_eq!(shown(&server, BROWSER), Value::Null);

    let news = server.all("/api/v1/consent/news");
    let kinds: Vec<&str> = news
        .iter()
        .map(|one| one["kind"].as_str().unwrap())
        .collect();
    assert_eq!(
        kinds.iter().filter(|kind| **kind == "withdrawn").count(),
        2,
        "{news:?}"
    );
    assert_eq!(
        kinds
            .iter()
            .filter(|kind| **kind == "audience_left")
            .count(),
        1,
        "{news:?}"
    );

    statement(
        &server,
        "c2",
        &json!({"anonymousId": BROWSER}),
        &json!({"analytics": true, "personalization": true}),
    );
    let regranted = server.profile(&reference);
    assert_eq!(
        (&regranted["computed_traits"], audiences(&regranted)),
        (&json!({}), 0)
    );
    server.batch(&[bought("m3", BROWSER, 7)]);
    let anew = server.profile(&reference);
    assert_eq!(
        (&anew["computed_traits"], audiences(&anew)),
        (&json!({"revenue": 7}), 1)
    );
    assert_eq!(shown(&server, BROWSER), "thanks");
    let again = server.kill().serve();
    assert_eq!(again.profile(&reference), anew, "as it was after a crash");
}

#[test]
fn who_takes_back_decisions_alone_keeps_the_rest() {
    let server = Server::fresh();
    define(&server);
    let traits = json!({"consent": consent()["consent"], "traits": {"plan": "pro"}});
    server.batch(&[with(bought("m1", BROWSER, 10), "context", traits)]);
    statement(
        &server,
        "c1",
        &json!({"anonymousId": BROWSER}),
        &json!({"personalization": false}),
    );
    let reference = format!("anonymous_id:{BROWSER}");
    let profile = server.profile(&reference);
    assert_eq!(
        (&profile["computed_traits"], audiences(&profile)),
        (&json!({"revenue": 10}), 1)
    );
    assert_eq!(
        profile["rests_on"]["computed_traits"]["revenue"],
        json!(["analytics"])
    );
    assert_eq!(profile["audiences"][0]["purposes"], json!(["analytics"]));
    assert_eq!(shown(&server, BROWSER), Value::Null);
    let narrow = server.profile(&format!("{reference}?purpose=personalization"));
    assert_eq!(
        (&profile["traits"], &narrow["traits"]),
        (&json!({"plan": "pro"}), &json!({}))
    );
    assert_eq!(
        (&narrow["computed_traits"], audiences(&narrow)),
        (&json!({}), 0)
    );
}

#[test]
fn a_person_who_withdraws_in_one_browser_is_divided_and_nothing_counts_anywhere() {
    let server = Server::fresh();
    define(&server);
    server.batch(&[
        bought("m1", "browser-a", 10),
        identify("m2", "browser-a", "u1", json!({"plan": "pro"})),
        bought("m3", "browser-b", 20),
        identify("m4", "browser-b", "u1", json!({})),
    ]);
    let one = server.profile("user_id:u1");
    assert_eq!(one["computed_traits"]["revenue"], 30);
    assert_eq!(one["identifiers"].as_array().unwrap().len(), 3);
    statement(
        &server,
        "c1",
        &json!({"anonymousId": "browser-a"}),
        &json!({"analytics": false}),
    );
    for reference in [
        "user_id:u1",
        "anonymous_id:browser-a",
        "anonymous_id:browser-b",
    ] {
        let profile = server.profile(reference);
        assert_eq!(
            profile["identifiers"].as_array().unwrap().len(),
            1,
            "{profile}"
        );
        assert_eq!(
            (
                &profile["traits"],
                &profile["computed_traits"],
                audiences(&profile)
            ),
            (&json!({}), &json!({}), 0)
        );
        assert_eq!(profile["consent"]["analytics"], false);
        let ledger = server
            .get(&format!("/api/v1/profiles/{reference}/consent"))
            .ok();
        assert_eq!(ledger["verified"], true);
        assert!(ledger["entries"].to_string().contains("\"c1\""), "{ledger}");
    }
    // Who agrees anew and says who they are is one person again, with what is new.
    server.batch(&[
        identify("m5", "browser-b", "u1", json!({"plan": "free"})),
        bought("m6", "browser-b", 1),
    ]);
    let anew = server.profile("user_id:u1");
    assert_eq!(anew["identifiers"].as_array().unwrap().len(), 2, "{anew}");
    assert_eq!(
        (&anew["traits"], &anew["computed_traits"]),
        (&json!({"plan": "free"}), &json!({"revenue": 1}))
    );
}

#[test]
fn evidence_of_somebody_who_is_found_to_have_withdrawn_goes_with_the_merge() {
    let server = Server::fresh();
    define(&server);
    server.batch(&[bought("m1", "browser-a", 10)]);
    statement(
        &server,
        "c1",
        &json!({"userId": "u1"}),
        &json!({"personalization": false, "advertising": false}),
    );
    assert_eq!(
        server.profile("anonymous_id:browser-a")["audiences"][0]["purposes"],
        json!(["analytics", "personalization"])
    );
    let event = only(
        identify("m2", "browser-a", "u1", json!({})),
        &json!({"analytics": true}),
    );
    assert_eq!(server.outcomes(&[event]), ["ok"]);
    let profile = server.profile("user_id:u1");
    assert_eq!(profile["identifiers"].as_array().unwrap().len(), 2);
    assert_eq!(profile["audiences"][0]["purposes"], json!(["analytics"]));
}

#[test]
fn a_late_withdrawal_and_a_late_event_come_to_the_same() {
    let (one, two) = (Server::fresh(), Server::fresh());
    let early = "2026-01-01T00:00:00Z";
    let late = with(bought("m1", "browser-a", 10), "timestamp", json!(early));
    let newer = bought("m2", "browser-a", 5);
    let said = json!({"anonymousId": "browser-a", "sentAt": Value::Null});
    let withdraw = |server: &Server| statement_at(server, "c1", &said, "2026-02-01T00:00:00Z");
    for server in [&one, &two] {
        define(server);
    }
    one.batch(&[late.clone(), newer.clone()]);
    withdraw(&one);
    withdraw(&two);
    two.batch(&[newer, late]);
    for server in [&one, &two] {
        let profile = server.profile("anonymous_id:browser-a");
        assert_eq!(
            profile["computed_traits"],
            json!({"revenue": 5}),
            "{profile}"
        );
        assert_eq!(
            profile["audiences"][0]["purposes"],
            json!(["analytics", "personalization"])
        );
    }
}

fn statement_at(server: &Server, id: &str, who: &Value, at: &str) {
    let mut body = json!({
        "writeKey": server.keys().write_key, "messageId": id,
        "consent": {"categoryPreferences": {"analytics": false, "personalization": false}, "capturedAt": at}
    });
    body["anonymousId"] = who["anonymousId"].clone();
    server.public("/v1/consent", &body).ok();
}

#[test]
fn a_policy_that_asks_for_more_counts_what_there_is_anew() {
    let server = Server::fresh();
    define(&server);
    let event = only(bought("m1", "browser-a", 10), &json!({"analytics": true}));
    server.batch(&[event]);
    assert_eq!(audiences(&server.profile("anonymous_id:browser-a")), 1);
    let mut policy = server.get("/api/v1/consent/policy").ok()["policy"].clone();
    policy["uses"]["audiences"] = json!(["personalization"]);
    server.post("/api/v1/consent/policy", &policy).ok();
    crate::harness::eventually("nobody belongs any more", || {
        let profile = server.profile("anonymous_id:browser-a");
        (audiences(&profile) == 0).then_some(())
    });
    let news = server.all("/api/v1/consent/news");
    assert_eq!(
        (news.len(), &news[0]["kind"]),
        (1, &json!("audience_left")),
        "whoever got the membership has to hear of it: {news:?}"
    );
}

#[test]
fn trying_a_policy_says_what_publishing_it_does_and_does_nothing() {
    let server = Server::fresh();
    let audience = define(&server);
    let choices = |more: bool| json!({"analytics": true, "personalization": more});
    server.batch(&[
        only(bought("m1", "browser-a", 10), &choices(true)),
        only(bought("m2", "browser-b", 10), &choices(false)),
        only(
            identify("m3", "browser-b", "u1", json!({})),
            &choices(false),
        ),
        only(identify("m4", "browser-c", "u2", json!({})), &choices(true)),
    ]);
    let state = || {
        let who = [
            "anonymous_id:browser-a",
            "anonymous_id:browser-b",
            "user_id:u1",
            "user_id:u2",
        ];
        let profiles = who.map(|who| {
            let answer = server.get(&format!("/api/v1/profiles/{who}"));
            (answer.status, answer.text)
        });
        (profiles, server.all("/api/v1/consent/news"))
    };
    let before = state();
    let mut policy = server.get("/api/v1/consent/policy").ok()["policy"].clone();
    policy["uses"]["audiences"] = json!(["analytics", "personalization"]);
    policy["uses"]["link"] = json!(["analytics", "personalization"]);
    let tried = server
        .post("/api/v1/consent/policy/try", &json!({"policy": policy}))
        .ok();
    assert_eq!(state(), before, "nothing was changed");
    let people = &tried["people"];
    assert_eq!(
        (&people["people"], &people["complete"]),
        (&json!(3), &json!(true))
    );
    assert_eq!(
        people["links"],
        json!({"now": 2, "then": 1, "gained": 0, "lost": 1})
    );
    assert_eq!(
        (&people["profiles"]["now"], &people["profiles"]["then"]),
        (&json!(3), &json!(4))
    );
    let members = &people["memberships"][audience.as_str()];
    assert_eq!(
        (&members["now"], &members["then"], &members["lost"]),
        (&json!(2), &json!(1), &json!(1)),
        "{tried}"
    );
    assert_eq!(
        people["deliveries"],
        json!({"audience_left": 1, "audience_joined": 0})
    );
    // Publishing does what was told.
    server.post("/api/v1/consent/policy", &policy).ok();
    crate::harness::eventually("all are counted anew", || {
        let policy = server.get("/api/v1/consent/policy").ok();
        (policy["refolding"] == false).then_some(())
    });
    let members = server.all(&format!("/api/v1/audiences/{audience}/members"));
    assert_eq!(members.len(), 1);
    let news = server.all("/api/v1/consent/news");
    assert_eq!(news.len(), 1, "{news:?}");
}

#[test]
fn a_definition_that_is_made_after_a_withdrawal_counts_nothing_of_it() {
    let server = Server::fresh();
    server.batch(&[bought("m1", BROWSER, 10)]);
    statement(
        &server,
        "c1",
        &json!({"anonymousId": BROWSER}),
        &json!({"analytics": false}),
    );
    define(&server);
    let profile = server.profile(&format!("anonymous_id:{BROWSER}"));
    assert_eq!(
        (&profile["computed_traits"], audiences(&profile)),
        (&json!({}), 0)
    );
    let preview = json!({"definition": {"event": "Bought"}});
    assert_eq!(
        server.post("/api/v1/audiences/preview", &preview).ok()["count"],
        0
    );
}

#[test]
fn an_event_that_names_a_browser_whose_person_has_withdrawn_is_refused() {
    let server = Server::fresh();
    statement(
        &server,
        "c1",
        &json!({"anonymousId": BROWSER}),
        &json!({"analytics": false}),
    );
    let mut older = identify("m1", BROWSER, "u1", json!({}));
    older["context"]["consent"]["chosenAt"] = json!("2020-01-01T00:00:00Z");
    assert_eq!(server.outcomes(&[older]), ["denied"]);
    assert_eq!(server.get("/api/v1/profiles/user_id:u1").status, 404);
}

#[test]
fn who_agreed_to_facts_alone_is_decided_nothing_by_them() {
    let server = Server::fresh();
    define(&server);
    server.batch(&[only(bought("m1", BROWSER, 10), &json!({"analytics": true}))]);
    let profile = server.profile(&format!("anonymous_id:{BROWSER}"));
    assert_eq!(profile["audiences"][0]["purposes"], json!(["analytics"]));
    // The page may ask, by what it was told just now; what is known of before was not given for that.
    assert_eq!(shown(&server, BROWSER), Value::Null);
}
