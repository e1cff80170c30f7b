//! Paths, keys and origins.

use serde_json::json;

use crate::host::{KEY, MemoryHost, ORIGIN, batch, body, header, post, serve, track, with};

#[test]
fn every_path_of_the_tracking_api_takes_its_message() {
    let paths = [
        "track", "identify", "page", "screen", "group", "alias", "t", "i", "p", "s", "g", "a",
    ];
    let mut message = track("m1");
    message["writeKey"] = json!(KEY);
    message["userId"] = json!("u1");
    message["groupId"] = json!("g1");
    message["previousId"] = json!("old");
    for path in paths {
        let host = MemoryHost::default();
        let response = serve(&host, post(&format!("/v1/{path}"), message.to_string()));
        assert_eq!(response.status, 200, "{path}");
        assert_eq!(body(&response)["outcomes"][0]["outcome"], "ok", "{path}");
        let kind = host.forwarded.lock().unwrap()[0].admitted[0].event.kind;
        assert!(kind.as_str().starts_with(path), "{path} became {kind}");
    }
    for path in ["batch", "b", "import"] {
        let response = serve(
            &MemoryHost::default(),
            post(&format!("/v1/{path}"), batch(&[track("m1")]).to_string()),
        );
        assert_eq!(response.status, 200, "{path}");
    }
}

#[test]
fn the_write_key_is_found_wherever_clients_put_it() {
    let without = json!({"batch": [track("m1")]}).to_string();
    let basic = "Basic d2tfdGVzdDo="; // wk_test:
    let mut in_query = post("/v1/batch", without.clone());
    in_query.query = format!("writeKey={KEY}");
    for request in [
        with(post("/v1/batch", without.clone()), "authorization", basic),
        in_query,
        with(post("/v1/batch", without.clone()), "x-write-key", KEY),
    ] {
        assert_eq!(serve(&MemoryHost::default(), request).status, 200);
    }
    let none = serve(&MemoryHost::default(), post("/v1/batch", without));
    assert_eq!(
        (none.status, body(&none)["error"]["code"].as_str().unwrap()),
        (401, "no_write_key")
    );
    let unknown = serve(
        &MemoryHost::default(),
        post(
            "/v1/batch",
            json!({"writeKey": "wk_other", "batch": []}).to_string(),
        ),
    );
    assert_eq!(
        (
            unknown.status,
            body(&unknown)["error"]["code"].as_str().unwrap()
        ),
        (401, "unknown_write_key")
    );
    // For Basic, browsers would ask a page's visitors for a password.
    for refused in [none, unknown] {
        assert_eq!(header(&refused, "www-authenticate"), Some("WriteKey"));
    }
}

#[test]
fn a_page_may_read_the_answer_and_a_foreign_origin_is_refused() {
    let host = MemoryHost::default();
    let response = serve(&host, post("/v1/batch", batch(&[track("m1")]).to_string()));
    assert_eq!(
        header(&response, "access-control-allow-origin"),
        Some(ORIGIN)
    );
    assert_eq!(
        header(&response, "access-control-allow-credentials"),
        Some("true")
    );

    let foreign = serve(
        &host,
        with(
            post("/v1/batch", batch(&[track("m1")]).to_string()),
            "origin",
            "https://evil.example",
        ),
    );
    assert_eq!(foreign.status, 403);
    assert!(
        body(&foreign)["error"]["message"]
            .as_str()
            .unwrap()
            .contains("https://evil.example")
    );
    assert_eq!(host.forwarded.lock().unwrap().len(), 1);

    let mut preflight = with(
        post("/v1/batch", ""),
        "access-control-request-headers",
        "authorization,content-type",
    );
    preflight.method = "OPTIONS".to_owned();
    let answer = serve(&host, preflight);
    assert_eq!(
        (
            answer.status,
            header(&answer, "access-control-allow-headers")
        ),
        (204, Some("authorization,content-type"))
    );
}

#[test]
fn what_cannot_be_stored_now_is_asked_for_again() {
    let host = MemoryHost {
        down: true,
        ..MemoryHost::default()
    };
    let response = serve(&host, post("/v1/batch", batch(&[track("m1")]).to_string()));
    assert_eq!(
        (response.status, header(&response, "retry-after")),
        (503, Some("7"))
    );
}

#[test]
fn other_paths_and_methods_say_so() {
    assert_eq!(
        serve(&MemoryHost::default(), post("/v1/nothing", "")).status,
        404
    );
    let mut get = post("/v1/batch", "");
    get.method = "GET".to_owned();
    assert_eq!(serve(&MemoryHost::default(), get).status, 405);
}

#[test]
fn an_unknown_purpose_is_an_error_of_the_event_alone() {
    let mut typo = track("typo");
    typo["context"]["consent"]["categoryPreferences"] = json!({"analitics": true});
    let response = serve(
        &MemoryHost::default(),
        post("/v1/batch", batch(&[typo, track("m2")]).to_string()),
    );
    let outcomes = &body(&response)["outcomes"];
    assert_eq!(
        (&outcomes[0]["outcome"], &outcomes[1]["outcome"]),
        (&json!("quarantined"), &json!("ok"))
    );
    assert!(
        outcomes[0]["reason"]
            .as_str()
            .unwrap()
            .contains("unknown consent purpose \"analitics\"")
    );
}

#[test]
fn what_is_refused_is_passed_on_with_the_place_from_which_it_came() {
    let host = MemoryHost::default();
    let wave = serde_json::json!({"type": "wave", "messageId": "m1"});
    let mut denied = track("m2");
    denied["context"]["consent"]["categoryPreferences"]["analytics"] = false.into();
    let mut unread = track("m3");
    unread["context"]["consent"]["categoryPreferences"]["analitics"] = true.into();
    let mut request = with(
        post("/v1/batch", batch(&[wave, denied, unread]).to_string()),
        "sec-gpc",
        "1",
    );
    request.jurisdiction = Some("US-CA".to_owned());
    assert_eq!(serve(&host, request).status, 200);
    let forwarded = host.forwarded.lock().unwrap();
    let came: Vec<_> = forwarded[0]
        .refused
        .iter()
        .map(|refused| (refused.index, refused.jurisdiction.as_deref(), refused.gpc))
        .collect();
    assert_eq!(
        came,
        [
            (0, Some("US-CA"), true),
            (1, None, false),
            (2, Some("US-CA"), true)
        ],
        "of what is denied nothing is kept"
    );
}
