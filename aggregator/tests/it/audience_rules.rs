//! What an audience can ask of a person, how it changes, and why somebody is in it.

use serde_json::{Value, json};

use crate::harness::{Server, eventually, identify, track, with};

fn make(server: &Server, name: &str, definition: &Value) -> String {
    let body = json!({"name": name, "definition": definition});
    let made = server.post("/api/v1/audiences", &body).ok();
    assert_eq!(made["status"], "ready", "{made}");
    made["id"].as_str().unwrap().to_owned()
}

fn names(server: &Server, reference: &str) -> Vec<String> {
    let profile = server.profile(reference);
    let audiences = profile["audiences"].as_array().unwrap().iter();
    let mut names: Vec<String> = audiences
        .map(|audience| audience["name"].as_str().unwrap().to_owned())
        .collect();
    names.sort();
    names
}

fn did(id: &str, browser: &str, event: &str, properties: Value) -> Value {
    track(id, browser, event, properties)
}

/// The event at an hour of the first day of 2026.
fn at(hour: &str, event: Value) -> Value {
    with(
        event,
        "timestamp",
        json!(format!("2026-01-01T{hour}:00.000Z")),
    )
}

#[test]
fn rules_look_at_traits_sums_sequences_consent_identifiers_and_other_audiences() {
    let server = Server::fresh();
    let buyers = make(
        &server,
        "spent",
        &json!({"event": "Order Completed", "aggregate": "sum", "of": "properties.total", "is": {"$gte": 100}, "within": "30d"}),
    );
    make(
        &server,
        "pro",
        &json!({"traits": {"plan": "pro", "seats": {"$gt": 5}}}),
    );
    make(
        &server,
        "checkout",
        &json!({"sequence": [{"event": "Product Added"}, {"event": "Order Completed", "within": "1h"}], "without": [{"event": "Product Removed"}]}),
    );
    make(&server, "known", &json!({"identifier": "email"}));
    make(&server, "agreed", &json!({"consent": "analytics"}));
    make(
        &server,
        "not spent, and known",
        &json!("not audience ".to_owned() + &buyers + " and identifier email"),
    );
    make(&server, "renews", &json!("date renews_at in_next 7d"));
    let soon = "2999-01-01T00:00:00.000Z";
    server.batch(&[
        identify(
            "m-1",
            "browser-a",
            "ada",
            json!({"plan": "pro", "seats": 6, "email": "ada@example.org", "renews_at": soon}),
        ),
        at("10:00", did("m-2", "browser-a", "Product Added", json!({}))),
        at(
            "10:30",
            did("m-3", "browser-a", "Order Completed", json!({"total": 60})),
        ),
        did("m-4", "browser-a", "Order Completed", json!({"total": 60})),
    ]);
    // The first order is older than the window, so that 60 are not 100.
    assert_eq!(
        names(&server, "user_id:ada"),
        ["agreed", "checkout", "known", "not spent, and known", "pro"]
    );
    server.batch(&[
        did(
            "m-5",
            "browser-a",
            "Order Completed",
            json!({"total": 40.5}),
        ),
        at(
            "10:10",
            did("m-6", "browser-a", "Product Removed", json!({})),
        ),
    ]);
    assert_eq!(
        names(&server, "user_id:ada"),
        ["agreed", "known", "pro", "spent"]
    );
}

