//! What happens before, at and after a choice.

use cdp_core::consent::Regime;
use collector_wasm::command::Command;

use crate::page::{Browser, GRANTED, REFUSED, TAB, numbers};

#[test]
fn nothing_happens_before_a_choice() {
    let mut browser = Browser::new(Regime::OptIn);
    browser.capture("A");
    browser.tick(60_000.0);
    browser.handle(Command::Hide { leaving: true });
    browser.handle(Command::Online(true));
    assert!(browser.page.storage.is_empty() && browser.page.session.is_none());
    assert!(
        browser.page.sends.is_empty()
            && browser.page.beacons.is_empty()
            && browser.page.wakes.is_empty()
    );
    assert_eq!(browser.page.reports[""], 1, "reported as held");
    assert_eq!(browser.engine.waiting(), 1);
}

#[test]
fn a_choice_releases_with_a_second_record() {
    let mut browser = Browser::new(Regime::OptIn);
    browser.capture("A");
    browser.now += 5_000.0;
    browser.handle(GRANTED);
    browser.capture("B");
    browser.tick(60.0);
    let (_, body) = &browser.page.sends[0];
    assert_eq!(numbers(body), [1, 2]);
    let consent = &body["batch"][0]["context"]["consent"];
    assert_eq!(consent["categoryPreferences"], serde_json::json!({}));
    assert_eq!(consent["capturedAt"], "2026-11-21T19:00:00.000Z");
    assert_eq!(consent["release"]["categoryPreferences"]["analytics"], true);
    assert_eq!(consent["release"]["releasedAt"], "2026-11-21T19:00:05.000Z");
    assert!(
        body["batch"][1]["context"]["consent"]
            .get("release")
            .is_none()
    );
    assert_eq!(body["batch"][0]["anonymousId"], "aid-1");
    assert_eq!(
        body["ledger"],
        serde_json::json!([{"tab": TAB, "next": 3, "lost": []}])
    );
    assert_eq!(browser.page.session.as_deref(), Some("00000000000000aa 3"));
}

#[test]
fn opt_out_collects_at_once() {
    let mut browser = Browser::new(Regime::OptOut);
    browser.handle(Command::Consent {
        choices: "",
        source: "default",
        anonymous_id: "aid-1",
    });
    browser.capture("A");
    browser.tick(60.0);
    assert_eq!(browser.page.sends.len(), 1);
}

#[test]
fn refusal_discards_what_was_held_and_tells_once_somebody_may_hear() {
    let mut browser = Browser::new(Regime::OptIn);
    browser.capture("A");
    browser.capture("B");
    browser.handle(REFUSED);
    browser.capture("C");
    assert_eq!((browser.engine.waiting(), browser.page.purges), (0, 1));
    assert!(browser.page.storage.is_empty());
    browser.handle(GRANTED);
    browser.capture("D");
    browser.tick(60.0);
    let lost = &browser.page.sends[0].1["ledger"][0]["lost"];
    assert_eq!(
        *lost,
        serde_json::json!([{"from": 1, "to": 3, "outcome": "denied", "reason": "consent_refused"}])
    );
    browser.reply(200, "d");
    browser.capture("E");
    browser.tick(60.0);
    assert_eq!(
        browser.page.sends[1].1["ledger"][0]["lost"],
        serde_json::json!([]),
        "told once"
    );
}

#[test]
fn withdrawal_empties_the_queue_and_ignores_the_reply_under_way() {
    let mut browser = Browser::granted();
    browser.capture("A");
    browser.tick(60.0);
    browser.capture("B");
    browser.handle(REFUSED);
    assert!(browser.page.storage.is_empty());
    assert_eq!(browser.page.reports["consent_withdrawn"], 2);
    browser.reply(200, "d");
    browser.tick(60_000.0);
    assert_eq!(browser.page.sends.len(), 1);
    assert!(
        browser.page.storage.is_empty(),
        "nothing is written after a withdrawal"
    );
}

#[test]
fn a_reset_separates_people_among_what_is_held() {
    let mut browser = Browser::new(Regime::OptIn);
    browser.capture("A");
    browser.handle(Command::Reset("spare"));
    browser.capture("B");
    browser.handle(GRANTED);
    browser.tick(60.0);
    let (_, body) = &browser.page.sends[0];
    assert_eq!(
        (
            &body["batch"][0]["anonymousId"],
            &body["batch"][1]["anonymousId"]
        ),
        (&"spare".into(), &"aid-1".into())
    );
}

#[test]
fn decisions_are_wished_for_under_their_own_purpose() {
    let mut browser = Browser::granted();
    browser.handle(Command::Watch(r#"["home-hero"]"#));
    browser.capture("A");
    browser.tick(60.0);
    assert!(browser.page.sends[0].1.get("placements").is_none());
    browser.reply(200, "d");
    browser.handle(Command::Consent {
        choices: "+analytics +personalization",
        source: "banner",
        anonymous_id: "aid-1",
    });
    browser.capture("B");
    browser.tick(60.0);
    let (_, body) = &browser.page.sends[1];
    assert_eq!(body["placements"], serde_json::json!(["home-hero"]));
    assert_eq!(
        (&body["anonymousId"], &body["consent"]["source"]),
        (&"aid-1".into(), &"banner".into())
    );
}

#[test]
fn an_identity_that_will_not_last_is_marked() {
    let mut browser = Browser::new(Regime::OptIn);
    browser.page.fleeting = true;
    browser.handle(GRANTED);
    browser.capture("A");
    browser.tick(60.0);
    assert_eq!(
        browser.page.sends[0].1["batch"][0]["context"]["storage"],
        "memory"
    );
}
