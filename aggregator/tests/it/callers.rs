//! Callers' addresses: limited by the source's rate, recorded as the source's policy says.

use serde_json::{Value, json};

use crate::harness::{Answer, Data, Server, track, words};

fn behind_a_proxy() -> Server {
    Data::fresh().serve_with(&["--trusted-proxy", "127.0.0.1"])
}

fn send(server: &Server, from: &str, events: &[Value]) -> Answer {
    let body = json!({
        "writeKey": server.keys().write_key, "batch": events, "placements": ["home-hero"],
        "anonymousId": "00000000-1111-4222-8333-444444444444", "consent": {"categoryPreferences": {"personalization": true}}
    });
    let headers = [("x-forwarded-for", from)];
    server.send("POST", "/v1/batch", &headers, body.to_string().as_bytes())
}

fn views(ids: &[&str]) -> Vec<Value> {
    ids.iter()
        .map(|id| track(id, "browser-a", "Viewed", json!({})))
        .collect()
}

#[test]
fn one_caller_that_sends_too_much_is_told_when_to_come_again_and_loses_nothing() {
    let server = behind_a_proxy();
    let slow = json!({"address": {"events_per_second": 1, "burst": 2}});
    server
        .patch(
            &server.website(),
            &json!({"collection": {"rate_limits": slow}}),
        )
        .ok();
    let (one, other) = ("203.0.113.7", "203.0.113.8");
    // Far beyond the burst, so that no slow disk pays it off while the next requests come.
    let many: Vec<String> = (0..12).map(|number| format!("m-first-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(send(&server, one, &views(&many)).status, 200);
    let refused = send(&server, one, &views(&["m-4"]));
    assert_eq!(refused.error(), (429, "rate_limited".to_owned()));
    let wait: u64 = refused.header("retry-after").unwrap().parse().unwrap();
    assert!((1..=12).contains(&wait), "{wait}");
    assert_eq!(
        send(&server, other, &views(&["m-5"])).status,
        200,
        "others are not disturbed"
    );
    // A client that made up a chain is still the one that the proxy saw.
    assert_eq!(
        send(&server, &format!("198.51.100.1, {one}"), &views(&["m-4"])).status,
        429
    );
    let decide = json!({"writeKey": server.keys().write_key, "placements": ["home-hero"]});
    let headers = [("x-forwarded-for", one)];
    let body = decide.to_string();
    assert_eq!(
        server
            .send("POST", "/v1/decide", &headers, body.as_bytes())
            .status,
        429
    );

    // The client waits as it was told, and what it kept is taken.
    std::thread::sleep(std::time::Duration::from_secs(wait));
    assert_eq!(words(&send(&server, one, &views(&["m-4"])).ok()), ["ok"]);
    assert_eq!(server.timeline("anonymous_id:browser-a").len(), 14);
}

#[test]
fn a_write_key_has_a_limit_of_its_own_and_zero_is_none() {
    let server = Server::fresh();
    let path = server.website();
    let slow = json!({"write_key": {"events_per_second": 1, "burst": 1}});
    server
        .patch(&path, &json!({"collection": {"rate_limits": slow}}))
        .ok();
    let many: Vec<String> = (0..30).map(|number| format!("m-{number}")).collect();
    let many: Vec<&str> = many.iter().map(String::as_str).collect();
    assert_eq!(send(&server, "", &views(&many)).status, 200);
    assert_eq!(send(&server, "", &views(&["m-later"])).error().0, 429);
    let none = json!({"write_key": {"events_per_second": 0}});
    server
        .patch(&path, &json!({"collection": {"rate_limits": none}}))
        .ok();
    assert_eq!(send(&server, "", &views(&["m-later"])).status, 200);
}

#[test]
fn nobody_is_limited_by_an_address_that_everybody_shares() {
    let server = Server::fresh();
    let slow = json!({"address": {"events_per_second": 1, "burst": 1}});
    server
        .patch(
            &server.website(),
            &json!({"collection": {"rate_limits": slow}}),
        )
        .ok();
    for id in ["m-1", "m-2", "m-3"] {
        // The proxy is not trusted here, so all come from its address.
        assert_eq!(
            send(&server, "203.0.113.7", &views(&[id])).status,
            200,
            "{id}"
        );
    }
}

#[test]
fn addresses_are_recorded_as_the_policy_says() {
    let server = behind_a_proxy();
    let path = server.website();
    let (caller, own) = ("203.0.113.77", "198.51.100.66");
    let mut recorded = Vec::new();
    for policy in ["truncate", "keep", "drop"] {
        server
            .patch(&path, &json!({"collection": {"ip": policy}}))
            .ok();
        let silent = track(
            &format!("{policy}-silent"),
            "browser-a",
            "Viewed",
            json!({}),
        );
        let mut given = track(&format!("{policy}-given"), "browser-a", "Viewed", json!({}));
        given["context"]["ip"] = json!(own);
        let mut unwanted = track(
            &format!("{policy}-unwanted"),
            "browser-a",
            "Viewed",
            json!({}),
        );
        unwanted["context"]["ip"] = json!("0.0.0.0");
        let refused = json!({"type": "wave", "messageId": format!("{policy}-refused"), "context": {"ip": own}});
        let mut typo = given.clone();
        typo["messageId"] = json!(format!("{policy}-typo"));
        typo["context"]["consent"]["categoryPreferences"]["analitics"] = json!(true);
        let nobody = json!({"type": "track", "event": "Viewed", "messageId": format!("{policy}-nobody"), "anonymousId": "null", "context": given["context"]});
        assert_eq!(
            words(
                &send(
                    &server,
                    caller,
                    &[silent, given, unwanted, refused, typo, nobody]
                )
                .ok()
            ),
            [
                "ok",
                "ok",
                "ok",
                "quarantined",
                "quarantined",
                "quarantined"
            ]
        );
        let timeline = server.timeline("anonymous_id:browser-a");
        let of = |id: &str| {
            let id = format!("{policy}-{id}");
            let event = timeline
                .iter()
                .find(|event| event["messageId"] == id.as_str());
            event.unwrap()["context"]["ip"].clone()
        };
        let kept = server.all("/api/v1/quarantine");
        let kept_of = |id: &str| {
            let id = format!("{policy}-{id}");
            let one = kept.iter().find(|one| one["message_id"] == id.as_str());
            one.unwrap()["message"]["context"]["ip"].clone()
        };
        recorded.push(json!([
            of("silent"),
            of("given"),
            of("unwanted"),
            kept_of("refused"),
            kept_of("typo"),
            kept_of("nobody")
        ]));
    }
    let network = "198.51.100.0";
    assert_eq!(
        recorded,
        [
            json!(["203.0.113.0", network, "0.0.0.0", network, network, network]),
            json!([caller, own, "0.0.0.0", own, own, own]),
            json!([null, null, null, null, null, null]),
        ]
    );
    // Under the policies that shorten them, whole addresses are nowhere in what is kept on disk: shown
    // for the timeline and the quarantine above, and here for the log of the server.
    let log = std::fs::read_to_string(server.data().log()).unwrap();
    assert!(
        !log.contains(caller) && !log.contains(own),
        "addresses in the log"
    );
}
