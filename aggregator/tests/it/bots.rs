//! Known bots are marked, left out by rules that say so, or dropped, as the source's policy says.

use serde_json::{Value, json};

use crate::harness::{Server, track, words};

const GOOGLEBOT: &str = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)";
const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0";

fn send(server: &Server, user_agent: &str, events: &[Value]) -> Vec<String> {
    let body = json!({
        "writeKey": server.keys().write_key, "batch": events, "placements": ["home-hero"],
        "anonymousId": "00000000-1111-4222-8333-444444444444", "consent": {"categoryPreferences": {"personalization": true}}
    });
    let headers = [("user-agent", user_agent)];
    words(
        &server
            .send("POST", "/v1/batch", &headers, body.to_string().as_bytes())
            .ok(),
    )
}

#[test]
fn a_flagged_event_is_seen_and_rules_can_leave_it_out() {
    let server = Server::fresh();
    for (key, bots) in [
        ("views", Value::Null),
        ("views_of_people", json!(false)),
        ("views_of_bots", json!(true)),
    ] {
        let mut definition = json!({"key": key, "event": "Viewed", "aggregate": "count"});
        if !bots.is_null() {
            definition["bots"] = bots;
        }
        server.post("/api/v1/computed_traits", &definition).ok();
    }
    let rule = json!({"event": "Viewed", "bots": false, "count": {"gte": 2}});
    let people = json!({"name": "People who came twice", "definition": rule});
    server.post("/api/v1/audiences", &people).ok();

    let viewed = |id: &str| track(id, "browser-a", "Viewed", json!({}));
    assert_eq!(send(&server, FIREFOX, &[viewed("m-1")]), ["ok"]);
    let mut named = viewed("m-2");
    named["context"]["userAgent"] = json!("curl/8.5.0");
    // The event's own user agent comes first, here that of a person behind a bot's request.
    let mut person = viewed("m-4");
    person["context"]["userAgent"] = json!(FIREFOX);
    assert_eq!(send(&server, FIREFOX, &[named]), ["ok"]);
    assert_eq!(send(&server, GOOGLEBOT, &[viewed("m-3")]), ["ok"]);
    let profile = server.profile("anonymous_id:browser-a");
    assert_eq!(
        profile["computed_traits"],
        json!({"views": 3, "views_of_people": 1, "views_of_bots": 2})
    );
    assert_eq!(profile["audiences"], json!([]));
    assert_eq!(send(&server, GOOGLEBOT, &[person]), ["ok"]);
    let profile = server.profile("anonymous_id:browser-a");
    assert_eq!(profile["audiences"][0]["name"], "People who came twice");

    let bots: Vec<(Value, Value)> = server
        .timeline("anonymous_id:browser-a")
        .into_iter()
        .map(|event| (event["messageId"].clone(), event["bot"].clone()))
        .collect();
    for (id, bot) in [
        ("m-1", Value::Null),
        ("m-2", json!("curl")),
        ("m-3", json!("Googlebot")),
        ("m-4", Value::Null),
    ] {
        assert!(bots.contains(&(json!(id), bot)), "{id}: {bots:?}");
    }
}

#[test]
fn a_dropped_bot_leaves_a_number_in_the_ledger_and_nothing_else() {
    let server = Server::fresh();
    server
        .patch(&server.website(), &json!({"collection": {"bots": "drop"}}))
        .ok();
    let mut event = track("m-1", "browser-a", "Viewed", json!({}));
    event["context"]["ledger"] = json!({"tab": "0123456789abcdef", "seq": 1});
    let unreadable = json!({"type": "wave", "messageId": "m-2"});
    assert_eq!(
        send(&server, GOOGLEBOT, &[event, unreadable]),
        ["denied", "denied"]
    );
    assert_eq!(
        server.get("/api/v1/profiles/anonymous_id:browser-a").status,
        404
    );
    assert_eq!(server.all("/api/v1/quarantine"), Vec::<Value>::new());
    let ledger = server.get("/api/v1/ledger").ok();
    assert_eq!(
        (&ledger["outcomes"]["denied"], &ledger["unexplained"]),
        (&json!(1), &json!(0))
    );
    // People are taken as before, and bots are none once the policy says so.
    assert_eq!(
        send(
            &server,
            FIREFOX,
            &[track("m-3", "browser-a", "Viewed", json!({}))]
        ),
        ["ok"]
    );
    server
        .patch(&server.website(), &json!({"collection": {"bots": "keep"}}))
        .ok();
    assert_eq!(
        send(
            &server,
            GOOGLEBOT,
            &[track("m-4", "browser-a", "Viewed", json!({}))]
        ),
        ["ok"]
    );
    let timeline = server.timeline("anonymous_id:browser-a");
    assert!(
        timeline.iter().all(|event| event["bot"].is_null()),
        "{timeline:?}"
    );
}
