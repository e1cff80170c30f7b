//! Keys of user tokens: made once, replaced with a time, never told again.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::Sha256;

use crate::harness::{Answer, Server, identify, track};

const BROWSER: &str = "3f2a1b4c-5d6e-4f70-8a91-b2c3d4e5f601";

/// A token of a user, signed as a customer's server would.
fn token(server: &Server, secret: &str, user_id: &str) -> String {
    #[expect(
        clippy::disallowed_methods,
        reason = "a customer's server has a clock of its own"
    )]
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    let claims = json!({"sub": user_id, "aud": server.keys().space_id, "exp": now.as_secs() + 600});
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    let signed = format!("{}.{}", part(&json!({"alg": "HS256"})), part(&claims));
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    let signature = mac.chain_update(&signed).finalize().into_bytes();
    format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature))
}

fn rotate(server: &Server, seconds: i64) -> Value {
    let body = json!({"previous_valid_seconds": seconds});
    server.post("/api/v1/user-token-keys", &body).ok()
}

fn decide(server: &Server, more: &Value) -> Answer {
    let mut asked = json!({
        "writeKey": server.keys().write_key, "placements": ["home-hero"],
        "consent": {"categoryPreferences": {"personalization": true}}
    });
    asked
        .as_object_mut()
        .unwrap()
        .extend(more.as_object().unwrap().clone());
    server.public("/v1/decide", &asked)
}

/// A server whose user u-1 is in the audience of an experience.
fn with_a_fan() -> Server {
    let server = Server::fresh();
    let rule = json!({"event": "Product Viewed", "count": {"gte": 1}});
    let audience = json!({"name": "Viewers", "definition": rule});
    let audience = server.post("/api/v1/audiences", &audience).ok();
    let experience = json!({"name": "Hero", "placement": "home-hero", "audience_id": audience["id"], "variants": [{"key": "viewed"}]});
    server.post("/api/v1/experiences", &experience).ok();
    server.batch(&[
        identify("m-1", BROWSER, "u-1", json!({})),
        track("m-2", BROWSER, "Product Viewed", json!({})),
    ]);
    server.get("/api/v1/profiles/user_id:u-1").ok();
    server
}

#[test]
fn only_who_can_sign_for_a_user_sees_what_the_user_sees() {
    let server = with_a_fan();
    let key = rotate(&server, 0);
    let secret = key["secret"].as_str().unwrap();
    let variant =
        |more: Value| decide(&server, &more).ok()["decisions"]["home-hero"]["variant"].clone();
    assert_eq!(
        variant(json!({"userToken": token(&server, secret, "u-1")})),
        "viewed"
    );
    assert_eq!(
        variant(json!({"userToken": token(&server, secret, "u-2")})),
        Value::Null
    );
    for guess in [json!({"anonymousId": "u-1"}), json!({"userId": "u-1"})] {
        assert_eq!(variant(guess), Value::Null);
    }
    let padded = format!("u-1{}", "-".repeat(40));
    assert_eq!(variant(json!({"anonymousId": padded})), Value::Null);
    let forged = token(&server, "hws_guess", "u-1");
    let refused = decide(
        &server,
        &json!({"userToken": forged, "anonymousId": BROWSER}),
    );
    assert_eq!(refused.error(), (401, "invalid_user_token".to_owned()));
}

#[test]
fn a_key_holds_for_the_time_that_its_successor_gives_it() {
    let server = with_a_fan();
    let secret = |key: &Value| key["secret"].as_str().unwrap().to_owned();
    let first = secret(&rotate(&server, 0));
    let second = secret(&rotate(&server, 3_600));
    let status = |secret: &str| {
        let token = token(&server, secret, "u-1");
        decide(&server, &json!({"userToken": token})).status
    };
    assert_eq!((status(&first), status(&second)), (200, 200));
    let third = secret(&rotate(&server, 0));
    assert_eq!(
        (status(&first), status(&second), status(&third)),
        (401, 401, 200),
        "ended at once, whatever was promised before"
    );
    for wrong in [-1, 31 * 24 * 3_600] {
        let body = json!({"previous_valid_seconds": wrong});
        let refused = server.post("/api/v1/user-token-keys", &body);
        assert_eq!(refused.error(), (422, "invalid_definition".to_owned()));
    }
}

#[test]
fn a_secret_is_told_once() {
    let server = with_a_fan();
    let first = rotate(&server, 0);
    let second = rotate(&server, 3_600);
    let listed = server.get("/api/v1/user-token-keys");
    let keys = listed.ok()["data"].clone();
    let facts = |at: usize| (keys[at]["id"].clone(), keys[at]["valid_until"].clone());
    assert_eq!(
        facts(0),
        (first["id"].clone(), second["previous_valid_until"].clone())
    );
    assert_eq!(facts(1), (second["id"].clone(), Value::Null));
    let settings = server.send(
        "GET",
        &format!("/v1/settings/{}", server.keys().write_key),
        &[],
        b"",
    );
    for text in [
        &listed.text,
        &settings.text,
        &server.get("/api/v1/sources").text,
    ] {
        assert!(!text.contains("hws_"), "{text}");
    }
}
