//! Reports: what happened, counted over everybody, of what may be counted.

use serde_json::{Value, json};

use crate::consent_statement::statement;
use crate::harness::{Data, Server, eventually, identify, track, with};
use crate::privacy_requests::{answer, path};

/// Events of two weeks in November.
fn shop() -> Server {
    let server = Server::fresh();
    fill(&server);
    server
}

fn fill(server: &Server) {
    let at = |id: &str, who: &str, name: &str, time: &str| {
        let event = track(
            id,
            who,
            name,
            json!({"plan": if who == "a" { "pro" } else { "free" }}),
        );
        with(event, "timestamp", json!(time))
    };
    let outcomes = server.outcomes(&[
        // Late in the evening in Berlin it is the next day.
        at("1", "a", "Viewed", "2026-11-02T23:30:00Z"),
        at("2", "a", "Added", "2026-11-03T10:00:00.500Z"),
        at("3", "a", "Bought", "2026-11-03T10:00:00.700Z"),
        at("4", "b", "Viewed", "2026-11-03T10:00:00Z"),
        at("5", "b", "Added", "2026-11-03T10:05:00Z"),
        at("6", "b", "Bought", "2026-11-20T10:00:00Z"),
        at("7", "c", "Viewed", "2026-11-03T12:00:00Z"),
        at("8", "a", "Viewed", "2026-11-10T12:00:00Z"),
        // Comes last and was first.
        at("9", "c", "Viewed", "2026-11-02T01:00:00Z"),
    ]);
    assert!(
        outcomes.iter().all(|outcome| outcome == "ok"),
        "{outcomes:?}"
    );
}

fn ask(server: &Server, report: &str, question: &Value) -> Value {
    server
        .post(&format!("/api/v1/reports/{report}"), question)
        .ok()
}

/// The whole of November with more fields.
fn november(more: Value) -> Value {
    let mut question = json!({"since": "2026-11-02T00:00:00Z", "until": "2026-11-30T00:00:00Z"});
    for (field, value) in more.as_object().unwrap() {
        question[field] = value.clone();
    }
    question
}

fn people(funnel: &Value) -> Vec<u64> {
    let steps = funnel["steps"].as_array().unwrap().iter();
    steps.map(|step| step["people"].as_u64().unwrap()).collect()
}

#[test]
fn a_trend_counts_by_the_days_of_a_place() {
    let server = shop();
    let question = |zone: &str| json!({"since": "2026-11-02T00:00:00Z", "until": "2026-11-04T00:00:00Z", "timezone": zone, "series": [{"event": "Viewed"}, {}, {"event": "Never"}]});
    let utc = ask(&server, "trends", &question("UTC"));
    assert_eq!(
        utc["buckets"],
        json!(["2026-11-02T00:00:00.000Z", "2026-11-03T00:00:00.000Z"])
    );
    let series = |answer: &Value, at: usize| {
        (
            answer["series"][at]["events"].clone(),
            answer["series"][at]["people"].clone(),
        )
    };
    assert_eq!(series(&utc, 0), (json!([2, 2]), json!([2, 2])));
    assert_eq!(series(&utc, 1), (json!([2, 5]), json!([2, 3])));
    assert_eq!(series(&utc, 2), (json!([0, 0]), json!([0, 0])));
    assert_eq!(
        (
            &utc["series"][0]["total_events"],
            &utc["series"][0]["total_people"]
        ),
        (&json!(4), &json!(3))
    );
    assert_eq!(
        (&utc["complete"], &utc["events_known"]),
        (&json!(true), &json!(9))
    );
    let berlin = ask(&server, "trends", &question("Europe/Berlin"));
    assert_eq!(berlin["buckets"][1], "2026-11-02T23:00:00.000Z");
    assert_eq!(series(&berlin, 0), (json!([1, 3, 0]), json!([1, 3, 0])));
}

