//! Counting people who did not agree: what is passed on has nothing of anybody in it.

use cdp_core::consent::Policy;
use cdp_core::rate::Rate;
use cdp_core::time::Timestamp;
use edge_worker::{Request, Response};
use serde_json::{Value, json};

use crate::host::{BROWSER, KEY, MemoryHost, body, header, post, serve, with};

/// Counts who refused in Germany, and everybody who did not agree in California; nobody elsewhere.
fn host() -> MemoryHost {
    let mut policy = serde_json::to_value(Policy::default()).unwrap();
    policy["jurisdictions"] = json!({
        "DE": {"regime": "opt_in", "counting": "refusal"},
        "US-CA": {"regime": "opt_in", "counting": "start"}
    });
    policy["counting"] =
        json!({"minimum_group": 20, "events": ["Order Completed"], "pages": ["/", "/prices"]});
    MemoryHost {
        policy: serde_json::from_value(policy).unwrap(),
        ..MemoryHost::default()
    }
}

fn stay(place: Option<&str>, more: &Value) -> Request {
    let mut stay = json!({"writeKey": KEY, "refused": true, "events": ["Order Completed", "jane@x.example"], "pages": ["/prices", "/people/jane"]});
    for (name, value) in more.as_object().unwrap() {
        stay[name] = value.clone();
    }
    let request = post("/v1/count", stay.to_string());
    let request = with(request, "cookie", &format!("hw_id={BROWSER}"));
    let request = with(
        request,
        "referer",
        "https://shop.example/people/jane?token=1",
    );
    Request {
        jurisdiction: place.map(str::to_owned),
        address: cdp_core::address::read("203.0.113.9"),
        ..with(request, "user-agent", "Mozilla/5.0 (X11; Linux x86_64)")
    }
}

fn counted(answer: &Response) -> u64 {
    assert_eq!(answer.status, 200, "{}", body(answer));
    body(answer)["counted"].as_u64().unwrap()
}

#[test]
fn names_day_and_country_are_all_that_is_passed_on() {
    let host = host();
    let answer = serve(&host, stay(Some("DE-BE"), &json!({})));
    assert_eq!(counted(&answer), 2);
    assert_eq!(header(&answer, "set-cookie"), None);
    let passed = host.counted.lock().unwrap();
    let day = Timestamp::from_millis(1_769_817_600_000);
    assert_eq!(
        serde_json::to_value(&*passed).unwrap(),
        json!([{"space_id": "spc_1", "source_id": "src_1", "day": day, "country": "DE", "events": ["Order Completed"], "pages": ["/prices"]}])
    );
    assert!(host.forwarded.lock().unwrap().is_empty());
}

#[test]
fn the_rule_of_the_place_says_who_is_counted() {
    let host = host();
    let undecided = json!({"refused": false});
    for (place, more, names) in [
        (Some("DE"), &json!({}), 2),
        (Some("DE"), &undecided, 0),
        (Some("US-CA"), &undecided, 2),
        (Some("US-NY"), &json!({}), 0),
        (Some("T1"), &json!({}), 0),
        (None, &json!({}), 0),
    ] {
        assert_eq!(
            counted(&serve(&host, stay(place, more))),
            names,
            "{place:?} {more}"
        );
    }
    let nobody = MemoryHost::default();
    assert_eq!(counted(&serve(&nobody, stay(Some("DE"), &json!({})))), 0);
}

#[test]
fn who_sends_too_much_or_anything_else_is_refused() {
    let mut host = host();
    for more in [
        json!({"anonymousId": BROWSER}),
        json!({"messageId": "m"}),
        json!({"events": vec!["Order Completed"; 51]}),
    ] {
        assert_eq!(serve(&host, stay(Some("DE"), &more)).status, 400, "{more}");
    }
    let bot = with(
        stay(Some("DE"), &json!({})),
        "user-agent",
        "Googlebot/2.1 (+http://www.google.com/bot.html)",
    );
    assert_eq!(counted(&serve(&host, bot)), 0);
    let foreign = with(
        stay(Some("DE"), &json!({})),
        "origin",
        "https://evil.example",
    );
    assert_eq!(serve(&host, foreign).status, 403);
    let get = Request {
        method: "GET".to_owned(),
        ..stay(Some("DE"), &json!({}))
    };
    assert_eq!(serve(&host, get).status, 405);
    host.collection.rate_limits.address = Rate {
        events_per_second: 1,
        burst: 1,
    };
    assert_eq!(serve(&host, stay(Some("DE"), &json!({}))).status, 200);
    let answer = serve(&host, stay(Some("DE"), &json!({})));
    assert_eq!(answer.status, 429);
    assert_eq!(host.counted.lock().unwrap().len(), 1);
}

#[test]
fn a_page_hears_of_it_only_where_it_is_counted() {
    let host = host();
    let settings = |place: &str| {
        let request = Request {
            method: "GET".to_owned(),
            path: format!("/v1/settings/{KEY}"),
            jurisdiction: Some(place.to_owned()),
            ..Request::default()
        };
        body(&serve(&host, request))
    };
    assert_eq!(
        settings("US-CA")["counting"],
        json!({"from": "start", "events": ["Order Completed"], "pages": ["/", "/prices"]})
    );
    assert_eq!(settings("US-NY").get("counting"), None);
    let loader = |place: &str| {
        let request = Request {
            method: "GET".to_owned(),
            path: "/sdk/headwater.js".to_owned(),
            query: format!("writeKey={KEY}"),
            jurisdiction: Some(place.to_owned()),
            ..Request::default()
        };
        let answer = serve(&host, request);
        (answer.status == 200).then(|| String::from_utf8(answer.body).unwrap())
    };
    // Without a built SDK there is nothing to look at; in continuous integration it is built first.
    if let (Some(counts), Some(does_not)) = (loader("DE"), loader("US-NY")) {
        assert!(counts.contains("/v1/count") && !does_not.contains("/v1/count"));
    }
}
