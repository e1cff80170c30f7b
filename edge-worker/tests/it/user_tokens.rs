//! User tokens: who is named by a right one is answered, a wrong one is an error that says how, and
//! never the answer of somebody else.

use base64::Engine as _;
use base64::engine::general_purpose::{URL_SAFE, URL_SAFE_NO_PAD};
use cdp_core::forward::Subject;
use cdp_core::source::UserTokenKey;
use cdp_core::time::{Span, Timestamp};
use edge_worker::{Request, Response};
use hmac::{Hmac, KeyInit as _, Mac as _};
use serde_json::{Value, json};
use sha2::{Sha256, Sha512};

use crate::host::{BROWSER, KEY, MemoryHost, batch, body, post, serve, track, with};

const SECRET: &str = "hws_0123456789abcdef0123456789abcdef0123456789abcdef";
const OLD: &str = "hws_fedcba9876543210fedcba9876543210fedcba9876543210";
/// What the host's clock says, in seconds.
const NOW: i64 = 1_769_853_600;

fn host() -> MemoryHost {
    let key = |secret: &str, valid_until| UserTokenKey {
        secret: secret.to_owned(),
        valid_until,
    };
    let ended = Timestamp::from_millis(NOW * 1_000).plus(Span::from_seconds(-1));
    let ends = Timestamp::from_millis(NOW * 1_000).plus(Span::from_seconds(1));
    MemoryHost {
        user_token_keys: vec![
            key(SECRET, None),
            key(OLD, Some(ends)),
            key("ended", Some(ended)),
            key("", None),
        ],
        ..MemoryHost::default()
    }
}

fn claims() -> Value {
    json!({"sub": "u-1", "exp": NOW + 600, "aud": "spc_1"})
}

fn hs256(secret: &str, signed: &str) -> Vec<u8> {
    let mac = Hmac::<Sha256>::new_from_slice(secret.as_bytes()).unwrap();
    mac.chain_update(signed).finalize().into_bytes().to_vec()
}

fn unsigned(header: &Value, claims: &Value) -> String {
    let part = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", part(header), part(claims))
}

fn token(header: &Value, claims: &Value, secret: &str) -> String {
    let signed = unsigned(header, claims);
    let signature = URL_SAFE_NO_PAD.encode(hs256(secret, &signed));
    format!("{signed}.{signature}")
}

fn good() -> String {
    token(&json!({"alg": "HS256", "typ": "JWT"}), &claims(), SECRET)
}

/// A question for decisions that also has a browser's id, which must not count beside a token.
fn asked(token: &str) -> Request {
    let body = json!({
        "writeKey": KEY, "placements": ["home-hero"], "anonymousId": BROWSER, "userToken": token,
        "consent": {"categoryPreferences": {"personalization": true}}
    });
    post("/v1/decide", body.to_string())
}

fn flag(token: Option<&str>) -> Request {
    let context = json!({"targetingKey": BROWSER, "userToken": token, "consent": {"categoryPreferences": {"personalization": true}}});
    let request = post(
        "/ofrep/v1/evaluate/flags/home-hero",
        json!({"context": context}).to_string(),
    );
    with(request, "x-api-key", KEY)
}

fn who(host: &MemoryHost) -> Vec<Subject> {
    std::mem::take(&mut *host.asked.lock().unwrap())
}

#[test]
fn a_token_names_the_user_wherever_it_stands() {
    let host = host();
    let in_header = |request| with(request, "x-user-token", &good());
    let bare = json!({"writeKey": KEY, "placements": ["home-hero"], "anonymousId": BROWSER, "consent": {"categoryPreferences": {"personalization": true}}});
    for request in [
        asked(&good()),
        in_header(post("/v1/decide", bare.to_string())),
        flag(Some(&good())),
        in_header(flag(None)),
    ] {
        let response = serve(&host, request);
        assert_eq!(response.status, 200, "{}", body(&response));
        assert_eq!(who(&host), [Subject::UserId("u-1".to_owned())]);
    }
}

#[test]
fn the_key_before_holds_until_its_time() {
    let header = json!({"alg": "HS256"});
    assert_eq!(
        serve(&host(), asked(&token(&header, &claims(), OLD))).status,
        200
    );
    let several = json!({"sub": "u-1", "exp": NOW + 600, "aud": ["spc_0", "spc_1"], "iat": NOW});
    assert_eq!(
        serve(&host(), asked(&token(&header, &several, SECRET))).status,
        200
    );
}