#[test]
fn a_trend_is_divided_by_a_property() {
    let server = shop();
    let question = november(
        json!({"series": [{"event": "Viewed"}], "breakdown": "properties.plan", "interval": "month"}),
    );
    let answer = ask(&server, "trends", &question);
    let lines = answer["series"].as_array().unwrap().iter();
    let lines: Vec<_> = lines
        .map(|line| {
            (
                line["value"].clone(),
                line["total_events"].clone(),
                line["total_people"].clone(),
            )
        })
        .collect();
    assert_eq!(
        lines,
        [
            (json!("free"), json!(3), json!(2)),
            (json!("pro"), json!(2), json!(1)),
            (json!(null), json!(0), json!(0))
        ]
    );
    assert!(answer.get("broken_down_since").is_none(), "all were read");
}

#[test]
fn a_funnel_counts_people_and_follows_who_they_turn_out_to_be() {
    let server = shop();
    let steps = json!({"steps": [{"event": "Viewed"}, {"event": "Added"}, {"event": "Bought"}], "window_days": 7});
    let question = november(steps);
    let funnel = ask(&server, "funnels", &question);
    assert_eq!(people(&funnel), [3, 2, 1], "b bought too late");
    assert_eq!(funnel["steps"][1]["median_seconds"], 300.0);
    assert_eq!(funnel["steps"][2]["share_of_previous"], 0.5);
    // The browsers a and c turn out to be one person's.
    server.batch(&[
        identify("10", "a", "ada", json!({})),
        identify("11", "c", "ada", json!({})),
    ]);
    assert_eq!(people(&ask(&server, "funnels", &question)), [2, 2, 1]);
}

#[test]
fn retention_counts_from_the_first_time_ever() {
    let server = shop();
    let question = november(json!({"start": {"event": "Viewed"}, "interval": "week"}));
    let cohorts = ask(&server, "retention", &question)["cohorts"].clone();
    assert_eq!(cohorts[0]["people"], 3);
    assert_eq!(
        cohorts[0]["returned"],
        json!([1, 1, 0]),
        "a after a week, b after two"
    );
    let later = json!({"since": "2026-11-09T00:00:00Z", "until": "2026-11-30T00:00:00Z", "start": {"event": "Viewed"}, "interval": "week"});
    assert_eq!(
        ask(&server, "retention", &later)["cohorts"][0]["people"],
        0,
        "nobody was new then"
    );
}

#[test]
fn paths_lead_from_an_event_or_to_it() {
    let server = shop();
    let forward = ask(
        &server,
        "paths",
        &november(json!({"from": "Viewed", "steps": 3})),
    );
    let links = |answer: &Value| -> Vec<(Value, Value, u64)> {
        let links = answer["links"].as_array().unwrap().iter();
        links
            .map(|link| {
                (
                    link["from"].clone(),
                    link["to"].clone(),
                    link["ways"].as_u64().unwrap(),
                )
            })
            .collect()
    };
    assert_eq!(forward["ways"], 5);
    assert_eq!(links(&forward), [(json!("Viewed"), json!("Added"), 1)]);
    let backward = ask(
        &server,
        "paths",
        &november(json!({"to": "Bought", "steps": 3})),
    );
    assert_eq!(links(&backward), [(json!("Added"), json!("Bought"), 1)]);
    let rare = ask(&server, "paths", &november(json!({"most_names": 1})));
    assert!(
        rare["nodes"]
            .as_array()
            .unwrap()
            .iter()
            .any(|node| node["event"].is_null())
    );
}

#[test]
fn what_was_withdrawn_is_not_counted_any_more() {
    let server = shop();
    let viewed = november(json!({"series": [{"event": "Viewed"}], "interval": "month"}));
    let count = || ask(&server, "trends", &viewed)["series"][0]["total_people"].clone();
    assert_eq!(count(), 3);
    let who = json!({"anonymousId": "c"});
    assert_eq!(
        statement(&server, "w1", &who, &json!({"analytics": false}))["outcome"],
        "ok"
    );
    assert_eq!(count(), 2);
    // Whoever agrees again begins anew.
    assert_eq!(
        statement(
            &server,
            "w2",
            &who,
            &json!({"analytics": true, "personalization": true})
        )["outcome"],
        "ok"
    );
    assert_eq!(count(), 2);
    let by_plan =
        november(json!({"series": [{"event": "Viewed"}], "breakdown": "properties.plan"}));
    assert_eq!(
        ask(&server, "trends", &by_plan)["series"][1]["total_events"],
        1,
        "only b is free"
    );
}

