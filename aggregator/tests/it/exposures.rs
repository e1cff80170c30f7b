//! What people were shown: the arm stays on every device, caps count, and what is taken back is forgotten.

use serde_json::{Value, json};

use crate::consent_statement::statement;
use crate::harness::{Server, eventually, identify, track, with};

const PHONE: &str = "a0000000-1111-4222-8333-444444444444";
const LAPTOP: &str = "b0000000-1111-4222-8333-444444444444";

fn ask(server: &Server, browser: &str, track: bool, choices: &Value) -> Value {
    let body = json!({"writeKey": server.keys().write_key, "anonymousId": browser, "placements": ["hero"], "track": track,
        "consent": {"categoryPreferences": choices}});
    server.public("/v1/decide", &body).ok()["decisions"]["hero"].clone()
}

fn decision(server: &Server, browser: &str) -> Value {
    ask(
        server,
        browser,
        false,
        &json!({"analytics": true, "personalization": true}),
    )
}

/// The event that a page sends when it shows a decision.
fn shown(id: &str, browser: &str, decision: &Value) -> Value {
    track(
        id,
        browser,
        "Experience Viewed",
        decision["exposure"].clone(),
    )
}

fn make(server: &Server, more: Value) -> Value {
    let mut experience =
        json!({"name": "Hero", "placement": "hero", "variants": [{"key": "a"}, {"key": "b"}]});
    for (name, value) in more.as_object().unwrap() {
        experience[name] = value.clone();
    }
    server.post("/api/v1/experiences", &experience).ok()
}

fn change(server: &Server, experience: &Value, variants: Value) -> Value {
    let path = format!("/api/v1/experiences/{}", experience["id"].as_str().unwrap());
    let body = json!({"version": experience["version"], "variants": variants});
    server.patch(&path, &body).ok()
}

fn exposures(server: &Server, browser: &str) -> usize {
    let events = server.timeline(&format!("anonymous_id:{browser}"));
    let viewed = events
        .iter()
        .filter(|event| event["event"] == "Experience Viewed");
    viewed.count()
}

#[test]
fn the_arm_that_was_shown_first_stays_and_follows_the_person_to_another_device() {
    let server = Server::fresh();
    let only_b = json!([{"key": "a", "weight": 0}, {"key": "b"}]);
    let only_a = json!([{"key": "a"}, {"key": "b", "weight": 0}]);
    let made = make(&server, json!({"variants": only_b}));
    server.batch(&[track("m1", PHONE, "Page Seen", json!({}))]);
    let first = decision(&server, PHONE);
    assert_eq!(first["variant"], "b");
    assert_eq!(first["why"][0]["by"], "hash");
    server.batch(&[shown("m2", PHONE, &first)]);

    // Nobody new gets b any more.
    let made = change(&server, &made, only_a);
    let kept = decision(&server, PHONE);
    assert_eq!(
        (&kept["variant"], &kept["why"][0]["by"]),
        (&json!("b"), &json!("exposure"))
    );
    server.batch(&[track("m3", LAPTOP, "Page Seen", json!({}))]);
    assert_eq!(decision(&server, LAPTOP)["variant"], "a");

    // Both are Ada's, in either order of becoming known.
    server.batch(&[identify("m4", LAPTOP, "ada", json!({}))]);
    assert_eq!(decision(&server, LAPTOP)["variant"], "a");
    server.batch(&[identify("m5", PHONE, "ada", json!({}))]);
    for browser in [PHONE, LAPTOP] {
        let decision = decision(&server, browser);
        assert_eq!(
            (&decision["variant"], &decision["why"][0]["by"]),
            (&json!("b"), &json!("exposure"))
        );
    }
    // What is switched off is passed over.
    let off = json!([{"key": "a"}, {"key": "b", "enabled": false}]);
    change(&server, &made, off);
    assert_eq!(decision(&server, PHONE)["variant"], "a");
}

#[test]
fn a_cap_lets_the_next_experience_decide_and_a_decision_counts_once() {
    let server = Server::fresh();
    let capped = make(
        &server,
        json!({"priority": 1, "variants": [{"key": "capped"}], "frequency_caps": [{"exposures": 2, "within": "7d"}]}),
    );
    make(&server, json!({"variants": [{"key": "usual"}]}));
    server.batch(&[track("m1", PHONE, "Page Seen", json!({}))]);
    let first = decision(&server, PHONE);
    assert_eq!(first["variant"], "capped");
    server.batch(&[shown("m2", PHONE, &first)]);
    server.batch(&[shown("m3", PHONE, &first)]);
    let second = decision(&server, PHONE);
    assert_eq!(
        second["variant"], "capped",
        "one decision counts once: {second}"
    );
    // The reply to the exposure knows of it already.
    let mut body = json!({"writeKey": server.keys().write_key, "anonymousId": PHONE, "placements": ["hero"],
        "consent": {"categoryPreferences": {"personalization": true}}});
    body["batch"] = json!([shown("m4", PHONE, &second)]);
    let reply = server.public("/v1/batch", &body).ok()["decisions"]["hero"].clone();
    assert_eq!(reply["variant"], "usual");
    assert_eq!(
        reply["why"][0],
        json!({"experience": capped["id"], "outcome": "cap", "as_of": reply["why"][0]["as_of"]})
    );
    // Another person is not capped.
    server.batch(&[track("m5", LAPTOP, "Page Seen", json!({}))]);
    assert_eq!(decision(&server, LAPTOP)["variant"], "capped");
}