/// Only rules that look at something new are asked again; asking everybody everything comes to the same.
#[test]
fn what_is_asked_again_is_enough() {
    let server = Server::fresh();
    let total =
        json!({"key": "total", "event": "Bought", "aggregate": "sum", "of": "properties.total"});
    server.post("/api/v1/computed_traits", &total).ok();
    let mut rules = vec![
        json!({"traits": {"plan": "pro"}}),
        json!({"event": "Bought", "count": {"$gte": 2}}),
        json!({"all": [{"event": "Viewed"}, {"not": {"event": "Bought"}}]}),
        json!({"computed_traits": {"total": {"$gt": 10}}}),
        json!({"sequence": [{"event": "Viewed"}, {"event": "Bought"}]}),
        json!({"identifier": "user_id"}),
        json!({"consent": "advertising", "is": "unset"}),
        json!({"traits": {"address.city": {"$exists": true}}}),
    ];
    let define = |prefix: &str, rules: &[Value]| -> Vec<String> {
        let named = rules.iter().enumerate();
        named
            .map(|(number, rule)| make(&server, &format!("{prefix} {number}"), rule))
            .collect()
    };
    let first = define("before", &rules);
    // Rules over rules.
    let over = [
        json!({"not": {"audience": first[1]}}),
        json!({"all": [{"audience": first[0]}, {"audience": first[3]}]}),
    ];
    let first: Vec<String> = first
        .into_iter()
        .chain(define("before, over", &over))
        .collect();
    rules.extend(over);

    let mut belong = 0;
    let mut number = 0_u64;
    let mut next = |bound: u64| {
        number = number
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (number >> 33) % bound
    };
    for batch in 0..20 {
        let events: Vec<Value> = (0..4)
            .map(|index| {
                let (id, browser) = (format!("m-{batch}-{index}"), format!("browser-{}", next(6)));
                let at = json!(format!(
                    "2026-01-0{}T00:00:{:02}.000Z",
                    1 + next(9),
                    next(60)
                ));
                let event = match next(5) {
                    0 => identify(
                        &id,
                        &browser,
                        &format!("user-{}", next(4)),
                        json!({"plan": if next(2) == 0 { "pro" } else { "free" }}),
                    ),
                    1 => identify(
                        &id,
                        &browser,
                        &format!("user-{}", next(4)),
                        json!({"address": {"city": "Paris"}}),
                    ),
                    2 | 3 => did(&id, &browser, "Bought", json!({"total": next(8)})),
                    _ => did(&id, &browser, "Viewed", json!({})),
                };
                with(event, "timestamp", at)
            })
            .collect();
        server.batch(&events);
        for browser in 0..6 {
            for id in &first {
                let path = format!("/api/v1/audiences/{id}/members/anonymous_id:browser-{browser}");
                let answer = server.get(&path);
                if answer.status == 404 {
                    continue;
                }
                let why = answer.ok();
                assert_eq!(why["member"], why["why"]["holds"], "batch {batch}: {why}");
                belong += usize::from(why["member"] == true);
            }
        }
    }
    assert!(belong > 100, "{belong}");
    let again = define("after", &rules);
    let members = |id: &String| {
        let members = server.all(&format!("/api/v1/audiences/{id}/members"));
        let mut ids: Vec<String> = members
            .iter()
            .map(|member| member["id"].to_string())
            .collect();
        ids.sort();
        ids
    };
    for ((before, after), rule) in first.iter().zip(&again).zip(&rules) {
        assert_eq!(members(before), members(after), "{rule}");
    }
    server.kept_counts_agree();
}