#[test]
fn who_may_not_see_people_sees_no_value_that_only_few_of_them_have() {
    let server = Server::fresh();
    let viewed = |person: usize, number: usize, plan: &str| {
        let id = format!("m-{person}-{number}-{plan}");
        let properties = json!({"plan": plan, "mail": format!("p{person}@example.com")});
        track(&id, &format!("b-{person}"), "Viewed", properties)
    };
    let mut events: Vec<Value> = (0..5).map(|person| viewed(person, 0, "pro")).collect();
    events.extend((0..4).map(|person| viewed(person, 0, "rare")));
    // Often, and by few.
    events.extend((1..9).map(|number| viewed(0, number, "often")));
    server.batch(&events);
    let by = |property: &str| json!({"series": [{"event": "Viewed"}], "days": 30, "interval": "month", "breakdown": format!("properties.{property}")});
    let owner = server.owner();
    let analyst = owner.invites("ann@team.test", "analyst");
    let marketer = owner.invites("mia@team.test", "marketer");
    let token = json!({"name": "Figures", "scopes": ["reports:read"]});
    let token = server.post("/api/v1/tokens", &token).ok();
    let bearer = format!("Bearer {}", token["token"].as_str().unwrap());
    let values = |answer: Value| -> Vec<(Option<String>, u64)> {
        let series = answer["series"].as_array().unwrap().iter();
        let one = |line: &Value| {
            let value = line["value"].as_str().map(str::to_owned);
            (value, line["total_events"].as_u64().unwrap())
        };
        series.map(one).collect()
    };
    let trends = "/api/v1/reports/trends";
    let by_token = |property: &str| {
        let headers = [("authorization", bearer.as_str())];
        let body = by(property).to_string();
        server.send("POST", trends, &headers, body.as_bytes()).ok()
    };
    let line = |value: &str, count| (Some(value.to_owned()), count);
    let whole = [line("often", 8), line("pro", 5), line("rare", 4), (None, 0)];
    assert_eq!(values(marketer.post(trends, &by("plan")).ok()), whole);
    let few = [line("pro", 5), (None, 12)];
    let seen = analyst.post(trends, &by("plan")).ok();
    assert_eq!(seen["values_shared_by"], 5);
    assert_eq!(values(seen), few);
    assert_eq!(values(by_token("plan")), few);
    assert_eq!(values(by_token("mail")), [(None, 17)]);
    assert!(!by_token("mail").to_string().contains('@'));
}

#[test]
fn a_report_can_look_at_an_audience_alone() {
    let server = shop();
    let bought = json!({"name": "Buyers", "definition": {"event": "Bought", "count": {"gte": 1}}});
    let audience = server.post("/api/v1/audiences", &bought).ok();
    let question = november(
        json!({"series": [{"event": "Viewed"}], "interval": "month", "audience": audience["id"]}),
    );
    assert_eq!(
        ask(&server, "trends", &question)["series"][0]["total_people"],
        2
    );
    let unknown = november(json!({"audience": "aud_none"}));
    assert_eq!(
        server.post("/api/v1/reports/trends", &unknown).error(),
        (422, "invalid_definition".to_owned())
    );
}

#[test]
fn the_events_that_reports_know_are_listed() {
    let server = shop();
    let known = server.get("/api/v1/reports/events").ok();
    assert_eq!(
        known["data"][0],
        json!({"event": "Viewed", "events": 5, "last_at": "2026-11-10T12:00:00.000Z"})
    );
    assert_eq!(known["data"].as_array().unwrap().len(), 3);
}

