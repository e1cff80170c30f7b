//! The edge's door opens to signed requests, once each.

use cdp_core::signature::{NONCE_HEADER, SIGNATURE_HEADER, Signed, TIMESTAMP_HEADER};
use serde_json::json;

use crate::harness::{Answer, Server};

#[expect(
    clippy::disallowed_methods,
    reason = "the test stands for an edge, which has a clock of its own"
)]
pub(crate) fn now() -> i64 {
    let since = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap();
    i64::try_from(since.as_millis()).unwrap()
}

pub(crate) struct Request<'a> {
    pub(crate) method: &'a str,
    pub(crate) path: String,
    pub(crate) timestamp: i64,
    pub(crate) nonce: &'a str,
    pub(crate) secret: String,
    pub(crate) body: String,
}

pub(crate) fn send(server: &Server, request: &Request<'_>) -> Answer {
    let Request {
        method,
        path,
        timestamp,
        nonce,
        secret,
        body,
    } = request;
    let signed = Signed {
        method,
        path,
        timestamp: *timestamp,
        nonce,
        body: body.as_bytes(),
    };
    let signature = signed.sign(secret.as_bytes());
    let headers = [
        (TIMESTAMP_HEADER, timestamp.to_string()),
        (NONCE_HEADER, (*nonce).to_owned()),
        (SIGNATURE_HEADER, signature),
    ];
    let headers: Vec<(&str, &str)> = headers
        .iter()
        .map(|(name, value)| (*name, value.as_str()))
        .collect();
    server.send(method, path, &headers, body.as_bytes())
}

fn source<'a>(server: &Server, nonce: &'a str, timestamp: i64) -> Request<'a> {
    let path = format!("/internal/v1/sources/{}", server.keys().write_key);
    Request {
        method: "GET",
        path,
        timestamp,
        nonce,
        secret: server.keys().edge_secret.clone(),
        body: String::new(),
    }
}

#[test]
fn a_signed_request_is_taken_once() {
    let server = Server::fresh();
    let request = source(&server, "00000000000000000000000000000001", now());
    let config = send(&server, &request).ok();
    assert_eq!(config["space_id"], server.keys().space_id.as_str());
    assert_eq!(
        send(&server, &request).error(),
        (401, "wrong_signature".to_owned())
    );
}

#[test]
fn a_wrong_secret_a_wrong_time_and_no_signature_are_refused() {
    let server = Server::fresh();
    let nonce = "00000000000000000000000000000002";
    let wrong_secret = Request {
        secret: "other".to_owned(),
        ..source(&server, nonce, now())
    };
    assert_eq!(
        send(&server, &wrong_secret).error(),
        (401, "wrong_signature".to_owned())
    );
    assert_eq!(
        send(&server, &source(&server, nonce, now() - 301_000))
            .error()
            .0,
        401
    );
    assert_eq!(
        send(&server, &source(&server, nonce, now() + 301_000))
            .error()
            .0,
        401
    );
    let path = format!("/internal/v1/sources/{}", server.keys().write_key);
    assert_eq!(server.send("GET", &path, &[], b"").error().0, 401);
    assert_eq!(
        send(&server, &source(&server, nonce, now())).status,
        200,
        "none of those used up the nonce"
    );
}

#[test]
fn what_was_signed_before_the_start_is_refused() {
    let server = Server::fresh();
    let request = source(&server, "00000000000000000000000000000003", now());
    assert_eq!(send(&server, &request).status, 200);
    let server = server.kill().serve();
    assert_eq!(
        send(&server, &request).error(),
        (401, "wrong_signature".to_owned())
    );
}

#[test]
fn a_batch_comes_through_the_door() {
    let server = Server::fresh();
    let config = send(
        &server,
        &source(&server, "00000000000000000000000000000004", now()),
    )
    .ok();
    let forward = json!({
        "space_id": config["space_id"], "source_id": config["source_id"], "received_at": "2026-01-01T10:00:00Z", "refused": [],
        "admitted": [{"index": 0, "event": {
            "messageId": "m-1", "type": "track", "event": "Viewed", "anonymousId": "browser-a",
            "timestamp": "2026-01-01T10:00:00Z", "receivedAt": "2026-01-01T10:00:00Z",
            "receipt": {"categoryPreferences": {"analytics": true}}
        }}],
        "snapshot_of": {"anonymous_id": "browser-a"}
    });
    let request = Request {
        method: "POST",
        path: "/internal/v1/ingest".to_owned(),
        body: forward.to_string(),
        ..source(&server, "00000000000000000000000000000005", now())
    };
    let forwarded = send(&server, &request).ok();
    assert_eq!(forwarded["outcomes"][0]["outcome"], "ok");
    assert_eq!(
        forwarded["snapshot"]["profile_id"],
        server.profile("anonymous_id:browser-a")["id"]
    );
    let query =
        json!({"space_id": config["space_id"], "of": {"anonymous_id": "browser-a"}}).to_string();
    let request = Request {
        method: "POST",
        path: "/internal/v1/snapshot".to_owned(),
        body: query,
        ..source(&server, "00000000000000000000000000000006", now())
    };
    assert_eq!(
        send(&server, &request).ok()["choices"],
        json!({"analytics": true})
    );
}
