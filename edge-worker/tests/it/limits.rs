//! Rate limits, origins and switched-off sources, at every host alike.

use cdp_core::rate::Rate;
use cdp_core::time::Span;
use edge_worker::Request;

use crate::host::{MemoryHost, ORIGIN, batch, body, header, post, serve, track, with};

fn from(address: &str, id: &str) -> Request {
    let mut request = post("/v1/batch", batch(&[track(id)]).to_string());
    request.address = cdp_core::address::read(address);
    request
}

fn limited(write_key: u32, address: u32) -> MemoryHost {
    let mut host = MemoryHost::default();
    let rate = |events_per_second| Rate {
        events_per_second,
        burst: 1,
    };
    host.collection.rate_limits.write_key = rate(write_key);
    host.collection.rate_limits.address = rate(address);
    host
}

#[test]
fn a_network_that_sends_too_fast_waits_and_nobody_else_does() {
    let host = limited(0, 1);
    assert_eq!(serve(&host, from("2001:db8:1:2::1", "m1")).status, 200);
    let refused = serve(&host, from("2001:db8:1:2::ffff", "m2"));
    assert_eq!(
        (refused.status, header(&refused, "retry-after")),
        (429, Some("1"))
    );
    assert_eq!(body(&refused)["error"]["code"], "rate_limited");
    assert_eq!(
        header(&refused, "access-control-allow-origin"),
        Some(ORIGIN)
    );
    assert_eq!(serve(&host, from("2001:db8:1:3::1", "m3")).status, 200);
    assert_eq!(serve(&host, from("203.0.113.1", "m4")).status, 200);
    for id in ["m5", "m6"] {
        assert_eq!(
            serve(&host, from("10.0.0.1", id)).status,
            200,
            "a shared address"
        );
        assert_eq!(
            serve(&host, post("/v1/batch", batch(&[track(id)]).to_string())).status,
            200,
            "no address"
        );
    }
    let later = host.now.lock().unwrap().plus(Span::from_seconds(1));
    *host.now.lock().unwrap() = later;
    assert_eq!(serve(&host, from("2001:db8:1:2::1", "m2")).status, 200);
}

#[test]
fn a_caller_does_not_pay_for_what_the_key_refused() {
    let host = limited(1, 1);
    assert_eq!(serve(&host, from("203.0.113.1", "m1")).status, 200);
    // As many as would keep the caller waiting for longer than the key does.
    let many = || {
        let messages = ["m2", "m3", "m4"].map(track);
        let mut request = post("/v1/batch", batch(&messages).to_string());
        request.address = cdp_core::address::read("203.0.113.2");
        request
    };
    assert_eq!(serve(&host, many()).status, 429);
    let later = host.now.lock().unwrap().plus(Span::from_seconds(1));
    *host.now.lock().unwrap() = later;
    assert_eq!(serve(&host, many()).status, 200);
}

#[test]
fn a_source_takes_events_from_hosts_below_a_domain() {
    let host = MemoryHost {
        origins: vec!["https://*.example.org".to_owned()],
        ..MemoryHost::default()
    };
    for (origin, status) in [
        ("https://shop.example.org", 200),
        ("https://example.org", 403),
    ] {
        let request = with(
            post("/v1/batch", batch(&[track("m1")]).to_string()),
            "origin",
            origin,
        );
        assert_eq!(serve(&host, request).status, status, "{origin}");
    }
}

#[test]
fn a_source_that_is_switched_off_takes_nothing() {
    let host = MemoryHost {
        enabled: false,
        ..MemoryHost::default()
    };
    let refused = serve(&host, from("203.0.113.1", "m1"));
    assert_eq!(refused.status, 403);
    assert_eq!(body(&refused)["error"]["code"], "source_disabled");
    assert!(host.forwarded.lock().unwrap().is_empty());
}

#[test]
fn numbers_that_a_tab_settles_cost_what_events_cost() {
    let host = limited(10, 0);
    let settling = |numbers: u32| {
        let mut said = batch(&[]);
        said["ledger"] = serde_json::json!([{"tab": "0123456789abcdef", "next": numbers + 2,
            "lost": [{"from": 1, "to": numbers, "outcome": "dropped", "reason": "memory_full"}]}]);
        serve(&host, post("/v1/batch", said.to_string()))
    };
    assert_eq!(settling(9_000).status, 200);
    let refused = settling(1);
    assert_eq!(
        (refused.status, header(&refused, "retry-after")),
        (429, Some("300"))
    );
}
