//! Decisions for pages on their way through: what the first-party cookies allow, and nothing else.

use cdp_core::consent::{Choices, Policy};
use cdp_core::time::Span;
use edge_worker::Request;

use crate::host::{BROWSER, KEY, MemoryHost, decisions_for_page, with};

const AGREED: &str = "1/+analytics/+personalization/";

fn page(said: &str) -> Request {
    let request = Request {
        method: "GET".to_owned(),
        path: "/shop".to_owned(),
        ..Request::default()
    };
    let cookies = format!("theme=dark; hw_aid={BROWSER}; hw_said={said}");
    with(request, "cookie", &cookies)
}

#[test]
fn who_agreed_on_this_device_gets_every_placement_and_why() {
    let host = MemoryHost::default();
    let decisions = decisions_for_page(&host, &page(AGREED), KEY);
    let hero = &decisions["home-hero"];
    assert_eq!(hero.variant.as_deref(), Some("sneakers"));
    assert!(hero.exposure.as_ref().unwrap().decision_id.is_some());
    assert!(
        host.forwarded.lock().unwrap().is_empty(),
        "whether it is seen is for the page to say"
    );
}

#[test]
fn without_a_word_that_can_be_read_and_allows_it_nobody_is_looked_up() {
    let host = MemoryHost::default();
    let id = format!("hw_aid={BROWSER}");
    let pages = [
        (page("1/+analytics/"), "no word on it"),
        (page("1/+analytics/-personalization/"), "denied"),
        (page("1/+analytics/?personalization/"), "left open"),
        (page("2/+personalization/"), "to another policy"),
        (page("1/+personalisation/+personalization/"), "a typo"),
        (page("1/+personalization"), "cut off"),
        (with(page(AGREED), "cookie", &id), "no word at all"),
        (
            with(page(AGREED), "cookie", &format!("hw_said={AGREED}")),
            "nobody",
        ),
        (
            with(
                page(AGREED),
                "cookie",
                &format!("hw_aid=guess; hw_said={AGREED}"),
            ),
            "an id that could be guessed",
        ),
    ];
    for (page, what) in pages {
        assert!(decisions_for_page(&host, &page, KEY).is_empty(), "{what}");
    }
    assert!(host.asked.lock().unwrap().is_empty());
}

#[test]
fn global_privacy_control_counts_where_the_policy_says_so() {
    let host = MemoryHost {
        policy: Policy {
            gpc_denies: vec!["personalization".to_owned()],
            ..Policy::default()
        },
        ..MemoryHost::default()
    };
    assert_eq!(decisions_for_page(&host, &page(AGREED), KEY).len(), 1);
    let request = with(page(AGREED), "sec-gpc", "1");
    assert!(decisions_for_page(&host, &request, KEY).is_empty());
}

#[test]
fn who_has_withdrawn_elsewhere_sees_the_page_as_it_is() {
    let host = MemoryHost {
        choices: Choices::from([("personalization".to_owned(), false)]),
        ..MemoryHost::default()
    };
    assert!(decisions_for_page(&host, &page(AGREED), KEY).is_empty());
}

#[test]
fn what_cannot_be_known_now_is_left_to_the_page() {
    let down = MemoryHost {
        down: true,
        ..MemoryHost::default()
    };
    assert!(decisions_for_page(&down, &page(AGREED), KEY).is_empty());
    let off = MemoryHost {
        enabled: false,
        ..MemoryHost::default()
    };
    assert!(decisions_for_page(&off, &page(AGREED), KEY).is_empty());
    let host = MemoryHost::default();
    assert!(decisions_for_page(&host, &page(AGREED), "wk_other").is_empty());
    let old = MemoryHost {
        age: Span::from_micros(60_000_000),
        ..MemoryHost::default()
    };
    let decisions = decisions_for_page(&old, &page(AGREED), KEY);
    let reasons = decisions["home-hero"].reasons.join(" ");
    assert!(reasons.contains("known 1 min ago"), "{reasons}");
}
