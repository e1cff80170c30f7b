//! Placements: what may stand there is checked when something is saved, and told by its place.

use serde_json::{Value, json};

use crate::harness::{Server, track};

const BROWSER: &str = "71aceb00-5d6e-4f70-8a91-b2c3d4e5f601";

fn hero() -> Value {
    json!({"key": "home-hero", "name": "Hero", "default": {"title": "Welcome"},
        "schema": {"type": "object", "required": ["title"], "additionalProperties": false, "properties": {"title": {"type": "string"}}}})
}

fn paths(answer: &crate::harness::Answer) -> Value {
    let mistakes = answer.json()["error"]["details"]["mistakes"].clone();
    let paths = mistakes
        .as_array()
        .unwrap_or_else(|| panic!("{}", answer.text));
    paths
        .iter()
        .map(|mistake| mistake["path"].clone())
        .collect()
}

#[test]
fn what_an_experience_shows_is_checked_and_so_is_a_new_schema() {
    let server = Server::fresh();
    let made = server.post("/api/v1/placements", &hero()).ok();
    assert_eq!(made["version"], 1);
    assert_eq!(server.post("/api/v1/placements", &hero()).status, 409);

    let wrong = json!({"name": "Hero", "placement": "home-hero", "variants": [{"key": "a", "value": {"title": "Hi"}}, {"key": "b", "value": {"title": 7}}, {"key": "c"}]});
    let refused = server.post("/api/v1/experiences", &wrong);
    assert_eq!(refused.error(), (422, "invalid_definition".to_owned()));
    assert_eq!(
        paths(&refused),
        json!(["variants[1].value/title", "variants[2].value"])
    );
    let right = json!({"name": "Hero", "placement": "home-hero", "variants": [{"key": "a", "value": {"title": "Hi"}}]});
    let experience = server.post("/api/v1/experiences", &right).ok();

    let at = "/api/v1/placements/home-hero";
    let stricter = json!({"version": 1, "schema": {"properties": {"title": {"maxLength": 1}}}, "default": null});
    let refused = server.patch(at, &stricter);
    assert_eq!(paths(&refused), json!(["schema"]));
    assert!(refused.text.contains(experience["id"].as_str().unwrap()));
    let other = json!({"version": 1, "default": {"titel": "Hello"}});
    assert_eq!(
        paths(&server.patch(at, &other)),
        json!(["default", "default"])
    );
    assert_eq!(
        paths(&server.patch(at, &json!({"version": 1, "key": "x"}))),
        json!(["key"])
    );
    assert_eq!(
        paths(&server.patch(at, &json!({"name": "x"}))),
        json!(["version"])
    );
    let changed = server
        .patch(at, &json!({"version": 1, "name": "The hero"}))
        .ok();
    assert_eq!(
        (&changed["version"], &changed["default"]["title"]),
        (&json!(2), &json!("Welcome"))
    );
    assert_eq!(
        server.patch(at, &json!({"version": 1, "name": "y"})).status,
        409
    );
    assert_eq!(server.get(at).ok()["name"], "The hero");
    assert_eq!(server.all("/api/v1/placements").len(), 1);
    let typo = json!({"key": "p", "name": "P", "shcema": {}, "schema": {"type": "strong"}});
    assert_eq!(
        paths(&server.post("/api/v1/placements", &typo)),
        json!(["shcema", "schema/type"])
    );
}

#[test]
fn its_default_is_shown_while_nothing_else_is_decided() {
    let server = Server::fresh();
    server.post("/api/v1/placements", &hero()).ok();
    let body = json!({
        "writeKey": server.keys().write_key, "placements": ["home-hero"], "anonymousId": BROWSER,
        "consent": {"categoryPreferences": {"personalization": true}},
        "batch": [track("m-1", BROWSER, "Product Viewed", json!({}))]
    });
    let decision = server.public("/v1/batch", &body).ok()["decisions"]["home-hero"].clone();
    assert_eq!(decision["value"], json!({"title": "Welcome"}));
    assert_eq!(decision["variant"], Value::Null);
    assert_eq!(decision["exposure"], Value::Null);
}
