//! A tracking plan: what it lets through, what it flags, what it refuses, and how it is changed.

use serde_json::{Value, json};

use crate::harness::{Server, eventually, track, with};

fn order(action: &str) -> Value {
    json!({"type": "track", "event": "Order Completed", "on_violation": action, "schema": {
        "type": "object", "required": ["total"],
        "properties": {"total": {"type": "number"}, "products": {"type": "array", "items": {"properties": {"price": {"type": "number"}}}}}
    }})
}

/// Publishes a plan; its version.
#[track_caller]
fn publish(server: &Server, plan: &Value) -> i64 {
    server.put("/api/v1/tracking-plan/draft", plan).ok();
    let published = server
        .post("/api/v1/tracking-plan/publish", &json!({}))
        .ok();
    published["version"].as_i64().unwrap()
}

fn page(id: &str, name: &str, properties: Value) -> Value {
    let mut page = track(id, "browser-a", name, properties);
    page["type"] = json!("page");
    page["name"] = json!(name);
    page.as_object_mut().unwrap().remove("event");
    page
}

#[test]
fn each_action_does_what_it_says_and_one_bad_event_never_fails_its_batch() {
    let server = Server::fresh();
    let viewed = json!({"type": "track", "event": "Product Viewed", "on_violation": "flag", "schema": {"properties": {"price": {"type": "number"}}}});
    let started = json!({"type": "track", "event": "Checkout Started", "on_violation": "allow", "schema": {"required": ["step"]}});
    let plan = json!({"unplanned": "flag", "events": [order("quarantine"), viewed, started]});
    assert_eq!(publish(&server, &plan), 1);

    let reply = server.batch(&[
        track(
            "good",
            "browser-a",
            "Order Completed",
            json!({"total": 12.5}),
        ),
        track(
            "bad",
            "browser-a",
            "Order Completed",
            json!({"total": "12.50", "products": [{"price": "1"}, {"price": 2}]}),
        ),
        track(
            "flagged",
            "browser-a",
            "Product Viewed",
            json!({"price": "cheap"}),
        ),
        track("allowed", "browser-a", "Checkout Started", json!({})),
        track("unplanned", "browser-a", "Wave Waved", json!({})),
        page("page", "Home", json!({"any": 1})),
    ]);
    let lines: Vec<(&str, &str)> = reply["outcomes"]
        .as_array()
        .unwrap()
        .iter()
        .map(|line| {
            (
                line["outcome"].as_str().unwrap(),
                line["reason"].as_str().unwrap_or_default(),
            )
        })
        .collect();
    assert_eq!(lines[0], ("ok", ""));
    assert_eq!(
        lines[1],
        (
            "quarantined",
            "the event track \"Order Completed\" breaks the tracking plan (version 1) at properties.products[0].price: expected a number, found a number written as a text; and 1 more"
        )
    );
    assert_eq!(
        lines[2],
        (
            "ok",
            "the event track \"Product Viewed\" breaks the tracking plan (version 1) at properties.price: expected a number, found a text of 5 characters"
        )
    );
    assert_eq!(lines[3], ("ok", ""));
    assert_eq!(lines[4].0, "ok");
    assert!(
        lines[4]
            .1
            .contains("\"Wave Waved\" is not in the tracking plan (version 1)"),
        "{}",
        lines[4].1
    );
    assert_eq!(
        lines[5],
        ("ok", ""),
        "a plan that says nothing about pages has nothing against them"
    );

    let timeline = server.timeline("anonymous_id:browser-a");
    assert_eq!(timeline.len(), 5);
    let stored = |id: &str| {
        timeline
            .iter()
            .find(|event| event["messageId"] == id)
            .unwrap()
    };
    assert_eq!(
        stored("flagged")["violations"],
        json!([{"planVersion": 1, "path": "properties.price", "rule": "type", "expected": "a number", "found": "a text of 5 characters"}])
    );
    assert_eq!(stored("allowed").get("violations"), None);
    assert_eq!(stored("good").get("violations"), None);
    let kept = server.all("/api/v1/quarantine");
    assert_eq!(kept.len(), 1);
    assert_eq!(
        kept[0]["message"]["properties"]["total"], "12.50",
        "the whole message"
    );
}

