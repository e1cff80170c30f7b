//! Closed tabs, and pages from the browser's cache.

use cdp_core::consent::Regime;
use collector_wasm::command::Command;

use crate::page::{Browser, DEAD, TAB, numbers};

#[test]
fn a_closed_tabs_events_are_adopted_once_with_its_numbers() {
    let mut browser = Browser::granted();
    let text = format!(
        r#"{{"type":"track","context":{{"ledger":{{"tab":"{DEAD}","seq":4}}}},"anonymousId":"aid-1"}}"#
    );
    let adopt = Command::Adopt {
        tab: DEAD,
        seq: 4,
        text: &text,
    };
    browser.handle(Command::AdoptLosses {
        tab: DEAD,
        saved: "2 3 queue_full ",
    });
    browser.handle(adopt);
    browser.handle(adopt);
    browser.handle(Command::Adopt {
        tab: DEAD,
        seq: 5,
        text: "",
    });
    browser.tick(60.0);
    let (_, body) = &browser.page.sends[0];
    assert_eq!(numbers(body), [4]);
    assert_eq!(
        body["ledger"][1],
        serde_json::json!({"tab": DEAD, "next": 6, "lost": [
            {"from": 2, "to": 3, "outcome": "dropped", "reason": "queue_full"},
            {"from": 5, "to": 5, "outcome": "dropped", "reason": "unreadable"},
        ]})
    );
    browser.reply(200, "d");
    assert!(
        browser.page.storage.keys().all(|key| !key.contains(DEAD)),
        "{:?}",
        browser.page.storage
    );
}

#[test]
fn nothing_is_adopted_without_consent() {
    let mut browser = Browser::new(Regime::OptIn);
    browser.handle(Command::Adopt {
        tab: DEAD,
        seq: 4,
        text: "{}",
    });
    assert_eq!(browser.engine.waiting(), 0);
}

#[test]
fn a_page_from_the_cache_numbers_as_another_tab() {
    let mut browser = Browser::granted();
    browser.capture("A");
    browser.handle(Command::Hide { leaving: true });
    browser.handle(Command::Resume("00000000000000bb"));
    browser.capture("B");
    browser.tick(60.0);
    let marks: Vec<String> = browser
        .page
        .sends
        .iter()
        .flat_map(|(_, body)| body["batch"].as_array().unwrap().clone())
        .map(|event| {
            format!(
                "{}{}",
                event["context"]["ledger"]["tab"], event["context"]["ledger"]["seq"]
            )
        })
        .collect();
    assert!(marks.contains(&format!("\"{TAB}\"1")), "{marks:?}");
    assert_eq!(browser.page.session.as_deref(), Some("00000000000000bb 2"));
}
