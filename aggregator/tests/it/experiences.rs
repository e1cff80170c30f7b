//! The reply to the event that makes a member already has the decision for members.

use serde_json::{Value, json};

use crate::harness::{Server, track};

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
fn an_experience_that_cannot_be_decided_is_refused() {
    let server = Server::fresh();
    let of_nobody = json!({"name": "Hero", "placement": "p", "audience_id": "aud_nobody", "variants": [{"key": "a"}]});
    assert_eq!(
        server.post("/api/v1/experiences", &of_nobody).error(),
        (422, "invalid_definition".to_owned())
    );
    let empty = json!({"name": "Hero", "placement": "p", "variants": []});
    assert_eq!(
        server.post("/api/v1/experiences", &empty).error(),
        (422, "invalid_definition".to_owned())
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
