//! Batches, replies, failures and beacons.

use cdp_core::consent::Regime;
use collector_wasm::command::Command;
use collector_wasm::queue::{MOST_BYTES, MOST_HELD, MOST_QUEUED};

use crate::page::{Browser, GRANTED, numbers};

#[test]
fn only_outcomes_settle_and_a_portal_that_says_200_settles_nothing() {
    let mut browser = Browser::granted();
    for name in ["A", "B", "C"] {
        browser.capture(name);
    }
    browser.tick(60.0);
    browser.reply(200, "");
    assert_eq!(
        browser.page.sends.len(),
        1,
        "and is asked again later, not at once"
    );
    assert_eq!((browser.engine.waiting(), browser.stored_events()), (3, 3));
    browser.tick(2_000.0);
    browser.reply(200, "drd");
    assert_eq!((browser.engine.waiting(), browser.stored_events()), (1, 1));
    browser.tick(2_000.0);
    assert_eq!(numbers(&browser.page.sends[2].1), [2]);
    browser.reply(200, "d");
    assert_eq!((browser.engine.waiting(), browser.stored_events()), (0, 0));
}

#[test]
fn failures_back_off_and_obey_retry_after() {
    let mut browser = Browser::granted();
    browser.capture("A");
    browser.tick(60.0);
    browser.handle(Command::Replied {
        ticket: 1,
        status: 503,
        wait: 20_000.0,
        outcomes: "",
    });
    assert_eq!(browser.page.wakes.last(), Some(&20_000.0));
    browser.capture("B");
    browser.tick(100.0);
    assert_eq!(
        browser.page.sends.len(),
        1,
        "an event does not cut the wait short"
    );
    browser.tick(20_000.0);
    assert_eq!(numbers(&browser.page.sends[1].1), [1, 2]);
}

#[test]
fn coming_online_does_not_wait() {
    let mut browser = Browser::granted();
    browser.handle(Command::Online(false));
    browser.capture("A");
    browser.tick(60_000.0);
    assert!(browser.page.sends.is_empty());
    browser.handle(Command::Online(true));
    assert_eq!(browser.page.sends.len(), 1);
}

#[test]
fn a_request_that_is_wrong_is_not_repeated() {
    for status in [400, 401, 403, 404] {
        let mut browser = Browser::granted();
        browser.capture("A");
        browser.tick(60.0);
        browser.reply(status, "");
        browser.tick(1_000_000.0);
        browser.handle(Command::Hide { leaving: true });
        assert_eq!(
            (browser.page.sends.len(), browser.page.beacons.len()),
            (1, 0),
            "{status}"
        );
        assert_eq!(
            browser.stored_events(),
            1,
            "kept for a page that knows better"
        );
    }
}

#[test]
fn a_batch_too_large_is_halved_down_to_the_event_that_is() {
    let mut browser = Browser::granted();
    for at in 0..5 {
        browser.capture(&format!("E{at}"));
    }
    browser.tick(60.0);
    let mut sizes = vec![numbers(&browser.page.sends[0].1).len()];
    for _ in 0..3 {
        browser.reply(413, "");
        sizes.push(numbers(&browser.page.sends.last().unwrap().1).len());
    }
    assert_eq!(sizes, [5, 2, 1, 1]);
    assert_eq!(browser.page.reports["too_large"], 1);
    assert_eq!(numbers(&browser.page.sends.last().unwrap().1), [2]);
}

#[test]
fn a_beacon_deletes_nothing_and_carries_nothing_twice() {
    let mut browser = Browser::granted();
    for at in 0..300 {
        browser.capture(&format!("E{at}{}", "x".repeat(500)));
    }
    browser.handle(Command::Hide { leaving: false });
    browser.handle(Command::Hide { leaving: true });
    let carried: Vec<u64> = browser.page.beacons.iter().flat_map(numbers).collect();
    let mut once = carried.clone();
    once.dedup();
    assert_eq!(carried, once);
    assert!(numbers(&browser.page.beacons[0]).len() > 50);
    assert_eq!(browser.stored_events(), 300);
}

#[test]
fn what_is_under_way_goes_with_the_beacon_only_when_the_page_does() {
    let mut browser = Browser::granted();
    browser.capture("A");
    browser.tick(60.0);
    browser.handle(Command::Hide { leaving: false });
    assert!(browser.page.beacons.is_empty());
    browser.handle(Command::Hide { leaving: true });
    assert_eq!(browser.page.beacons.len(), 1);
}

#[test]
fn memory_is_bounded_while_nobody_chooses_and_while_nobody_answers() {
    let mut browser = Browser::new(Regime::OptIn);
    for _ in 0..2_000 {
        browser.capture("A");
    }
    assert_eq!(browser.engine.waiting(), MOST_HELD);
    assert_eq!(browser.page.reports["memory_full"], 1_500);
    browser.handle(GRANTED);
    for _ in 0..2_000 {
        browser.capture("A");
    }
    assert_eq!(browser.engine.waiting(), MOST_QUEUED);
    assert_eq!(browser.stored_events(), MOST_QUEUED);
    for _ in 0..200 {
        browser.capture(&"x".repeat(40_000));
    }
    let bytes: usize = browser.page.storage.values().map(String::len).sum();
    assert!(bytes <= MOST_BYTES + 10_000, "{bytes} bytes");
    browser.tick(60.0);
    let lost = &browser.page.sends[0].1["ledger"][0]["lost"];
    assert_eq!(
        lost[0],
        serde_json::json!({"from": 1, "to": 1_500, "outcome": "dropped", "reason": "memory_full"})
    );
}