#[test]
fn what_a_definition_names_has_to_be_there() {
    let server = Server::fresh();
    let refused = |definition: Value| {
        let body = json!({"name": "x", "definition": definition});
        let answer = server.post("/api/v1/audiences", &body);
        assert_eq!(answer.error(), (422, "invalid_definition".to_owned()));
        answer.json()["error"].clone()
    };
    let says = |error: &Value, words: &str| {
        let message = error["message"].as_str().unwrap();
        assert!(message.contains(words), "{message}");
    };
    says(
        &refused(json!({"audience": "aud_nothing"})),
        "no audience aud_nothing",
    );
    says(&refused(json!({"consent": "world peace"})), "world peace");
    says(&refused(json!({"identifier": "shoe size"})), "shoe size");
    says(
        &refused(json!({"computed_trait": "luck", "is": {"gte": 1}})),
        "no computed trait \"luck\"",
    );
    let error = refused(json!({"event": "A", "calendar": "month", "timezone": "Europe/Atlantis"}));
    assert_eq!(error["details"]["path"], "timezone");
    says(&error, "Europe/Berlin");
    let place = |error: &Value| {
        let details = &error["details"];
        format!("{}:{}", details["line"], details["column"]).replace('"', "")
    };
    let error = refused(json!("event \"A\" within 30d\n  and traits {plan}"));
    assert_eq!(place(&error), "2:14");
    // What can be read, and is wrong all the same.
    for (text, at, words) in [
        (
            "consent analytics\n  and not audience aud_nothing",
            "2:11",
            "no audience aud_nothing",
        ),
        (
            "(event A or\n computed luck >= 1)",
            "2:2",
            "no computed trait",
        ),
        ("event A\n and consent peace", "2:6", "peace"),
        ("event A and\n\nidentifier shoe", "3:1", "shoe"),
        ("event A\n within 0s", "2:9", "above 0"),
    ] {
        let error = refused(json!(text));
        assert_eq!(place(&error), at, "{error}");
        says(&error, words);
    }
    let deep = json!({"all": [{"event": "A"}, {"not": {"any": [{"identifier": "shoe size"}]}}]});
    assert_eq!(refused(deep)["details"]["path"], "all[1].not.any[0]");
}

#[test]
fn both_spellings_are_one_definition() {
    let server = Server::fresh();
    let text = "event \"Order Completed\" where currency = \"EUR\", total >= 100 count >= 2 within 30d and not consent advertising";
    let asked = json!({"definition": text});
    let seen = server.post("/api/v1/audiences/preview", &asked).ok();
    assert_eq!(seen["text"], text);
    let tree = json!({"all": [
        {"event": "Order Completed", "where": {"currency": "EUR", "total": {"$gte": 100}}, "count": {"$gte": 2}, "within": "30d"},
        {"not": {"consent": "advertising"}}]});
    assert_eq!(
        server
            .post("/api/v1/audiences/preview", &json!({"definition": tree}))
            .ok()["definition"],
        seen["definition"]
    );
}

#[test]
fn entering_and_leaving_are_told_with_what_did_it() {
    let server = Server::fresh();
    let id = make(
        &server,
        "right now",
        &json!({"event": "Viewed", "count": {"$gte": 2}, "within": "2s"}),
    );
    server.batch(&[did("m-1", "browser-a", "Viewed", json!({}))]);
    server.batch(&[did("m-2", "browser-a", "Viewed", json!({}))]);
    let changes = eventually("it was left", || {
        let changes = server.all(&format!("/api/v1/audiences/{id}/changes"));
        (changes.len() >= 2).then_some(changes)
    });
    let told: Vec<(&Value, &Value)> = changes
        .iter()
        .map(|change| (&change["kind"], &change["cause"]))
        .collect();
    assert_eq!(
        told,
        [
            (
                &json!("entered"),
                &json!({"kind": "event", "message_id": "m-2", "event": "Viewed"})
            ),
            (&json!("left"), &json!({"kind": "time"})),
        ]
    );
    assert_eq!(
        server.all("/api/v1/profiles/anonymous_id:browser-a/audience_changes"),
        changes
    );
}

#[test]
fn a_membership_says_what_each_rule_saw() {
    let server = Server::fresh();
    let id = make(
        &server,
        "fans",
        &json!({"all": [{"event": "Viewed", "count": {"$gte": 2}, "within": "30d"}, {"traits": {"plan": "pro"}}]}),
    );
    server.batch(&[
        identify("m-0", "browser-a", "ada", json!({"plan": "free"})),
        did("m-1", "browser-a", "Viewed", json!({})),
        did("m-2", "browser-a", "Viewed", json!({})),
        did("m-3", "browser-a", "Viewed", json!({})),
    ]);
    let why = server
        .get(&format!("/api/v1/audiences/{id}/members/user_id:ada"))
        .ok();
    assert_eq!(
        (&why["member"], &why["consent"]),
        (&json!(false), &json!(true))
    );
    let clauses = &why["why"]["clauses"];
    assert_eq!(
        (&clauses[0]["holds"], &clauses[0]["seen"]),
        (&json!(true), &json!(3))
    );
    assert!(clauses[0]["changes_at"].is_string());
    assert_eq!(
        (
            &clauses[1]["rule"],
            &clauses[1]["holds"],
            &clauses[1]["seen"]
        ),
        (
            &json!("trait plan = \"pro\""),
            &json!(false),
            &json!({"plan": "free"})
        )
    );
}

