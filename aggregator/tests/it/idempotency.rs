//! The same write sent twice happens once.

use serde_json::json;

use crate::harness::{Answer, Server};

fn post(server: &Server, key: &str, body: &serde_json::Value) -> Answer {
    let token = format!("Bearer {}", server.keys().token);
    server.send(
        "POST",
        "/api/v1/audiences",
        &[("authorization", &token), ("idempotency-key", key)],
        body.to_string().as_bytes(),
    )
}

#[test]
fn a_repeated_key_gives_the_first_answer_and_another_body_is_refused() {
    let server = Server::fresh();
    let body = json!({"name": "Pro", "definition": {"trait": "plan", "is": {"eq": "pro"}}});
    let first = post(&server, "key-1", &body);
    let again = post(&server, "key-1", &body);
    assert_eq!((again.status, again.json()), (201, first.ok()));
    assert_eq!(again.header("idempotency-replayed"), Some("true"));
    let other = json!({"name": "Other", "definition": {"trait": "plan", "is": {"eq": "pro"}}});
    assert_eq!(
        post(&server, "key-1", &other).error(),
        (409, "idempotency_conflict".to_owned())
    );
    assert_eq!(server.all("/api/v1/audiences").len(), 1);
    assert_eq!(
        post(&server, "key-2", &json!({"name": "", "definition": {}}))
            .error()
            .0,
        422
    );
    assert_eq!(
        post(&server, "key-2", &body).status,
        201,
        "a refusal does not use up its key"
    );
}