#[test]
fn a_question_that_cannot_be_answered_says_what_to_write() {
    let server = Server::fresh();
    let steps = |count: usize| json!({"steps": vec![json!({"event": "A"}); count]});
    for (report, question, word) in [
        (
            "trends",
            json!({"timezone": "Mars/Olympus"}),
            "Mars/Olympus",
        ),
        (
            "trends",
            json!({"interval": "hour", "days": 365}),
            "longer interval",
        ),
        ("trends", json!({"days": 0}), "\"days\""),
        (
            "trends",
            json!({"days": 3, "since": "2026-11-02T00:00:00Z"}),
            "not both",
        ),
        (
            "trends",
            json!({"since": "2026-11-02T00:00:00Z", "until": "2026-11-01T00:00:00Z"}),
            "since comes first",
        ),
        ("trends", json!({"intervall": "day"}), "intervall"),
        (
            "trends",
            json!({"breakdown": "properties.plan"}),
            "one series",
        ),
        (
            "trends",
            json!({"series": [{"event": "A"}], "breakdown": "plan"}),
            "properties.plan",
        ),
        (
            "trends",
            json!({"series": vec![json!({}); 11]}),
            "at most 10",
        ),
        ("funnels", steps(1), "2 to 10"),
        ("funnels", steps(11), "2 to 10"),
        (
            "funnels",
            json!({"steps": [{"event": "A"}, {"event": "B"}], "window_days": -1}),
            "window_days",
        ),
        ("retention", json!({"periods": 61}), "periods"),
        ("paths", json!({"from": "A", "to": "B"}), "not both"),
        ("paths", json!({"steps": 1}), "steps"),
        ("paths", json!({"most_names": 0}), "most_names"),
        (
            "paths",
            json!({"visit_gap_minutes": 0}),
            "visit_gap_minutes",
        ),
    ] {
        let answer = server.post(&format!("/api/v1/reports/{report}"), &question);
        assert_eq!(answer.status, 400, "{question}: {}", answer.text);
        assert!(
            answer.text.replace('\\', "").contains(word),
            "{question}: {}",
            answer.text
        );
    }
}

#[test]
fn what_came_to_be_somebody_elses_is_counted_as_theirs() {
    let server = shop();
    server.batch(&[identify("10", "b", "bob", json!({}))]);
    let viewed = november(json!({"series": [{"event": "Viewed"}], "interval": "month"}));
    assert_eq!(
        ask(&server, "trends", &viewed)["series"][0]["total_people"],
        3
    );
    // Events of a restarted server are read again.
    let server = server.stop().serve();
    assert_eq!(
        ask(&server, "trends", &viewed)["series"][0]["total_people"],
        3
    );
}

#[test]
fn what_was_erased_or_kept_for_long_enough_is_not_counted_any_more() {
    let server = Data::fresh().serve_at("2026-12-10T00:00:00Z");
    fill(&server);
    let viewed = november(
        json!({"series": [{"event": "Viewed"}, {"event": "Bought"}], "interval": "month"}),
    );
    let counts = || {
        let series = ask(&server, "trends", &viewed)["series"].clone();
        let of = |at: usize| {
            [
                series[at]["total_events"].clone(),
                series[at]["total_people"].clone(),
            ]
        };
        [of(0), of(1)]
    };
    assert_eq!(counts(), [[5, 3], [2, 2]]);
    let request = answer(
        &server,
        json!({"kind": "erasure", "subject": {"kind": "anonymous_id", "value": "a"}}),
    );
    eventually("the erasure is done", || {
        let now = server.get(&path(&request)).ok();
        (now["state"] == "done").then_some(())
    });
    assert_eq!(counts(), [[3, 2], [1, 1]]);
    let rules = json!({"rules": [{"event": "Bought", "days": 1}]});
    server.put("/api/v1/privacy/retention", &rules).ok();
    server
        .post("/api/v1/privacy/retention/run", &json!({}))
        .ok();
    eventually("the run is done", || {
        let run = server.get("/api/v1/privacy/retention").ok()["last_run"].clone();
        (run["state"] == "done").then_some(())
    });
    assert_eq!(counts(), [[3, 2], [0, 0]]);
    // What is read anew comes to the same.
    let server = server.stop().serve();
    let series = ask(&server, "trends", &viewed)["series"].clone();
    assert_eq!(series[0]["total_events"], 3);
    assert_eq!(series[1]["total_events"], 0);
}