#[test]
fn a_changed_definition_takes_over_when_it_has_seen_everybody_and_tells_who_entered_and_left() {
    let server = Server::fresh();
    let id = make(&server, "fans", &json!({"event": "Viewed"}));
    let path = format!("/api/v1/audiences/{id}");
    let on = make(&server, "fans of fans", &json!({"audience": id}));
    server.batch(&[
        did("m-1", "browser-a", "Viewed", json!({})),
        did("m-2", "browser-b", "Viewed", json!({})),
        did("m-3", "browser-b", "Bought", json!({})),
        did("m-4", "browser-c", "Bought", json!({})),
    ]);
    let before = server.profile("anonymous_id:browser-b")["audiences"].clone();
    let changed = server
        .patch(
            &path,
            &json!({"name": "buyers", "definition": {"event": "Bought"}}),
        )
        .ok();
    assert_eq!(
        (
            &changed["name"],
            &changed["version"],
            &changed["definition"]["event"],
            &changed["members"]
        ),
        (&json!("buyers"), &json!(2), &json!("Bought"), &json!(2)),
        "{changed}"
    );
    let audiences = |browser: &str| names(&server, &format!("anonymous_id:{browser}"));
    eventually("those that look at it follow", || {
        (audiences("browser-a").is_empty() && audiences("browser-c").len() == 2).then_some(())
    });
    assert_eq!(audiences("browser-b"), ["buyers", "fans of fans"]);
    server.kept_counts_agree();
    // Who stays has been there since then.
    let after = server.profile("anonymous_id:browser-b")["audiences"].clone();
    assert_eq!(after[0]["since"], before[0]["since"]);
    let changes = server.all(&format!("{path}/changes"));
    let by_definition = |kind: &str| {
        let mut kinds = changes
            .iter()
            .filter(|change| change["cause"]["kind"] == "definition");
        kinds.any(|change| change["kind"] == kind)
    };
    assert!(
        by_definition("entered") && by_definition("left"),
        "{changes:?}"
    );

    // What others need stays.
    let refused = server.delete(&path);
    assert_eq!(refused.error(), (409, "conflict".to_owned()));
    assert_eq!(
        server.delete(&format!("/api/v1/audiences/{on}")).status,
        204
    );
    let circle = server.patch(&path, &json!({"definition": {"not": {"audience": id}}}));
    assert_eq!(circle.error(), (422, "invalid_definition".to_owned()));
    assert_eq!(server.delete(&path).status, 204);
    assert!(audiences("browser-b").is_empty());
    assert_eq!(server.get(&path).error().0, 404);
}

#[test]
fn an_experience_keeps_its_audience_until_it_is_archived_and_tells_it_by_its_present_name() {
    const BROWSER: &str = "3f2a1b4c-5d6e-4f70-8a91-b2c3d4e5f601";
    let server = Server::fresh();
    let id = make(&server, "fans", &json!({"event": "Viewed"}));
    let path = format!("/api/v1/audiences/{id}");
    let experience = json!({"name": "Hero", "placement": "home-hero", "audience_id": id, "variants": [{"key": "a", "value": 1}]});
    let experience = server.post("/api/v1/experiences", &experience).ok();
    server.batch(&[did("m-1", BROWSER, "Viewed", json!({}))]);
    let reason = || {
        let asked = json!({"writeKey": server.keys().write_key, "anonymousId": BROWSER, "placements": ["home-hero"],
            "consent": {"categoryPreferences": {"personalization": true}}});
        server.public("/v1/decide", &asked).ok()["decisions"]["home-hero"]["reasons"][0].to_string()
    };
    let told = reason();
    assert!(told.contains("\\\"fans\\\""), "{told}");
    server.patch(&path, &json!({"name": "friends"})).ok();
    let told = reason();
    assert!(told.contains("\\\"friends\\\""), "{told}");

    assert_eq!(server.delete(&path).error(), (409, "conflict".to_owned()));
    let archive = format!(
        "/api/v1/experiences/{}/archive",
        experience["id"].as_str().unwrap()
    );
    server.post(&archive, &json!({})).ok();
    assert_eq!(server.delete(&path).status, 204);
}

