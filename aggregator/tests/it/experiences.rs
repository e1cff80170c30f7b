//! The reply to the event that makes a member already has the decision for members.

use serde_json::{Value, json};

use crate::harness::{Answer, Data, Server, track};

const BROWSER: &str = "3f2a1b4c-5d6e-4f70-8a91-b2c3d4e5f601";

fn view(server: &Server, id: &str) -> Value {
    let body = json!({
        "writeKey": server.keys().write_key, "placements": ["home-hero"], "anonymousId": BROWSER,
        "consent": {"categoryPreferences": {"analytics": true, "personalization": true}},
        "batch": [track(id, BROWSER, "Product Viewed", json!({"category": "sneakers"}))]
    });
    server.public("/v1/batch", &body).ok()["decisions"]["home-hero"].clone()
}

#[test]
fn the_third_view_changes_the_hero_in_its_own_reply() {
    let server = Server::fresh();
    let rule = json!({"event": "Product Viewed", "count": {"gte": 3}, "within": "30d"});
    let audience = server
        .post(
            "/api/v1/audiences",
            &json!({"name": "Sneaker fans", "definition": rule}),
        )
        .ok();
    let experience = json!({"name": "Hero", "placement": "home-hero", "audience_id": audience["id"], "variants": [{"key": "sneakers", "value": {"title": "Run"}}]});
    let made = server.post("/api/v1/experiences", &experience).ok();
    assert_eq!(view(&server, "m-1")["variant"], Value::Null);
    assert_eq!(view(&server, "m-2")["variant"], Value::Null);
    let third = view(&server, "m-3");
    assert_eq!(
        (&third["variant"], &third["experience"]),
        (&json!("sneakers"), &made["id"])
    );
    assert!(
        third["reasons"][0]
            .as_str()
            .unwrap()
            .contains("Sneaker fans")
    );

    let asked = json!({"writeKey": server.keys().write_key, "anonymousId": BROWSER, "placements": ["home-hero"], "consent": {"categoryPreferences": {"personalization": true}}});
    assert_eq!(
        server.public("/v1/decide", &asked).ok()["decisions"]["home-hero"]["variant"],
        "sneakers"
    );
    let without = json!({"writeKey": server.keys().write_key, "anonymousId": BROWSER, "placements": ["home-hero"]});
    let decision = server.public("/v1/decide", &without).ok()["decisions"]["home-hero"].clone();
    assert_eq!(decision["variant"], Value::Null);
    assert!(
        decision["reasons"][0]
            .as_str()
            .unwrap()
            .contains("personalization")
    );
}

#[test]
fn what_is_made_at_the_same_time_is_all_in_force() {
    let server = Server::fresh();
    let consent = json!({"categoryPreferences": {"personalization": true}});
    for round in 0..10 {
        let places: Vec<String> = (0..6).map(|place| format!("p-{round}-{place}")).collect();
        std::thread::scope(|scope| {
            for place in &places {
                let body = json!({"name": place, "placement": place, "variants": [{"key": "a"}]});
                scope.spawn(|| server.post("/api/v1/experiences", &{ body }).ok());
            }
        });
        let asked = json!({"writeKey": server.keys().write_key, "anonymousId": BROWSER, "placements": places, "consent": consent});
        let decisions = server.public("/v1/decide", &asked).ok()["decisions"].clone();
        for place in &places {
            assert_eq!(decisions[place]["variant"], "a", "{decisions}");
        }
    }
}

/// The places of what is wrong.
fn paths(answer: &Answer) -> Value {
    let mistakes = answer.json()["error"]["details"]["mistakes"].clone();
    let mistakes = mistakes
        .as_array()
        .unwrap_or_else(|| panic!("{}", answer.text));
    mistakes
        .iter()
        .map(|mistake| mistake["path"].clone())
        .collect()
}

#[test]
fn an_experience_that_cannot_be_decided_is_refused_with_every_place_that_is_wrong() {
    let server = Server::fresh();
    let wrong = |body: Value| {
        let answer = server.post("/api/v1/experiences", &body);
        assert_eq!(answer.error(), (422, "invalid_definition".to_owned()));
        paths(&answer)
    };
    let of_nobody = json!({"name": "Hero", "placement": "p", "audience_id": "aud_nobody", "variants": [{"key": "a", "audience_id": "aud_none"}]});
    assert_eq!(
        wrong(of_nobody),
        json!(["audience_id", "variants[0].audience_id"])
    );
    let empty = json!({"name": "Hero", "placement": "p", "variants": []});
    assert_eq!(wrong(empty), json!(["variants"]));
    let many = json!({"naem": "x", "placement": 7, "starts_at": "soon", "holdout": 2, "variants": [7, {"key": "b", "wieght": 1, "weight": "1"}]});
    assert_eq!(
        wrong(many),
        json!([
            "naem",
            "variants[0]",
            "variants[1].wieght",
            "variants[1].weight",
            "placement",
            "starts_at",
            "name",
            "holdout",
            "variants[0].key"
        ])
    );
    let settings = server
        .send(
            "GET",
            &format!("/v1/settings/{}", server.keys().write_key),
            &[],
            b"",
        )
        .ok();
    assert_eq!(settings["placements"], json!([]));
}