#[test]
fn violations_are_counted_once_an_event_and_sampled_without_values() {
    let server = Server::fresh();
    publish(
        &server,
        &json!({"unplanned": "allow", "events": [order("quarantine")]}),
    );
    for batch in 0..3 {
        let events: Vec<Value> = (0..10)
            .map(|event| {
                let products = json!([{"price": "secret-a"}, {"price": "secret-b"}]);
                track(
                    &format!("m-{batch}-{event}"),
                    "browser-a",
                    "Order Completed",
                    json!({"total": 1, "products": products}),
                )
            })
            .collect();
        server.batch(&events);
    }
    server.batch(&[
        track("odd", "browser-a", "Wave Waved", json!({})),
        track("m-missing", "browser-a", "Order Completed", json!({})),
    ]);
    // The same message again is a duplicate, and no further violation.
    server.batch(&[track("odd", "browser-a", "Wave Waved", json!({}))]);
    let found = server.all("/api/v1/tracking-plan/violations?limit=1");
    let told: Vec<Value> = found
        .iter()
        .map(|one| {
            json!([
                one["event"],
                one["path"],
                one["rule"],
                one["action"],
                one["count"]
            ])
        })
        .collect();
    assert_eq!(told.len(), 3, "{told:?}");
    assert_eq!(
        told[0],
        json!([
            "Order Completed",
            "properties.products[*].price",
            "type",
            "quarantine",
            30
        ])
    );
    assert!(told.contains(&json!([
        "Order Completed",
        "properties.total",
        "required",
        "quarantine",
        1
    ])));
    assert!(told.contains(&json!(["Wave Waved", "", "unplanned", "allow", 1])));
    let samples = found[0]["samples"].as_array().unwrap();
    assert_eq!(samples.len(), 20, "the youngest twenty");
    assert_eq!(samples[0]["path"], "properties.products[0].price");
    assert_eq!(samples[0]["found"], "a text of 8 characters");
    assert!(!found.iter().any(|one| one.to_string().contains("secret")));
    let only = server
        .all("/api/v1/tracking-plan/violations?type=track&event=Wave%20Waved&version=1&days=1");
    assert_eq!(only.len(), 1);
    assert!(
        server
            .all("/api/v1/tracking-plan/violations?version=2")
            .is_empty()
    );

    // What was counted survives a clean end, and goes on behind it.
    let server = server.stop().serve();
    server.batch(&[track("odd-2", "browser-a", "Wave Waved", json!({}))]);
    let found = server.all("/api/v1/tracking-plan/violations?event=Wave%20Waved");
    assert_eq!(found[0]["count"], 2);
}

#[test]
fn a_refused_event_is_stored_once_after_the_plan_or_the_event_is_mended() {
    let server = Server::fresh();
    let pages = json!({"type": "page", "event": "Home", "on_violation": "quarantine", "schema": {"required": ["title"]}});
    publish(
        &server,
        &json!({"unplanned": "quarantine", "events": [order("quarantine"), pages]}),
    );
    let bad = track(
        "m-1",
        "browser-a",
        "Order Completed",
        json!({"total": "12.50"}),
    );
    assert_eq!(
        server.outcomes(&[bad, page("m-2", "Home", json!({}))]),
        ["quarantined"; 2]
    );
    let kept = server.all("/api/v1/quarantine?q=m-1");
    let id = kept[0]["id"].as_str().unwrap();

    // As it is, it stays, and is not counted as one more.
    let again = server
        .post("/api/v1/quarantine/replay", &json!({"ids": [id]}))
        .ok();
    assert_eq!(again["outcomes"][0]["outcome"], "quarantined");
    assert_eq!(again["outcomes"][0]["id"], json!(id));
    assert_eq!(
        server.all("/api/v1/tracking-plan/violations?event=Order%20Completed")[0]["count"],
        1
    );

    let mut mended = kept[0]["message"].clone();
    mended["properties"]["total"] = json!(12.5);
    let again = server
        .post(
            "/api/v1/quarantine/replay",
            &json!({"mended": [{"id": id, "message": mended}]}),
        )
        .ok();
    assert_eq!(again["outcomes"][0]["outcome"], "ok");
    assert_eq!(again["outcomes"][0]["messageId"], "m-1");

    // And with another plan the page passes, with the name that it had.
    publish(
        &server,
        &json!({"unplanned": "quarantine", "events": [order("quarantine")]}),
    );
    let again = server
        .post("/api/v1/quarantine/replay", &json!({"filter": {}}))
        .ok();
    assert_eq!(again["outcomes"][0]["outcome"], "ok");
    assert!(server.all("/api/v1/quarantine").is_empty());
    let timeline = eventually("both take effect", || {
        Some(server.timeline("anonymous_id:browser-a")).filter(|events| events.len() == 2)
    });
    let of = |id: &str| {
        timeline
            .iter()
            .find(|event| event["messageId"] == id)
            .unwrap()
    };
    assert_eq!(of("m-1")["properties"]["total"], 12.5);
    assert_eq!(of("m-2")["event"], "Home");
    assert_eq!(of("m-2").get("extra"), None);
}

