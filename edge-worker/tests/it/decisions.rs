//! Decisions: for the caller alone, with consent alone, never a trait.

use cdp_core::consent::Choices;
use cdp_core::forward::Subject;
use cdp_core::time::Span;
use serde_json::{Value, json};

use crate::host::{BROWSER, KEY, MemoryHost, batch, body, post, serve, track, with};

#[expect(
    clippy::needless_pass_by_value,
    reason = "the calls read better with values"
)]
fn ask(host: &MemoryHost, anonymous_id: Option<&str>, choices: Value) -> Value {
    let asked = json!({"writeKey": KEY, "anonymousId": anonymous_id, "placements": ["home-hero"], "consent": {"categoryPreferences": choices}});
    let response = serve(host, post("/v1/decide", asked.to_string()));
    assert_eq!(
        response.status,
        200,
        "{}",
        String::from_utf8_lossy(&response.body)
    );
    body(&response)["decisions"]["home-hero"].clone()
}

#[test]
fn a_member_who_agreed_sees_the_variant_and_why() {
    let decision = ask(
        &MemoryHost::default(),
        Some(BROWSER),
        json!({"personalization": true}),
    );
    assert_eq!(
        (&decision["variant"], &decision["value"]["title"]),
        (&json!("sneakers"), &json!("Fresh"))
    );
    assert_eq!(
        decision["reasons"][0],
        "in audience \"Sneaker fans\" (aud_1)"
    );
}

#[test]
fn without_consent_or_identity_everybody_sees_the_default_and_why() {
    let host = MemoryHost::default();
    let withdrawn = MemoryHost {
        choices: Choices::from([("personalization".to_owned(), false)]),
        ..MemoryHost::default()
    };
    let cases = [
        (
            &host,
            Some(BROWSER),
            json!({}),
            "no choice about personalization yet",
        ),
        (
            &host,
            Some(BROWSER),
            json!({"personalization": false}),
            "no consent to personalization",
        ),
        (
            &host,
            None,
            json!({"personalization": true}),
            "no anonymous id",
        ),
        (
            &host,
            Some("42"),
            json!({"personalization": true}),
            "could be guessed",
        ),
        (
            &withdrawn,
            Some(BROWSER),
            json!({"personalization": true}),
            "has withdrawn consent",
        ),
    ];
    for (host, anonymous_id, choices, reason) in cases {
        let decision = ask(host, anonymous_id, choices);
        assert_eq!(decision["variant"], Value::Null);
        assert!(
            decision["reasons"][0].as_str().unwrap().contains(reason),
            "{decision}"
        );
    }
}

#[test]
fn the_cookie_names_the_caller() {
    let asked = json!({"writeKey": KEY, "placements": ["home-hero"], "consent": {"categoryPreferences": {"personalization": true}}});
    let request = with(
        post("/v1/decide", asked.to_string()),
        "cookie",
        &format!("hw_aid={BROWSER}"),
    );
    assert_eq!(
        body(&serve(&MemoryHost::default(), request))["decisions"]["home-hero"]["variant"],
        "sneakers"
    );
}

#[test]
fn an_unknown_purpose_in_the_question_is_an_error() {
    let asked = json!({"writeKey": KEY, "placements": [], "consent": {"categoryPreferences": {"personalisation": true}}});
    let response = serve(
        &MemoryHost::default(),
        post("/v1/decide", asked.to_string()),
    );
    assert_eq!(response.status, 400);
    assert!(
        body(&response)["error"]["message"]
            .as_str()
            .unwrap()
            .contains("unknown consent purpose")
    );
}

#[test]
fn the_reply_to_a_batch_carries_the_decisions_it_asked_for() {
    let mut asked = batch(&[track("m1")]);
    asked["placements"] = json!(["home-hero"]);
    asked["anonymousId"] = json!(BROWSER);
    asked["consent"] = json!({"categoryPreferences": {"personalization": true}});
    let host = MemoryHost::default();
    let reply = body(&serve(&host, post("/v1/batch", asked.to_string())));
    assert_eq!(reply["decisions"]["home-hero"]["variant"], "sneakers");

    asked["consent"] = json!({"categoryPreferences": {}});
    let reply = body(&serve(&host, post("/v1/batch", asked.to_string())));
    assert_eq!(reply["decisions"]["home-hero"]["variant"], Value::Null);
    asked["consent"] =
        json!({"categoryPreferences": {"personalization": true, "personalisation": true}});
    let reply = body(&serve(&host, post("/v1/batch", asked.to_string())));
    assert_eq!(
        reply["decisions"]["home-hero"]["variant"],
        Value::Null,
        "an unknown purpose allows nothing"
    );
    let forwarded = host.forwarded.lock().unwrap();
    assert_eq!(
        forwarded
            .iter()
            .map(|batch| batch.snapshot_of.is_some())
            .collect::<Vec<_>>(),
        [true, false, false],
        "nothing is looked up without consent"
    );
}

#[test]
fn a_decision_on_what_was_known_before_says_how_old_that_is() {
    for (seconds, words) in [
        (0, None),
        (12, Some("12 s ago")),
        (130, Some("2 min ago")),
        (7_300, Some("2 h ago")),
    ] {
        let host = MemoryHost {
            age: Span::from_seconds(seconds),
            ..MemoryHost::default()
        };
        let decision = ask(&host, Some(BROWSER), json!({"personalization": true}));
        assert_eq!(decision["variant"], "sneakers");
        let told = decision["reasons"]
            .as_array()
            .unwrap()
            .iter()
            .find_map(|reason| {
                reason
                    .as_str()
                    .unwrap()
                    .split_once("known ")
                    .map(|(_, age)| age.to_owned())
            });
        assert_eq!(told.is_some(), words.is_some());
        assert!(
            told.unwrap_or_default()
                .starts_with(words.unwrap_or_default()),
            "{decision}"
        );
    }
}

#[test]
fn who_says_something_of_consent_is_forgotten_at_once() {
    let host = MemoryHost::default();
    let said = json!({"writeKey": KEY, "anonymousId": BROWSER, "userId": "u-1", "consent": {"categoryPreferences": {"personalization": false}}});
    assert_eq!(
        serve(&host, post("/v1/consent", said.to_string())).status,
        200
    );
    let both = [
        Subject::AnonymousId(BROWSER.to_owned()),
        Subject::UserId("u-1".to_owned()),
    ];
    assert_eq!(*host.forgotten.lock().unwrap(), both);
    let withdrawn = MemoryHost {
        choices: Choices::from([("personalization".to_owned(), false)]),
        ..MemoryHost::default()
    };
    ask(&withdrawn, Some(BROWSER), json!({"personalization": true}));
    assert_eq!(
        *withdrawn.forgotten.lock().unwrap(),
        both[..1],
        "and who did on another device"
    );
}