#[test]
fn a_change_needs_the_version_that_was_read_and_an_archived_one_stays() {
    let server = Server::fresh();
    let body = json!({"name": "Hero", "placement": "home-hero", "ends_at": "2099-01-01T00:00:00Z", "variants": [{"key": "a"}]});
    let made = server.post("/api/v1/experiences", &body).ok();
    let path = format!("/api/v1/experiences/{}", made["id"].as_str().unwrap());
    assert_eq!(made["version"], 1);
    assert_eq!(view(&server, "m-1")["variant"], "a");

    assert_eq!(
        paths(&server.patch(&path, &json!({"name": "x"}))),
        json!(["version"])
    );
    let changed = server
        .patch(
            &path,
            &json!({"version": 1, "name": "Hero 2", "ends_at": null}),
        )
        .ok();
    assert_eq!(
        (&changed["version"], &changed["name"], &changed["ends_at"]),
        (&json!(2), &json!("Hero 2"), &Value::Null)
    );
    assert_eq!(
        server
            .patch(&path, &json!({"version": 1, "enabled": false}))
            .error(),
        (409, "conflict".to_owned())
    );
    assert_eq!(
        view(&server, "m-2")["variant"],
        "a",
        "the refused change did nothing"
    );
    server
        .patch(&path, &json!({"version": 2, "enabled": false}))
        .ok();
    assert_eq!(view(&server, "m-3")["variant"], Value::Null);

    let archived = server.post(&format!("{path}/archive"), &json!({})).ok();
    assert!(archived["archived_at"].is_string());
    assert_eq!(
        server
            .patch(
                &path,
                &json!({"version": archived["version"], "enabled": true})
            )
            .status,
        409
    );
    assert_eq!(server.all("/api/v1/experiences").len(), 0);
    assert_eq!(server.all("/api/v1/experiences?archived=true").len(), 1);
}

#[test]
fn a_preview_says_what_each_placement_would_show_and_why_and_does_nothing() {
    let server = Server::fresh();
    let rule = json!({"event": "Product Viewed"});
    let fans = server
        .post(
            "/api/v1/audiences",
            &json!({"name": "Fans", "definition": rule}),
        )
        .ok();
    let hero = |name: &str, more: Value| {
        let mut body = json!({"name": name, "placement": "home-hero", "variants": [{"key": name}]});
        for (key, value) in more.as_object().unwrap() {
            body[key] = value.clone();
        }
        server.post("/api/v1/experiences", &body).ok()["id"].clone()
    };
    let off = hero("off", json!({"enabled": false, "priority": 9}));
    let later = hero(
        "later",
        json!({"starts_at": "2098-01-01T00:00:00Z", "priority": 8}),
    );
    let for_fans = hero("fans", json!({"audience_id": fans["id"], "priority": 7}));
    let usual = hero("usual", json!({}));
    view(&server, "m-1");
    let events = server.timeline(&format!("anonymous_id:{BROWSER}")).len();

    let ask = |body: Value| {
        server.post("/api/v1/experiences/preview", &body).ok()["decisions"]["home-hero"].clone()
    };
    let now = ask(json!({"profile": format!("anonymous_id:{BROWSER}")}));
    assert_eq!(now["variant"], "fans");
    let outcomes: Vec<(&Value, &Value)> = now["why"]
        .as_array()
        .unwrap()
        .iter()
        .map(|why| (&why["experience"], &why["outcome"]))
        .collect();
    assert_eq!(
        outcomes,
        [
            (&off, &json!("disabled")),
            (&later, &json!("schedule")),
            (&for_fans, &json!("chosen")),
            (&usual, &json!("priority"))
        ]
    );
    let evidence = &now["why"][2]["audiences"][0];
    assert_eq!(
        (&evidence["audience"], &evidence["member"]),
        (&fans["id"], &json!(true))
    );
    assert!(
        evidence["since"].as_str() <= now["why"][2]["as_of"].as_str(),
        "{now}"
    );
    assert!(evidence["since"].is_string());
    let then = ask(
        json!({"profile": format!("anonymous_id:{BROWSER}"), "at": "2099-01-01T00:00:00Z", "placements": ["home-hero"]}),
    );
    assert_eq!(then["variant"], "later");
    assert_eq!(
        server.timeline(&format!("anonymous_id:{BROWSER}")).len(),
        events,
        "nothing is recorded"
    );
    assert_eq!(
        server
            .post(
                "/api/v1/experiences/preview",
                &json!({"profile": "user_id:nobody"})
            )
            .status,
        404
    );
}

