//! People who do not agree are counted where the policy says so, and nothing of anybody is kept.

use serde_json::{Value, json};

use crate::harness::{Answer, Server, eventually};
use crate::signature::{Request, now, send};

const POLICY: &str = "/api/v1/consent/policy";
const DAY: i64 = 86_400_000;

/// Publishes a policy that counts who refused, in unknown places too.
fn publish(server: &Server, minimum_group: u32) {
    let mut policy = server.get(POLICY).ok()["policy"].clone();
    policy["unknown"] = json!({"regime": "opt_in", "counting": "refusal"});
    policy["default"] = json!({"regime": "opt_in", "counting": "refusal"});
    policy["counting"] =
        json!({"minimum_group": minimum_group, "events": ["Bought"], "pages": ["/", "/rare"]});
    server.post(POLICY, &policy).ok();
}

fn source_id(server: &Server) -> String {
    let path = server.website();
    path.rsplit('/').next().unwrap_or_default().to_owned()
}

/// What an edge passes on, of the day that was so many days ago.
fn pass_on(server: &Server, days: i64, counts: &Value, nonce: usize) -> Answer {
    let day = (now() / DAY - days) * DAY;
    let mut body = json!({
        "space_id": server.keys().space_id, "source_id": source_id(server),
        "day": cdp_core::time::Timestamp::from_millis(day), "country": "DE", "events": [], "pages": []
    });
    for (name, value) in counts.as_object().unwrap() {
        body[name] = value.clone();
    }
    let nonce = format!("{nonce:032x}");
    send(
        server,
        &Request {
            method: "POST",
            path: "/internal/v1/counts".to_owned(),
            timestamp: now(),
            nonce: &nonce,
            secret: server.keys().edge_secret.clone(),
            body: body.to_string(),
        },
    )
}

/// What is shown once so many groups are there, in whole days.
fn shown(server: &Server, groups: usize) -> Value {
    eventually("the counts are written", || {
        let counts = server.get("/api/v1/consent/counts").ok();
        let shown = counts["data"].as_array()?.len();
        let suppressed = usize::try_from(counts["suppressed"].as_u64()?).ok()?;
        (shown + suppressed == groups).then_some(counts)
    })
}

#[test]
fn only_large_groups_of_whole_days_are_shown() {
    let server = Server::fresh();
    publish(&server, 10);
    let often = json!({"events": ["Bought", "Bought", "Unheard of"], "pages": ["/people/jane"]});
    for nonce in 0..10 {
        pass_on(&server, 1, &often, nonce).ok();
    }
    for nonce in 10..19 {
        pass_on(&server, 1, &json!({"pages": ["/rare"]}), nonce).ok();
    }
    for nonce in 20..40 {
        pass_on(&server, 0, &json!({"events": ["Bought"]}), nonce).ok();
    }
    let counts = shown(&server, 2);
    let line = &counts["data"][0];
    assert_eq!(
        (
            &line["kind"],
            &line["name"],
            &line["country"],
            &line["count"]
        ),
        (&json!("event"), &json!("Bought"), &json!("DE"), &json!(10)),
        "each once a stay, and only what the policy names"
    );
    assert_eq!(
        (&counts["suppressed"], &counts["minimum_group"]),
        (&json!(1), &json!(10))
    );
    assert!(
        !counts.to_string().contains("rare"),
        "what is suppressed is not named: {counts}"
    );
    assert_eq!(
        counts["data"].as_array().unwrap().len(),
        1,
        "a day that goes on is not shown"
    );
}

#[test]
fn a_later_policy_does_not_show_what_an_earlier_one_kept_back() {
    let server = Server::fresh();
    publish(&server, 30);
    for nonce in 0..20 {
        pass_on(&server, 1, &json!({"events": ["Bought"]}), nonce).ok();
    }
    shown(&server, 1);
    publish(&server, 10);
    let counts = shown(&server, 1);
    assert_eq!(
        (&counts["suppressed"], &counts["minimum_group"]),
        (&json!(1), &json!(10))
    );
    // A stricter one holds for what was counted before.
    publish(&server, 1_000);
    assert_eq!(shown(&server, 1)["suppressed"], 1);
}

#[test]
fn what_no_edge_of_ours_can_know_is_not_counted() {
    let server = Server::fresh();
    publish(&server, 10);
    let bought = json!({"events": ["Bought"]});
    for (nonce, (days, more)) in [
        (2, json!({})),
        (-1, json!({})),
        (1, json!({"country": "Germany"})),
        (1, json!({"source_id": "src_other"})),
        (1, json!({"space_id": "spc_other"})),
    ]
    .into_iter()
    .enumerate()
    {
        let mut counts = bought.clone();
        for (name, value) in more.as_object().unwrap() {
            counts[name] = value.clone();
        }
        assert_eq!(
            pass_on(&server, days, &counts, nonce).status,
            400,
            "{counts}"
        );
    }
    let unsigned = server.send(
        "POST",
        "/internal/v1/counts",
        &[],
        bought.to_string().as_bytes(),
    );
    assert_eq!(unsigned.status, 401);
}

#[test]
fn a_stay_is_counted_and_leaves_nothing_else() {
    let server = Server::fresh();
    let key = &server.keys().write_key;
    let stay = |more: Value| {
        let mut stay = json!({"writeKey": key, "refused": true, "events": ["Bought"], "pages": ["/", "/people/jane"]});
        for (name, value) in more.as_object().unwrap() {
            stay[name] = value.clone();
        }
        server.send(
            "POST",
            "/v1/count",
            &[
                ("content-type", "text/plain"),
                ("cookie", "hw_id=0b1f6c3e-55a1-4f0e-9d2a-3d0d6d1c7a10"),
            ],
            stay.to_string().as_bytes(),
        )
    };
    assert_eq!(stay(json!({})).ok()["counted"], 0, "no policy says so");
    publish(&server, 10);
    let counted = stay(json!({}));
    assert_eq!(counted.header("set-cookie"), None);
    assert_eq!(counted.ok()["counted"], 2);
    assert_eq!(
        stay(json!({"refused": false})).ok()["counted"],
        0,
        "who has not chosen is counted where the policy says so"
    );
    assert_eq!(stay(json!({"anonymousId": "a"})).status, 400);
    assert_eq!(stay(json!({"events": vec!["Bought"; 51]})).status, 400);
    let server_key = json!({"writeKey": server.keys().server_write_key});
    assert_eq!(stay(server_key).status, 400);
    for path in ["/api/v1/profiles", "/api/v1/quarantine"] {
        assert!(server.all(path).is_empty(), "{path}");
    }
}