#[test]
fn a_wrong_token_is_an_error_that_says_how() {
    let header = json!({"alg": "HS256", "typ": "JWT"});
    let with_claim = |name: &str, value: Value| {
        let mut claims = claims();
        claims[name] = value;
        token(&header, &claims, SECRET)
    };
    let without = |name: &str| {
        let mut claims = claims();
        claims.as_object_mut().unwrap().remove(name);
        token(&header, &claims, SECRET)
    };
    let good = good();
    let (signed, signature) = good.rsplit_once('.').unwrap();
    let none = unsigned(&json!({"alg": "none"}), &claims());
    let signed_512 = unsigned(&json!({"alg": "HS512"}), &claims());
    let hs512 = Hmac::<Sha512>::new_from_slice(SECRET.as_bytes()).unwrap();
    let hs512 = URL_SAFE_NO_PAD.encode(hs512.chain_update(&signed_512).finalize().into_bytes());
    let forged = unsigned(
        &header,
        &json!({"sub": "u-2", "exp": NOW + 600, "aud": "spc_1"}),
    );
    let padded = URL_SAFE.encode(hs256(SECRET, signed));
    let twice = URL_SAFE_NO_PAD.encode(format!(
        "{{\"sub\":\"u-1\",\"sub\":\"u-2\",\"exp\":{},\"aud\":\"spc_1\"}}",
        NOW + 600
    ));
    let twice = format!("{}.{twice}", URL_SAFE_NO_PAD.encode("{\"alg\":\"HS256\"}"));
    let twice = format!("{twice}.{}", URL_SAFE_NO_PAD.encode(hs256(SECRET, &twice)));
    let cases = [
        (String::new(), "no JSON Web Token"),
        ("u-1".to_owned(), "no JSON Web Token"),
        (format!("{good}.x"), "no JSON Web Token"),
        (format!("{signed}.{padded}"), "no JSON Web Token"),
        ("x".repeat(5_000), "longer than 4096"),
        (none + ".", "HS256"),
        (token(&json!({"alg": "none"}), &claims(), SECRET), "HS256"),
        (token(&json!({"alg": "hs256"}), &claims(), SECRET), "HS256"),
        (format!("{signed_512}.{hs512}"), "HS256"),
        (
            token(&json!({"alg": "HS256", "crit": ["exp"]}), &claims(), SECRET),
            "crit",
        ),
        (format!("{signed}."), "not signed with a key"),
        (format!("{forged}.{signature}"), "not signed with a key"),
        (
            token(&header, &claims(), "another secret"),
            "not signed with a key",
        ),
        (token(&header, &claims(), ""), "not signed with a key"),
        (token(&header, &claims(), KEY), "not signed with a key"),
        (token(&header, &claims(), "ended"), "another has replaced"),
        (with_claim("exp", json!(NOW - 61)), "expired 61 seconds ago"),
        (with_claim("exp", json!(NOW + 90_000)), "for too long"),
        (
            with_claim("exp", json!((NOW + 600) * 1_000)),
            "for too long",
        ),
        (
            with_claim("exp", json!("soon")),
            "does not say what it has to",
        ),
        (without("exp"), "does not say what it has to"),
        (without("sub"), "does not say what it has to"),
        (without("aud"), "does not say what it has to"),
        (twice, "does not say what it has to"),
        (with_claim("sub", json!("")), "names nobody"),
        (with_claim("aud", json!("spc_2")), "another space"),
        (with_claim("aud", json!([])), "another space"),
        (with_claim("nbf", json!(NOW + 61)), "not valid yet"),
    ];
    let host = host();
    for (token, how) in cases {
        let decide = serve(&host, asked(&token));
        assert_eq!(decide.status, 401, "{token}");
        let error = &body(&decide)["error"];
        assert_eq!(error["code"], "invalid_user_token");
        let says = |text: &Value| text.as_str().unwrap().contains(how);
        assert!(says(&error["message"]), "{token}: {error}");
        let ofrep = serve(&host, flag(Some(&token)));
        assert_eq!(ofrep.status, 401, "{token}");
        assert!(says(&body(&ofrep)["errorDetails"]));
        assert_eq!(who(&host), [], "nobody is looked up");
    }
}

#[test]
fn without_a_key_no_token_is_right() {
    let response = serve(&MemoryHost::default(), asked(&good()));
    assert_eq!(response.status, 401);
    assert!(
        body(&response)
            .to_string()
            .contains("/api/v1/user-token-keys")
    );
}

#[test]
fn a_batch_is_taken_whatever_its_token_is_and_a_wrong_one_decides_nothing() {
    let send = |host: &MemoryHost, token: &str| -> Response {
        let mut asked = batch(&[track("m1")]);
        asked["placements"] = json!(["home-hero"]);
        asked["anonymousId"] = json!(BROWSER);
        asked["userToken"] = json!(token);
        asked["consent"] = json!({"categoryPreferences": {"personalization": true}});
        serve(host, post("/v1/batch", asked.to_string()))
    };
    let host = host();
    let right = body(&send(&host, &good()));
    assert_eq!(right["decisions"]["home-hero"]["variant"], "sneakers");
    let wrong = body(&send(&host, "u-1"));
    assert_eq!(wrong["outcomes"][0]["outcome"], "ok");
    assert_eq!(wrong["decisions"]["home-hero"]["variant"], Value::Null);
    let reason = wrong["decisions"]["home-hero"]["reasons"][0]
        .as_str()
        .unwrap();
    assert!(reason.contains("user token"), "{reason}");
    let forwarded = host.forwarded.lock().unwrap();
    let wanted: Vec<_> = forwarded
        .iter()
        .map(|batch| batch.snapshot_of.clone())
        .collect();
    assert_eq!(wanted, [Some(Subject::UserId("u-1".to_owned())), None]);
}

#[test]
fn browsers_are_not_told_the_keys() {
    let mut request = post(&format!("/v1/settings/{KEY}"), "");
    request.method = "GET".to_owned();
    let response = serve(&host(), request);
    assert_eq!(response.status, 200);
    assert!(!String::from_utf8_lossy(&response.body).contains("hws_"));
}
