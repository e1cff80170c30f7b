//! Membership follows events at once, old events when the audience is new, and the clock alone.

use serde_json::{Value, json};

use crate::harness::{Server, eventually, identify, track};

fn names(profile: &Value) -> Vec<String> {
    profile["audiences"]
        .as_array()
        .unwrap()
        .iter()
        .map(|audience| audience["name"].as_str().unwrap().to_owned())
        .collect()
}

fn sneakers(within: &str) -> Value {
    json!({"event": "Product Viewed", "where": {"category": {"eq": "sneakers"}}, "count": {"gte": 3}, "within": within})
}

fn viewed(id: &str) -> Value {
    track(
        id,
        "browser-a",
        "Product Viewed",
        json!({"category": "sneakers"}),
    )
}

#[test]
fn the_event_that_makes_a_member_has_done_so_when_its_reply_arrives() {
    let server = Server::fresh();
    let audience = server
        .post(
            "/api/v1/audiences",
            &json!({"name": "Sneaker fans", "definition": sneakers("30d")}),
        )
        .ok();
    server.batch(&[
        viewed("m-1"),
        viewed("m-2"),
        track(
            "m-x",
            "browser-a",
            "Product Viewed",
            json!({"category": "boots"}),
        ),
    ]);
    assert!(names(&server.profile("anonymous_id:browser-a")).is_empty());
    server.batch(&[viewed("m-3")]);
    let profile = server.profile("anonymous_id:browser-a");
    assert_eq!(names(&profile), ["Sneaker fans"]);
    assert_eq!(profile["audiences"][0]["id"], audience["id"]);
    assert!(
        profile["audiences"][0]["since"]
            .as_str()
            .unwrap()
            .ends_with('Z')
    );
    let members = server.all(&format!(
        "/api/v1/audiences/{}/members",
        audience["id"].as_str().unwrap()
    ));
    assert_eq!(members.len(), 1);
    assert_eq!(members[0]["id"], profile["id"]);
}

#[test]
fn a_new_audience_looks_at_what_happened_before() {
    let server = Server::fresh();
    server.batch(&[
        viewed("m-1"),
        viewed("m-2"),
        viewed("m-3"),
        track("m-4", "browser-b", "Other", json!({})),
    ]);
    let preview = server
        .post(
            "/api/v1/audiences/preview",
            &json!({"definition": sneakers("30d")}),
        )
        .ok();
    assert_eq!(preview["count"], 1);
    assert_eq!(preview["sample"][0]["identifiers"][0]["value"], "browser-a");
    let audience = server
        .post(
            "/api/v1/audiences",
            &json!({"name": "Sneaker fans", "definition": sneakers("30d")}),
        )
        .ok();
    assert_eq!(
        (&audience["status"], &audience["members"]),
        (&json!("ready"), &json!(1))
    );
    assert_eq!(
        names(&server.profile("anonymous_id:browser-a")),
        ["Sneaker fans"]
    );
}

#[test]
fn membership_ends_when_only_time_passes() {
    let server = Server::fresh();
    server
        .post(
            "/api/v1/audiences",
            &json!({"name": "Right now", "definition": sneakers("2s")}),
        )
        .ok();
    server.batch(&[viewed("m-1"), viewed("m-2"), viewed("m-3")]);
    assert_eq!(
        names(&server.profile("anonymous_id:browser-a")),
        ["Right now"]
    );
    eventually("the window has passed", || {
        names(&server.profile("anonymous_id:browser-a"))
            .is_empty()
            .then_some(())
    });
}

#[test]
fn what_is_counted_adds_up_over_a_merge_and_goes_on_after_a_restart() {
    let server = Server::fresh();
    let define = |server: &Server, least: u32| {
        let rule = json!({"event": "Product Viewed", "count": {"gte": least}});
        let audience = json!({"name": format!("{least} views"), "definition": rule});
        let made = server.post("/api/v1/audiences", &audience).ok();
        assert_eq!(made["status"], "ready", "{made}");
    };
    let seen = |id: &str, browser: &str| track(id, browser, "Product Viewed", json!({}));
    define(&server, 3);
    server.batch(&[
        seen("m-1", "browser-a"),
        seen("m-2", "browser-a"),
        seen("m-3", "browser-b"),
    ]);
    assert!(names(&server.profile("anonymous_id:browser-a")).is_empty());
    server.batch(&[
        identify("m-4", "browser-a", "ada", json!({})),
        identify("m-5", "browser-b", "ada", json!({})),
    ]);
    assert_eq!(names(&server.profile("user_id:ada")), ["3 views"]);

    // Others that count the same find it counted.
    define(&server, 2);
    define(&server, 4);
    let both = ["2 views", "3 views"];
    let sorted = |server: &Server| {
        let mut names = names(&server.profile("user_id:ada"));
        names.sort();
        names
    };
    assert_eq!(sorted(&server), both);
    let server = server.stop().serve();
    assert_eq!(sorted(&server), both);
    server.batch(&[seen("m-1", "browser-a"), seen("m-6", "browser-b")]);
    assert_eq!(sorted(&server), ["2 views", "3 views", "4 views"]);
}

#[test]
fn a_definition_that_cannot_be_used_says_where() {
    let server = Server::fresh();
    let answer = server.post(
        "/api/v1/audiences",
        &json!({"name": "x", "definition": {"all": [{"trait": "plan", "is": {"equals": "pro"}}]}}),
    );
    assert_eq!(answer.error(), (422, "invalid_definition".to_owned()));
    assert_eq!(answer.json()["error"]["details"]["path"], "all[0].is");
    let far = json!({"event": "Viewed", "count": {"gte": 20_000}, "within": "30d"});
    let answer = server.post(
        "/api/v1/audiences",
        &json!({"name": "x", "definition": far}),
    );
    assert_eq!(answer.error(), (422, "invalid_definition".to_owned()));
    assert_eq!(answer.json()["error"]["details"]["path"], "count");
    assert_eq!(server.get("/api/v1/audiences/aud_nothing").error().0, 404);
}

#[test]
fn an_audience_that_would_look_at_itself_is_refused_with_the_place() {
    let server = Server::fresh();
    let make = |name: &str, definition: Value| {
        let body = json!({"name": name, "definition": definition});
        let made = server.post("/api/v1/audiences", &body).ok();
        made["id"].as_str().unwrap().to_owned()
    };
    let one = make("one", json!({"event": "Viewed"}));
    let two = make("two", json!({"audience": one}));
    let path = format!("/api/v1/audiences/{one}");
    let details = |definition: Value| {
        let answer = server.patch(&path, &json!({"definition": definition}));
        assert_eq!(answer.error(), (422, "invalid_definition".to_owned()));
        answer.json()["error"]["details"].clone()
    };
    let tree = json!({"all": [{"event": "Viewed"}, {"not": {"audience": two}}]});
    assert_eq!(details(tree), json!({"path": "all[1].not"}));
    let text = details(json!(format!("event \"Viewed\" and audience {two}")));
    assert_eq!(text["line"], "1", "{text}");
    assert!(text["column"].is_string(), "{text}");
}