#[test]
fn computed_traits_follow_the_clock_and_can_be_changed() {
    let server = Server::fresh();
    let order = |id: &str, total: i64| {
        did(
            id,
            "browser-a",
            "Order Completed",
            json!({"total": total, "category": if total > 5 { "shoes" } else { "socks" }}),
        )
    };
    let define = |definition: Value| {
        let made = server.post("/api/v1/computed_traits", &definition).ok();
        assert_eq!(
            (&made["status"], &made["progress"]),
            (&json!("ready"), &json!(1.0))
        );
        made["id"].as_str().unwrap().to_owned()
    };
    let recent = define(
        json!({"key": "recent", "event": "Order Completed", "aggregate": "sum", "of": "properties.total", "within": "2s"}),
    );
    for (key, aggregate) in [
        ("mean", "average"),
        ("favourite", "most_frequent"),
        ("kinds", "unique_count"),
    ] {
        let of = if key == "mean" {
            "properties.total"
        } else {
            "properties.category"
        };
        define(
            json!({"key": key, "event": "Order Completed", "aggregate": aggregate, "of": of, "calendar": "year"}),
        );
    }
    define(
        json!({"key": "last_two", "event": "Order Completed", "aggregate": "last_n", "n": 2, "of": "properties.total"}),
    );
    make(
        &server,
        "busy",
        &json!({"computed_traits": {"recent": {"$gte": 10}}}),
    );
    define(json!({"key": "idle", "event": "Order Completed", "aggregate": "time_since_last"}));
    make(
        &server,
        "asleep",
        &json!({"computed_traits": {"idle": {"$gte": 2}}}),
    );
    server.batch(&[order("m-1", 4), order("m-2", 7), order("m-3", 7)]);
    let traits =
        |server: &Server| server.profile("anonymous_id:browser-a")["computed_traits"].clone();
    let seen = traits(&server);
    assert_eq!(
        [
            &seen["mean"],
            &seen["favourite"],
            &seen["kinds"],
            &seen["last_two"]
        ],
        [&json!(6), &json!("shoes"), &json!(2), &json!([7, 7])]
    );
    assert_eq!(names(&server, "anonymous_id:browser-a"), ["busy"]);
    eventually("the window has passed and the person is idle", || {
        (names(&server, "anonymous_id:browser-a") == ["asleep"]
            && traits(&server)["recent"].is_null())
        .then_some(())
    });

    let path = format!("/api/v1/computed_traits/{recent}");
    let wider = json!({"key": "recent", "event": "Order Completed", "aggregate": "sum", "of": "properties.total", "within": "30d"});
    let changed = server.put(&path, &wider).ok();
    assert_eq!(
        (&changed["id"], &changed["within"], &changed["version"]),
        (&json!(recent), &json!("30d"), &json!(2)),
        "{changed}"
    );
    assert_eq!(traits(&server)["recent"], 18);
    eventually("audiences follow", || {
        (names(&server, "anonymous_id:browser-a") == ["asleep", "busy"]).then_some(())
    });
    assert_eq!(server.delete(&path).error(), (409, "conflict".to_owned()));
    assert_eq!(server.all("/api/v1/computed_traits").len(), 6);
}