#[test]
fn versions_are_kept_and_brought_back() {
    let server = Server::fresh();
    let read = || server.get("/api/v1/tracking-plan").ok();
    assert_eq!(read(), json!({"published": null, "draft": null}));
    let nothing = server
        .post("/api/v1/tracking-plan/publish", &json!({}))
        .error();
    assert_eq!(nothing, (409, "conflict".to_owned()));
    let strict = json!({"unplanned": "quarantine", "events": []});
    assert_eq!(publish(&server, &strict), 1);
    assert_eq!(read()["draft"], Value::Null);
    assert_eq!(
        server.outcomes(&[track("m-1", "a", "Waved", json!({}))]),
        ["quarantined"]
    );
    assert_eq!(
        publish(&server, &json!({"unplanned": "allow", "events": []})),
        2
    );
    assert_eq!(
        server.outcomes(&[track("m-2", "a", "Waved", json!({}))]),
        ["ok"]
    );

    // A draft changes nothing until it is published.
    let draft = json!({"unplanned": "flag", "events": [order("flag")]});
    server.put("/api/v1/tracking-plan/draft", &draft).ok();
    assert_eq!(
        server.outcomes(&[track("m-3", "a", "Waved", json!({}))]),
        ["ok"]
    );

    let back = server
        .post("/api/v1/tracking-plan/publish", &json!({"version": 1}))
        .ok();
    assert_eq!(
        (&back["version"], &back["from_version"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(read()["published"]["plan"], strict);
    assert_eq!(
        read()["draft"]["plan"]["unplanned"],
        "flag",
        "a draft outlives a roll back"
    );
    assert_eq!(
        server.outcomes(&[track("m-4", "a", "Waved", json!({}))]),
        ["quarantined"]
    );
    let versions = server.all("/api/v1/tracking-plan/versions?limit=2");
    let numbers: Vec<i64> = versions
        .iter()
        .map(|one| one["version"].as_i64().unwrap())
        .collect();
    assert_eq!(numbers, [3, 2, 1]);
    assert_eq!(
        server.get("/api/v1/tracking-plan/versions/2").ok()["plan"]["unplanned"],
        "allow"
    );
    assert_eq!(
        server.get("/api/v1/tracking-plan/versions/9").error().0,
        404
    );
    let token = format!("Bearer {}", server.keys().token);
    let discard = || {
        server.send(
            "DELETE",
            "/api/v1/tracking-plan/draft",
            &[("authorization", &token)],
            b"",
        )
    };
    assert_eq!(discard().status, 204);
    assert_eq!(discard().error().0, 404);

    // The plan in force is there after a crash.
    let server = server.kill().serve();
    assert_eq!(
        server.outcomes(&[track("m-5", "a", "Waved", json!({}))]),
        ["quarantined"]
    );
}

#[test]
fn a_plan_with_mistakes_is_refused_with_each_of_them() {
    let server = Server::fresh();
    let plan = json!({"events": [
        {"type": "track", "event": "A", "schema": {"properties": {"x": {"type": "nummer"}}}},
        {"type": "track", "event": "B", "schema": {"properties": {"x": {"$ref": "https://example.test/x.json"}}}},
        {"type": "track"},
    ]});
    let answer = server.put("/api/v1/tracking-plan/draft", &plan);
    assert_eq!(answer.error(), (422, "invalid_definition".to_owned()));
    let body = answer.json();
    let errors = body["error"]["details"]["errors"].as_array().unwrap();
    let told: Vec<(&str, &str)> = errors
        .iter()
        .map(|error| {
            (
                error["event"].as_str().unwrap(),
                error["path"].as_str().unwrap(),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("track \"A\"", "events[0].schema/properties/x/type"),
            ("track \"B\"", "events[1].schema/properties/x/$ref"),
            ("track", "events[2].event"),
        ]
    );
    assert!(
        errors[1]["message"]
            .as_str()
            .unwrap()
            .contains("nothing is ever fetched")
    );
    assert!(
        body["error"]["message"]
            .as_str()
            .unwrap()
            .contains("track \"A\"")
    );
    assert_eq!(
        server.get("/api/v1/tracking-plan").ok()["draft"],
        Value::Null
    );
}

#[test]
fn a_plan_is_inferred_and_tried_before_it_is_published() {
    let server = Server::fresh();
    let orders: Vec<Value> = (0..60)
        .map(|number| {
            let mut properties = json!({"total": f64::from(number) + 0.5, "currency": if number % 2 == 0 { "EUR" } else { "SEK" }, "quantity": number, "code": "7"});
            if number > 50 {
                properties["coupon"] = Value::Null;
            }
            track(&format!("o-{number}"), "browser-a", "Order Completed", properties)
        })
        .collect();
    server.batch(&orders);
    let inferred = server
        .post("/api/v1/tracking-plan/infer", &json!({"days": 7}))
        .ok();
    assert_eq!(inferred["read"]["events"], 60);
    assert_eq!(inferred["read"]["complete"], true);
    let event = &inferred["draft"]["plan"]["events"][0];
    assert_eq!(
        (&event["type"], &event["event"], &event["on_violation"]),
        (&json!("track"), &json!("Order Completed"), &json!("flag"))
    );
    assert_eq!(
        event["schema"],
        json!({"type": "object", "required": ["code", "currency", "quantity", "total"], "properties": {
            "code": {"type": "string"}, "coupon": {"type": "null"}, "currency": {"type": "string", "enum": ["EUR", "SEK"]},
            "quantity": {"type": "integer"}, "total": {"type": "number"}
        }})
    );
    let notes = inferred["notes"].to_string();
    assert!(
        notes.contains("properties.code: 60 of 60 texts are numbers written as texts"),
        "{notes}"
    );
    assert_eq!(
        server.get("/api/v1/tracking-plan").ok()["draft"],
        inferred["draft"]
    );
    let occupied = server.post("/api/v1/tracking-plan/infer", &json!({"days": 7}));
    assert_eq!(occupied.error().0, 409);
    server
        .post(
            "/api/v1/tracking-plan/infer",
            &json!({"days": 7, "replace_draft": true}),
        )
        .ok();

    // Everything from which it was inferred passes.
    let tried = server
        .post("/api/v1/tracking-plan/try", &json!({"days": 7}))
        .ok();
    assert_eq!(
        tried["events"][0]["stored"],
        json!({"pass": 60, "allow": 0, "flag": 0, "quarantine": 0})
    );
    // A stricter one would have refused some, and changes nothing by being tried.
    let mut strict = order("quarantine");
    strict["schema"]["properties"]["total"] = json!({"type": "number", "maximum": 49});
    let plan = json!({"unplanned": "allow", "events": [strict]});
    let tried = server
        .post("/api/v1/tracking-plan/try", &json!({"plan": plan}))
        .ok();
    let event = &tried["events"][0];
    assert_eq!(
        event["stored"],
        json!({"pass": 49, "allow": 0, "flag": 0, "quarantine": 11})
    );
    assert_eq!(
        (
            &event["violations"][0]["path"],
            &event["violations"][0]["count"]
        ),
        (&json!("properties.total"), &json!(11))
    );
    assert_eq!(
        event["violations"][0]["samples"].as_array().unwrap().len(),
        5
    );
    assert_eq!(tried["stored"]["complete"], true);

    // What is in quarantine is tried too: here, what a milder plan would let go.
    publish(&server, &plan);
    server.batch(&[
        track("o-99", "browser-a", "Order Completed", json!({"total": 99})),
        with(
            track("w", "browser-a", "x", json!({})),
            "type",
            json!("wave"),
        ),
    ]);
    let mild = json!({"plan": {"events": [order("quarantine")]}});
    let tried = server.post("/api/v1/tracking-plan/try", &mild).ok();
    assert_eq!(tried["quarantined"]["events"], 2);
    assert_eq!(tried["quarantined"]["refused_otherwise"], 1);
    assert_eq!(tried["events"][0]["quarantined"]["pass"], 1);
    let both = json!({"version": 1, "plan": {}});
    assert_eq!(
        server.post("/api/v1/tracking-plan/try", &both).error().0,
        400
    );
}

#[test]
fn another_space_never_sees_or_feels_a_plan() {
    let (one, other) = (Server::fresh(), Server::fresh());
    publish(&one, &json!({"unplanned": "quarantine", "events": []}));
    assert_eq!(
        other.outcomes(&[track("m-1", "a", "Waved", json!({}))]),
        ["ok"]
    );
    assert_eq!(
        other.get("/api/v1/tracking-plan").ok()["published"],
        Value::Null
    );
}