#[test]
fn the_spaces_holdout_sees_the_default_everywhere() {
    let server = Server::fresh();
    server
        .post(
            "/api/v1/experiences",
            &json!({"name": "Hero", "placement": "home-hero", "variants": [{"key": "a"}]}),
        )
        .ok();
    let put = |body: Value| {
        let token = format!("Bearer {}", server.keys().token);
        server.send(
            "PUT",
            "/api/v1/experiences/holdout",
            &[("authorization", &token)],
            body.to_string().as_bytes(),
        )
    };
    assert_eq!(
        server.get("/api/v1/experiences/holdout").ok(),
        json!({"share": 0.0})
    );
    assert_eq!(view(&server, "m-1")["variant"], "a");
    assert_eq!(put(json!({"share": 1})).ok(), json!({"share": 1.0}));
    let held = view(&server, "m-2");
    assert_eq!(
        (&held["variant"], &held["why"][0]["outcome"]),
        (&Value::Null, &json!("holdout"))
    );
    assert_eq!(held["exposure"]["experience"], "space_holdout");
    assert_eq!(paths(&put(json!({"share": 1.5}))), json!(["share"]));
    // Whoever was shown something before does not come into it.
    put(json!({"share": 0})).ok();
    let shown = view(&server, "m-3");
    server.batch(&[track(
        "m-4",
        BROWSER,
        "Experience Viewed",
        shown["exposure"].clone(),
    )]);
    put(json!({"share": 1})).ok();
    assert_eq!(view(&server, "m-5")["variant"], "a");
}

#[test]
fn a_preview_of_a_later_time_asks_the_audiences_as_they_are_then() {
    let mut server = Data::fresh().serve_at("2026-03-01T10:00:00Z");
    for (name, rule) in [
        ("recent", "event \"Product Viewed\" within 7d"),
        (
            "lapsed",
            "event \"Product Viewed\" and not event \"Product Viewed\" within 7d",
        ),
    ] {
        let body = json!({"name": name, "definition": rule});
        let audience = server.post("/api/v1/audiences", &body).ok();
        let body = json!({"name": name, "placement": name, "audience_id": audience["id"], "variants": [{"key": name}]});
        server.post("/api/v1/experiences", &body).ok();
    }
    view(&server, "m-1");
    let shown = |decisions: &Value| {
        json!([
            decisions["recent"]["variant"],
            decisions["lapsed"]["variant"]
        ])
    };
    let preview = |at: &str| {
        let body = json!({"profile": format!("anonymous_id:{BROWSER}"), "at": at});
        shown(&server.post("/api/v1/experiences/preview", &body).ok()["decisions"])
    };
    assert_eq!(preview("2026-03-01T10:00:00Z"), json!(["recent", null]));
    assert_eq!(preview("2026-03-08T09:59:59Z"), json!(["recent", null]));
    let then = preview("2026-03-08T10:00:00Z");
    assert_eq!(then, json!([null, "lapsed"]));
    server.move_clock("2026-03-08T10:00:00Z");
    let asked = json!({"writeKey": server.keys().write_key, "anonymousId": BROWSER, "placements": ["recent", "lapsed"],
        "consent": {"categoryPreferences": {"personalization": true}}});
    let decided = server.public("/v1/decide", &asked).ok()["decisions"].clone();
    assert_eq!(shown(&decided), then);
}

#[test]
fn what_is_over_stays_over_whatever_else_is_changed() {
    let mut server = Data::fresh().serve_at("2026-03-01T10:00:00Z");
    let sale = json!({"name": "Sale", "placement": "p", "ends_at": "2026-03-01T11:00:00Z", "variants": [{"key": "a", "value": 1}]});
    server.post("/api/v1/experiences", &sale).ok();
    server.move_clock("2026-03-01T11:00:00Z");
    let other = json!({"name": "Other", "placement": "q", "variants": [{"key": "a"}]});
    server.post("/api/v1/experiences", &other).ok();
    let consent = json!({"categoryPreferences": {"personalization": true}});
    let asked = json!({"writeKey": server.keys().write_key, "anonymousId": BROWSER, "placements": ["p"], "consent": consent});
    let decision = server.public("/v1/decide", &asked).ok()["decisions"]["p"].clone();
    assert_eq!(decision["why"][0]["outcome"], "schedule", "{decision}");
    let flag = json!({"context": {"targetingKey": BROWSER, "consent": consent}});
    let key = format!("Bearer {}", server.keys().write_key);
    let flag = server.send(
        "POST",
        "/ofrep/v1/evaluate/flags/p",
        &[
            ("authorization", &key),
            ("content-type", "application/json"),
        ],
        flag.to_string().as_bytes(),
    );
    assert_eq!(flag.ok()["reason"], "DEFAULT");
    let settings = format!("/v1/settings/{}", server.keys().write_key);
    let settings = server.send("GET", &settings, &[], b"").ok();
    assert_eq!(settings["placements"], json!(["q"]), "nothing to ask for");
}
