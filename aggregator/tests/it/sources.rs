//! Sources are made and changed through the API, and what they say holds from the next request on.

use serde_json::{Value, json};

use crate::harness::{Server, track};

fn send_from(server: &Server, write_key: &str, origin: &str, id: &str) -> (u16, String) {
    let body =
        json!({"writeKey": write_key, "batch": [track(id, "browser-a", "Viewed", json!({}))]});
    let answer = server.send(
        "POST",
        "/v1/batch",
        &[("origin", origin)],
        body.to_string().as_bytes(),
    );
    let body: Value = answer.json();
    let code = body["error"]["code"].as_str().unwrap_or_default();
    (answer.status, code.to_owned())
}

#[test]
fn a_source_is_made_read_and_changed() {
    let server = Server::fresh();
    let wanted = json!({"name": "Shop", "kind": "website", "allowed_origins": ["https://*.example.org"], "collection": {"bots": "drop"}});
    let answer = server.post("/api/v1/sources", &wanted);
    assert_eq!(answer.status, 201, "{}", answer.text);
    let made = answer.json();
    let collection = json!({
        "bots": "drop", "ip": "truncate",
        "rate_limits": {"write_key": {"events_per_second": 0, "burst": 0}, "address": {"events_per_second": 1000, "burst": 10_000}}
    });
    assert_eq!(made["collection"], collection);
    assert_eq!(made["consent_basis"], json!({"kind": "every_event"}));
    let path = format!("/api/v1/sources/{}", made["id"].as_str().unwrap());
    assert_eq!(server.get(&path).ok(), made);
    assert!(server.all("/api/v1/sources?limit=1").contains(&made));

    let key = made["write_key"].as_str().unwrap();
    assert_eq!(
        send_from(&server, key, "https://a.example.org", "m-1").0,
        200
    );
    assert_eq!(
        send_from(&server, key, "https://example.org", "m-2"),
        (403, "origin_not_allowed".to_owned())
    );
    let changed = server
        .patch(&path, &json!({"allowed_origins": ["https://example.org"], "collection": {"rate_limits": {"address": {"burst": 7}}}}))
        .ok();
    assert_eq!(changed["name"], "Shop", "what is absent stays");
    assert_eq!(changed["collection"]["bots"], "drop");
    assert_eq!(
        changed["collection"]["rate_limits"]["address"],
        json!({"events_per_second": 1000, "burst": 7})
    );
    assert_eq!(server.get(&path).ok(), changed);
    assert_eq!(send_from(&server, key, "https://example.org", "m-3").0, 200);
    assert_eq!(
        send_from(&server, key, "https://a.example.org", "m-4").0,
        403
    );

    server.patch(&path, &json!({"enabled": false})).ok();
    assert_eq!(
        send_from(&server, key, "https://example.org", "m-5"),
        (403, "source_disabled".to_owned())
    );
    server.patch(&path, &json!({"enabled": true})).ok();
    let rotated = server.post(&format!("{path}/rotate"), &json!({})).ok();
    let new_key = rotated["write_key"].as_str().unwrap();
    assert_ne!(new_key, key);
    assert_eq!(
        send_from(&server, key, "https://example.org", "m-6"),
        (401, "unknown_write_key".to_owned())
    );
    assert_eq!(
        send_from(&server, new_key, "https://example.org", "m-7").0,
        200
    );

    // It is all there after a restart.
    let server = server.stop().serve();
    assert_eq!(server.get(&path).ok(), rotated);
    assert_eq!(
        send_from(&server, new_key, "https://example.org", "m-8").0,
        200
    );
}

#[test]
fn a_server_source_declares_its_basis_and_has_no_limit_per_address() {
    let server = Server::fresh();
    let silent = json!({"name": "Backend", "kind": "server"});
    let refused = server.post("/api/v1/sources", &silent);
    assert_eq!(refused.error(), (422, "invalid_definition".to_owned()));
    assert!(refused.text.contains("consent_basis"), "{}", refused.text);
    let declared = json!({"name": "Backend", "kind": "server", "consent_basis": {"kind": "declared", "basis": "contract"}});
    let made = server.post("/api/v1/sources", &declared).ok();
    assert_eq!(
        made["collection"]["rate_limits"]["address"]["events_per_second"],
        0
    );
}

#[test]
fn a_mistake_is_refused_as_a_whole_and_named() {
    let server = Server::fresh();
    let path = server.website();
    let before = server.get(&path).ok();
    for (change, named) in [
        (
            json!({"allowed_origins": ["https://good.example", "shop.example", "https://*"]}),
            "shop.example",
        ),
        (
            json!({"name": "New", "collection": {"bot": "drop"}}),
            "collection.bot",
        ),
        (json!({"name": "New", "collection": {"bots": "ban"}}), "ban"),
        (
            json!({"name": "New", "collection": {"ip": null}}),
            "collection",
        ),
        (
            json!({"collection": {"rate_limits": {"address": {"events_per_second": 5, "burst": 0}}}}),
            "burst",
        ),
        (
            json!({"collection": {"rate_limits": {"write_key": {"events_per_second": -1}}}}),
            "-1",
        ),
        (json!({"name": "  "}), "name"),
        (json!({"writekey": "wk_mine"}), "writekey"),
    ] {
        let answer = server.patch(&path, &change);
        assert!(
            matches!(answer.error().0, 400 | 422),
            "{change}: {}",
            answer.text
        );
        assert!(answer.text.contains(named), "{change}: {}", answer.text);
        assert_eq!(server.get(&path).ok(), before, "{change}");
    }
    let both = server.patch(
        &path,
        &json!({"allowed_origins": ["shop.example", "https://*"]}),
    );
    assert_eq!(
        both.json()["error"]["details"]["allowed_origins"]
            .as_array()
            .map(Vec::len),
        Some(2)
    );
    let kind = json!({"name": "X", "kind": "toaster"});
    assert!(
        server
            .post("/api/v1/sources", &kind)
            .text
            .contains("website")
    );
    assert_eq!(
        server
            .patch("/api/v1/sources/src_other", &json!({}))
            .error()
            .0,
        404
    );
    let stranger = Server::fresh();
    assert_eq!(stranger.get(&path).error().0, 404, "another space's");
}
