//! Property: whatever happens, every number a tab gives ends in exactly one account.

use std::collections::BTreeMap;

use cdp_core::consent::Regime;
use collector_wasm::command::Command;
use collector_wasm::queue::{MOST_BYTES, MOST_HELD, MOST_QUEUED};
use proptest::prelude::*;

use crate::page::{Browser, GRANTED, REFUSED, TAB, numbers};

/// What became of each number, by tab: one entry is right, none is lost, two are doubled.
type Accounts = BTreeMap<(String, u64), Vec<&'static str>>;

#[derive(Clone, Debug)]
enum Step {
    Capture(usize),
    Grant,
    Refuse,
    Forget,
    Tick,
    Reply(u32, Vec<bool>),
    Online(bool),
    Hide(bool),
    Resume,
    Reset,
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let step = prop_oneof![
        8 => (0_usize..3_000).prop_map(Step::Capture),
        2 => Just(Step::Grant),
        1 => Just(Step::Refuse),
        1 => Just(Step::Forget),
        6 => Just(Step::Tick),
        6 => (prop_oneof![5 => Just(200_u32), 1 => Just(503), 1 => Just(0), 1 => Just(413), 1 => Just(429)],
              proptest::collection::vec(prop::bool::weighted(0.8), 0..8)).prop_map(|(s, o)| Step::Reply(s, o)),
        2 => any::<bool>().prop_map(Step::Online),
        2 => any::<bool>().prop_map(Step::Hide),
        1 => Just(Step::Resume),
        1 => Just(Step::Reset),
    ];
    proptest::collection::vec(step, 1..120)
}

/// Runs the steps, then grants, comes online and answers everything; gives back every number's account.
fn accounts(steps: &[Step]) -> (Accounts, BTreeMap<String, u32>, Browser) {
    let mut browser = Browser::new(Regime::OptIn);
    let mut captured: BTreeMap<String, u32> = BTreeMap::new();
    let mut accounts: Accounts = BTreeMap::new();
    let mut tab = TAB.to_owned();
    let mut answered = 0;
    let mut renewed = 0;
    let mut reply = |browser: &mut Browser, status: u32, done: &[bool], answered: &mut u32| {
        let Some((ticket, body)) = browser.page.sends.last().cloned() else {
            return;
        };
        if ticket == *answered {
            return;
        }
        *answered = ticket;
        let events = body["batch"].as_array().unwrap();
        let outcomes: String = (0..events.len())
            .map(|at| {
                if done.get(at) == Some(&false) {
                    'r'
                } else {
                    'd'
                }
            })
            .collect();
        let outcomes = if status == 200 {
            outcomes
        } else {
            String::new()
        };
        let before: Vec<u64> = numbers(&body);
        // A withdrawal meanwhile makes the reply meaningless: those numbers are accounted as denied.
        let waiting = browser.engine.waiting();
        browser.handle(Command::Replied {
            ticket,
            status,
            wait: 0.0,
            outcomes: &outcomes,
        });
        if status != 200 || (waiting == 0 && !before.is_empty()) {
            return;
        }
        for (at, event) in events.iter().enumerate() {
            let mark = &event["context"]["ledger"];
            let key = (
                mark["tab"].as_str().unwrap().to_owned(),
                mark["seq"].as_u64().unwrap(),
            );
            if outcomes.as_bytes().get(at) == Some(&b'd') {
                accounts.entry(key).or_default().push("delivered");
            }
        }
        for report in body["ledger"].as_array().unwrap() {
            for range in report["lost"].as_array().unwrap() {
                for seq in range["from"].as_u64().unwrap()..=range["to"].as_u64().unwrap() {
                    accounts
                        .entry((report["tab"].as_str().unwrap().to_owned(), seq))
                        .or_default()
                        .push("lost");
                }
            }
        }
    };
    for step in steps {
        browser.now += 10.0;
        match step {
            Step::Capture(size) => {
                browser.capture(&"x".repeat(*size));
                *captured.entry(tab.clone()).or_default() += 1;
            }
            Step::Grant => browser.handle(GRANTED),
            // While a request is under way its fate is unknown, and a model of it would only be the code again.
            Step::Refuse if answered == browser.last_ticket() => browser.handle(REFUSED),
            Step::Forget if answered == browser.last_ticket() => {
                browser.handle(Command::Consent {
                    choices: "",
                    source: "banner",
                    anonymous_id: "aid-2",
                });
            }
            Step::Resume if answered == browser.last_ticket() && browser.engine.collecting() => {
                renewed += 1;
                tab = format!("{renewed:016x}");
                let id = tab.clone();
                browser.handle(Command::Resume(&id));
            }
            Step::Refuse | Step::Forget | Step::Resume => {}
            Step::Tick => browser.tick(400_000.0),
            Step::Reply(status, done) => reply(&mut browser, *status, done, &mut answered),
            Step::Online(online) => browser.handle(Command::Online(*online)),
            Step::Hide(leaving) => browser.handle(Command::Hide { leaving: *leaving }),
            Step::Reset => browser.handle(Command::Reset("spare")),
        }
        let stored = browser.stored_events();
        let expected = if browser.engine.collecting() {
            browser.engine.waiting()
        } else {
            0
        };
        assert_eq!(
            stored, expected,
            "what is stored is what is queued, after {step:?}"
        );
        assert!(browser.engine.waiting() <= MOST_QUEUED.max(MOST_HELD));
        let bytes: usize = browser.page.storage.values().map(String::len).sum();
        assert!(bytes <= MOST_BYTES + 100_000, "{bytes} bytes");
    }
    reply(&mut browser, 200, &[], &mut answered);
    browser.handle(GRANTED);
    browser.handle(Command::Online(true));
    // One more event carries what was lost to the server.
    browser.capture("last");
    *captured.entry(tab).or_default() += 1;
    for _ in 0..60 {
        browser.tick(400_000.0);
        reply(&mut browser, 200, &[], &mut answered);
    }
    (accounts, captured, browser)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn every_number_is_accounted_for_exactly_once(steps in steps()) {
        let (accounts, captured, browser) = accounts(&steps);
        prop_assert_eq!(browser.engine.waiting(), 0);
        for (tab, count) in captured {
            for seq in 1..=u64::from(count) {
                let account = accounts.get(&(tab.clone(), seq)).map_or(0, Vec::len);
                prop_assert_eq!(account, 1, "{} {} of {}: {:?}", tab, seq, count, accounts.get(&(tab.clone(), seq)));
            }
        }
    }
}