#[test]
fn a_caller_that_shows_at_once_may_have_the_exposure_recorded_with_the_answer() {
    let server = Server::fresh();
    make(&server, json!({"variants": [{"key": "a"}]}));
    server.batch(&[track("m1", PHONE, "Page Seen", json!({}))]);
    let all = json!({"analytics": true, "personalization": true});
    assert_eq!(ask(&server, PHONE, false, &all)["variant"], "a");
    assert_eq!(
        exposures(&server, PHONE),
        0,
        "nobody said that it was shown"
    );
    assert_eq!(ask(&server, PHONE, true, &all)["variant"], "a");
    eventually("the exposure is stored", || {
        (exposures(&server, PHONE) == 1).then_some(())
    });
    // Without consent to events nothing is stored, and the decision is given all the same.
    let no_events = json!({"analytics": false, "personalization": true});
    server.batch(&[track("m2", LAPTOP, "Page Seen", json!({}))]);
    assert_eq!(ask(&server, LAPTOP, true, &no_events)["variant"], "a");
    assert_eq!(exposures(&server, LAPTOP), 0);
    // Nothing was decided, so nothing was shown.
    let nothing = json!({"analytics": true, "personalization": false});
    assert_eq!(
        ask(&server, PHONE, true, &nothing)["why"],
        json!([{"outcome": "consent"}])
    );
    assert_eq!(exposures(&server, PHONE), 1);
}

#[test]
fn what_is_taken_back_is_forgotten_and_what_never_was_is_not_remembered() {
    let server = Server::fresh();
    let made = make(
        &server,
        json!({"variants": [{"key": "a", "weight": 0}, {"key": "b"}]}),
    );
    server.batch(&[track("m1", PHONE, "Page Seen", json!({}))]);
    let first = decision(&server, PHONE);
    server.batch(&[shown("m2", PHONE, &first)]);
    change(
        &server,
        &made,
        json!([{"key": "a"}, {"key": "b", "weight": 0}]),
    );
    assert_eq!(decision(&server, PHONE)["variant"], "b");

    let who = json!({"anonymousId": PHONE});
    let taken = statement(&server, "m3", &who, &json!({"personalization": false}));
    assert_eq!(taken["outcome"], "ok");
    assert_eq!(decision(&server, PHONE)["variant"], Value::Null);
    let agreed = track("m4", PHONE, "Page Seen", json!({}));
    server.batch(&[agreed]);
    let anew = decision(&server, PHONE);
    assert_eq!(
        (&anew["variant"], &anew["why"][0]["by"]),
        (&json!("a"), &json!("hash"))
    );

    // An exposure to what never existed is an event like any other and changes nothing.
    let forged =
        json!({"experience": "exp_made_up", "variant": "b", "placement": "hero", "holdout": false});
    server.batch(&[with(
        track("m5", PHONE, "Experience Viewed", forged),
        "userId",
        json!("eve"),
    )]);
    assert_eq!(decision(&server, PHONE)["variant"], "a");
}

#[test]
fn the_next_question_knows_of_every_exposure_that_was_answered() {
    let server = Server::fresh();
    make(
        &server,
        json!({"frequency_caps": [{"exposures": 1, "within": "7d"}]}),
    );
    let agreed = json!({"analytics": true, "personalization": true});
    for number in 0..40 {
        let browser = format!("c{number:07}-1111-4222-8333-444444444444");
        let first = ask(&server, &browser, true, &agreed);
        assert!(first["variant"].is_string(), "{first}");
        let second = ask(&server, &browser, true, &agreed);
        assert_eq!(second["why"][0]["outcome"], "cap", "{number}: {second}");
        let told = format!("d{number:07}-1111-4222-8333-444444444444");
        let first = decision(&server, &told);
        server.outcomes(&[shown(&format!("told-{number}"), &told, &first)]);
        let second = decision(&server, &told);
        assert_eq!(second["why"][0]["outcome"], "cap", "{number}: {second}");
    }
}

#[test]
fn who_becomes_known_keeps_the_arm_although_nobody_told_what_was_shown() {
    let server = Server::fresh();
    make(&server, json!({"holdout": 0.2}));
    let arm = |browser: &str| {
        let decision = decision(&server, browser);
        (
            decision["variant"].clone(),
            decision["why"][0]["outcome"].clone(),
        )
    };
    for number in 0..20 {
        let phone = format!("e{number:07}-1111-4222-8333-444444444444");
        let laptop = format!("f{number:07}-1111-4222-8333-444444444444");
        let stranger = arm(&phone);
        server.batch(&[track(
            &format!("v-{number}"),
            &phone,
            "Page Seen",
            json!({}),
        )]);
        assert_eq!(arm(&phone), stranger, "{number}: after the first event");
        let user = format!("user-{number}");
        server.batch(&[identify(&format!("i-{number}"), &phone, &user, json!({}))]);
        assert_eq!(arm(&phone), stranger, "{number}: known by name");
        server.batch(&[identify(&format!("l-{number}"), &laptop, &user, json!({}))]);
        assert_eq!(arm(&phone), stranger, "{number}: with another device");
        assert_eq!(arm(&laptop), stranger, "{number}: on the other device");
    }
}
