//! Decisions: for the caller alone, with consent alone, never a trait.

use cdp_core::audience::Rules;
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
fn a_decision_says_why_on_which_evidence_and_as_of_when() {
    let decision = ask(
        &MemoryHost::default(),
        Some(BROWSER),
        json!({"personalization": true}),
    );
    assert_eq!(
        decision["why"],
        json!([{"experience": "exp_1", "outcome": "chosen", "by": "hash", "as_of": "2026-01-31T10:00:00.000Z",
            "audiences": [{"audience": "aud_1", "member": true, "since": "2026-01-21T12:53:20.000Z"}]}])
    );
    let exposure = &decision["exposure"];
    assert_eq!(
        (
            &exposure["experience"],
            &exposure["variant"],
            &exposure["holdout"]
        ),
        (&json!("exp_1"), &json!("sneakers"), &json!(false))
    );
    assert!(
        exposure["decision_id"]
            .as_str()
            .unwrap()
            .starts_with("dec_")
    );
    let refused = ask(&MemoryHost::default(), Some(BROWSER), json!({}));
    assert_eq!(refused["why"], json!([{"outcome": "consent"}]));
    assert_eq!(refused["exposure"], Value::Null);
    let nobody = ask(
        &MemoryHost::default(),
        Some("42"),
        json!({"personalization": true}),
    );
    assert_eq!(nobody["why"], json!([{"outcome": "caller"}]));
}

#[test]
fn where_nothing_is_decided_the_placements_default_is_given_to_everybody() {
    for choices in [json!({}), json!({"personalization": true})] {
        let asked = json!({"writeKey": KEY, "anonymousId": BROWSER, "placements": ["footer"], "consent": {"categoryPreferences": choices}});
        let reply = body(&serve(
            &MemoryHost::default(),
            post("/v1/decide", asked.to_string()),
        ));
        assert_eq!(
            reply["decisions"]["footer"]["value"],
            json!({"title": "Ours"})
        );
        assert_eq!(reply["decisions"]["footer"]["variant"], Value::Null);
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

#[test]
fn an_exposure_is_recorded_only_for_a_caller_that_says_so_and_agrees_to_it() {
    let host = MemoryHost::default();
    let asked = |track: bool, choices: Value| {
        json!({"writeKey": KEY, "anonymousId": BROWSER, "placements": ["home-hero", "nothing"], "track": track,
            "consent": {"categoryPreferences": choices}})
    };
    let all = json!({"analytics": true, "personalization": true});
    serve(
        &host,
        post("/v1/decide", asked(false, all.clone()).to_string()),
    );
    assert!(host.forwarded.lock().unwrap().is_empty());
    let reply = body(&serve(
        &host,
        post("/v1/decide", asked(true, all).to_string()),
    ));
    {
        assert_eq!(reply["tracked"], true);
        let forwarded = host.forwarded.lock().unwrap();
        let [batch] = forwarded.as_slice() else {
            panic!("{} batches", forwarded.len())
        };
        let [admitted] = batch.admitted.as_slice() else {
            panic!("{:?}", batch.refused)
        };
        assert_eq!(admitted.event.event_name(), Some("Experience Viewed"));
        assert_eq!(
            Value::Object((*admitted.event.properties).clone()),
            reply["decisions"]["home-hero"]["exposure"]
        );
    }
    let no_events = json!({"analytics": false, "personalization": true});
    let reply = body(&serve(
        &host,
        post("/v1/decide", asked(true, no_events).to_string()),
    ));
    assert_eq!(reply["decisions"]["home-hero"]["variant"], "sneakers");
    assert_eq!(reply["tracked"], false);
    let forwarded = host.forwarded.lock().unwrap();
    assert!(
        forwarded
            .iter()
            .skip(1)
            .all(|batch| batch.admitted.is_empty())
    );
}

/// While nobody can be asked, the edge knows by itself whom the events of a request, or time alone, have made a member.
#[test]
fn in_an_outage_the_edge_evaluates_audiences_itself() {
    let audiences = json!({"audiences": [
        {"id": "aud_1", "name": "Sneaker fans", "rule": {"event": "Product Viewed", "where": {"category": "sneakers"}, "count": {"$gte": 3}, "within": "30d"}},
    ]});
    let rules: Rules = serde_json::from_value(audiences).unwrap();
    let counter = rules.audiences[0].rule.counters()[0].key.clone();
    let host = |times: &[&str], age| {
        MemoryHost {
        audiences: rules.clone(),
        basis_of_snapshot: Some(serde_json::from_value(json!({"states": {counter.clone(): {"count": times.len(), "times": times, "most": 4}}})).unwrap()),
        buffers: true,
        age: Span::from_seconds(age),
        ..MemoryHost::default()
    }
    };
    let send = |host: &MemoryHost, anonymous_id: &str, granted: bool| {
        let consent =
            json!({"categoryPreferences": {"personalization": granted, "analytics": true}});
        let event = json!({"type": "track", "event": "Product Viewed", "messageId": "m-1", "anonymousId": anonymous_id,
            "properties": {"category": "sneakers"}, "context": {"consent": consent}});
        let asked = json!({"writeKey": KEY, "batch": [event], "anonymousId": BROWSER, "placements": ["home-hero"],
            "consent": {"categoryPreferences": {"personalization": true}}});
        body(&serve(host, post("/v1/batch", asked.to_string())))["decisions"]["home-hero"]["variant"].clone()
    };
    let recent = ["2026-01-30T10:00:00.000Z", "2026-01-31T09:00:00.000Z"];
    let old = ["2026-01-01T10:00:00.000Z", "2026-01-31T09:00:00.000Z"];
    assert_eq!(
        send(&host(&recent, 60), BROWSER, true),
        "sneakers",
        "the third view"
    );
    assert_eq!(
        send(&host(&old, 60), BROWSER, true),
        Value::Null,
        "the first one has left the window"
    );
    assert_eq!(
        send(&host(&recent, 60), BROWSER, false),
        Value::Null,
        "no decision rests on what was not agreed to"
    );
    let other = "aaaa6c3e-55a1-4f0e-9d2a-3d0d6d1c7a10";
    assert_eq!(
        send(&host(&recent, 60), other, true),
        Value::Null,
        "another browser's event"
    );
    let three = [
        "2026-01-01T10:00:00.000Z",
        "2026-01-30T10:00:00.000Z",
        "2026-01-31T09:00:00.000Z",
    ];
    let decision = ask(
        &host(&three, 0),
        Some(BROWSER),
        json!({"personalization": true}),
    );
    assert_eq!(
        decision["variant"], "sneakers",
        "what the server has just said holds"
    );
    let decision = ask(
        &host(&three, 60),
        Some(BROWSER),
        json!({"personalization": true}),
    );
    assert_eq!(decision["variant"], Value::Null, "time alone has ended it");
}
