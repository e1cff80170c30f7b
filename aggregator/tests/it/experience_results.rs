//! Results: arms compared over the people who were shown one, by what they did afterwards.

use serde_json::{Value, json};

use crate::consent_statement::statement;
use crate::harness::{Server, identify, track, with};

/// One of the people of a test.
fn browser(number: usize) -> String {
    format!("{number:08}-1111-4222-8333-444444444444")
}

/// An event of somebody, so many hours after a day in the past.
fn event(id: &str, number: usize, hour: i64, name: &str, properties: Value) -> Value {
    let (day, hour) = (5 + hour / 24, hour % 24);
    let at = format!("2026-01-{day:02}T{hour:02}:00:00Z");
    with(
        track(id, &browser(number), name, properties),
        "timestamp",
        json!(at),
    )
}

fn exposure(number: usize, experience: &Value, arm: &str, hour: i64) -> Value {
    let held = arm == "holdout";
    let variant = if held { Value::Null } else { json!(arm) };
    let properties = json!({"experience": experience["id"], "variant": variant, "placement": "hero", "holdout": held});
    event(
        &format!("x-{number}-{arm}"),
        number,
        hour,
        "Experience Viewed",
        properties,
    )
}

fn results(server: &Server, experience: &Value, query: &str) -> Value {
    let id = experience["id"].as_str().unwrap();
    server
        .get(&format!("/api/v1/experiences/{id}/results?{query}"))
        .ok()
}

fn arm<'a>(results: &'a Value, key: &str) -> &'a Value {
    let arms = results["arms"].as_array().unwrap();
    let found = arms.iter().find(|arm| arm["arm"] == key);
    found.unwrap_or_else(|| panic!("no {key}: {results}"))
}

#[test]
fn arms_are_compared_by_what_their_people_did_after_they_were_shown_one() {
    let server = Server::fresh();
    let experience =
        json!({"name": "Hero", "placement": "hero", "holdout": 0.5, "variants": [{"key": "a"}]});
    let experience = server.post("/api/v1/experiences", &experience).ok();
    let mut events = Vec::new();
    for number in 0..80 {
        let (arm, buys) = if number < 40 {
            ("holdout", number < 10)
        } else {
            ("a", number < 70)
        };
        events.push(exposure(number, &experience, arm, 10));
        if buys {
            let order =
                json!({"revenue": 10, "country": if number % 2 == 0 { "DE" } else { "FR" }});
            events.push(event(
                &format!("o-{number}"),
                number,
                12,
                "Order Completed",
                order,
            ));
        }
    }
    // Before the exposure, and too long after it: neither counts.
    events.push(event(
        "before",
        39,
        9,
        "Order Completed",
        json!({"revenue": 99}),
    ));
    events.push(event(
        "late",
        38,
        10 + 7 * 24,
        "Order Completed",
        json!({"revenue": 99}),
    ));
    server.batch(&events);

    let found = results(&server, &experience, "event=Order%20Completed&within=7d");
    assert_eq!(
        (&found["people"], &found["baseline"]),
        (&json!(80), &json!("holdout"))
    );
    let (held, a) = (arm(&found, "holdout"), arm(&found, "a"));
    assert_eq!(
        (&held["people"], &held["converted"], &held["value"]),
        (&json!(40), &json!(10), &json!(0.25))
    );
    assert_eq!(
        (&a["people"], &a["converted"], &a["value"]),
        (&json!(40), &json!(30), &json!(0.75))
    );
    assert_eq!(a["comparison"]["outcome"]["status"], "ready", "{a}");
    assert_eq!(
        a["comparison"]["outcome"]["estimate"], 2.0,
        "three times as many: {a}"
    );
    assert!(held["comparison"].is_null());
    assert_eq!(found["split"]["expected"], json!([40.0, 40.0]));
    assert!(found["split"]["warning"].is_null());

    let longer = results(&server, &experience, "event=Order%20Completed&within=8d");
    assert_eq!(arm(&longer, "holdout")["converted"], 11);
    let german =
        "event=Order%20Completed&within=7d&where=%7B%22country%22%3A%7B%22eq%22%3A%22DE%22%7D%7D";
    assert_eq!(
        arm(&results(&server, &experience, german), "a")["converted"],
        15
    );
    let revenue = "metric=sum&event=Order%20Completed&of=properties.revenue&within=7d";
    assert_eq!(
        arm(&results(&server, &experience, revenue), "a")["value"],
        7.5
    );
    let basket = "metric=mean&event=Order%20Completed&of=properties.revenue&within=7d";
    assert_eq!(
        arm(&results(&server, &experience, basket), "a")["value"],
        10.0
    );

    let id = experience["id"].as_str().unwrap();
    let wrong = server.get(&format!(
        "/api/v1/experiences/{id}/results?metric=sum&within=soon"
    ));
    assert_eq!(wrong.error(), (422, "invalid_definition".to_owned()));
    let mistakes = wrong.json()["error"]["details"]["mistakes"].clone();
    let paths: Vec<&Value> = mistakes
        .as_array()
        .unwrap()
        .iter()
        .map(|mistake| &mistake["path"])
        .collect();
    assert_eq!(paths, ["event", "within", "of"]);
}

#[test]
fn who_was_shown_two_arms_or_takes_consent_back_does_not_count() {
    let server = Server::fresh();
    let experience = json!({"name": "Hero", "placement": "hero", "variants": [{"key": "a"}, {"key": "b"}, {"key": "vip", "audience_id": null}]});
    let experience = server.post("/api/v1/experiences", &experience).ok();
    let arms = ["a", "a", "a", "b", "b", "b", "gone"];
    let events: Vec<Value> = arms
        .into_iter()
        .enumerate()
        .map(|(number, arm)| exposure(number, &experience, arm, 10))
        .collect();
    server.batch(&events);
    // Shown again: still once a person.
    server.batch(&[event(
        "again",
        0,
        11,
        "Experience Viewed",
        json!({"experience": experience["id"], "variant": "a"}),
    )]);
    let before = results(&server, &experience, "event=Bought");
    assert_eq!(
        (&before["people"], &before["excluded"]),
        (&json!(6), &json!({"crossed": 0, "unknown_arm": 1}))
    );
    assert_eq!(before["baseline"], "a");

    // Two browsers of one person with two arms; one who withdraws.
    server.batch(&[
        identify("i1", &browser(2), "ada", json!({})),
        identify("i2", &browser(3), "ada", json!({})),
    ]);
    statement(
        &server,
        "c1",
        &json!({"anonymousId": browser(0)}),
        &json!({"personalization": false}),
    );
    let after = results(&server, &experience, "event=Bought");
    assert_eq!(
        (&after["people"], &after["excluded"]["crossed"]),
        (&json!(3), &json!(1))
    );
    assert_eq!(
        (&arm(&after, "a")["people"], &arm(&after, "b")["people"]),
        (&json!(1), &json!(2))
    );
}
