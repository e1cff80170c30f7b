//! What clients of Segment and RudderStack ask for, and where they put their write key.

use edge_worker::{Request, is_public_path};
use serde_json::{Value, json};

use crate::host::{
    BROWSER, KEY, MemoryHost, ORIGIN, batch, body, header, kept, post, serve, track, with,
};

fn get(path: &str) -> Request {
    let mut request = with(post(path, ""), "host", "events.example:8443");
    request.method = "GET".to_owned();
    request
}

#[test]
fn segments_settings_send_every_event_to_the_host_that_was_asked() {
    let path = format!("/v1/projects/{KEY}/settings");
    assert!(is_public_path(&path));
    let answer = serve(&MemoryHost::default(), get(&path));
    assert_eq!(answer.status, 200);
    assert_eq!(header(&answer, "access-control-allow-origin"), Some(ORIGIN));
    assert!(
        header(&answer, "cache-control")
            .unwrap()
            .contains("private"),
        "what depends on the host is not for shared caches"
    );
    let settings = body(&answer);
    assert_eq!(
        settings["integrations"],
        json!({"Segment.io": {"apiKey": KEY, "apiHost": "events.example:8443/v1", "protocol": "http"}})
    );
    assert_eq!(settings["metrics"]["sampleRate"], 0);
    assert_eq!(
        settings["consentSettings"],
        json!({"allCategories": ["analytics"], "hasUnmappedDestinations": false}),
        "a browser's source says what the events need"
    );
    assert_eq!(settings["plan"]["track"]["__default"]["enabled"], true);

    let mut secure = get(&path);
    secure.secure = true;
    let settings = body(&serve(&MemoryHost::default(), secure));
    assert_eq!(settings["integrations"]["Segment.io"]["protocol"], "https");
}

#[test]
fn settings_are_given_for_a_known_key_and_origin_alone() {
    let unknown = serve(
        &MemoryHost::default(),
        get("/v1/projects/wk_other/settings"),
    );
    assert_eq!(unknown.status, 401);
    let foreign = with(
        get(&format!("/v1/projects/{KEY}/settings")),
        "origin",
        "https://evil.example",
    );
    assert_eq!(serve(&MemoryHost::default(), foreign).status, 403);
    let mut nowhere = get(&format!("/v1/projects/{KEY}/settings"));
    nowhere.headers.retain(|(name, _)| name != "host");
    assert_eq!(serve(&MemoryHost::default(), nowhere).status, 400);
    for path in [
        "/v1/projects/settings",
        "/v1/projects/a/b/settings",
        "/v1/projects//settings",
    ] {
        assert_eq!(
            serve(&MemoryHost::default(), get(path)).status,
            404,
            "{path}"
        );
    }
}

#[test]
fn rudderstack_finds_its_source() {
    assert!(is_public_path("/sourceConfig/"));
    let mut in_query = get("/sourceConfig/");
    in_query.query = format!("p=npm&v=3.34.1&writeKey={KEY}&lockIntegrationsVersion=true");
    let in_header = with(get("/sourceConfig"), "authorization", "Basic d2tfdGVzdDo=");
    for request in [in_query, in_header] {
        let answer = serve(&MemoryHost::default(), request);
        assert_eq!(answer.status, 200);
        let source = &body(&answer)["source"];
        assert_eq!(
            (
                &source["writeKey"],
                &source["enabled"],
                &source["destinations"]
            ),
            (&json!(KEY), &json!(true), &json!([]))
        );
        assert_eq!(
            source["config"]["statsCollection"]["errors"]["enabled"], false,
            "no reports to anybody else"
        );
    }
    assert_eq!(
        serve(&MemoryHost::default(), get("/sourceConfig")).status,
        401
    );

    let mut preflight = with(
        get("/sourceConfig"),
        "access-control-request-headers",
        "authorization",
    );
    preflight.method = "OPTIONS".to_owned();
    assert_eq!(
        header(
            &serve(&MemoryHost::default(), preflight),
            "access-control-allow-headers"
        ),
        Some("authorization")
    );
}

#[test]
fn rudderstacks_beacon_is_a_batch_with_the_key_in_the_query() {
    assert!(is_public_path("/beacon/v1/batch"));
    let mut beacon = post(
        "/beacon/v1/batch",
        json!({"batch": [track("m1")]}).to_string(),
    );
    beacon.query = format!("writeKey={KEY}");
    let answer = serve(&MemoryHost::default(), beacon);
    assert_eq!(body(&answer)["outcomes"][0]["outcome"], "ok");
}

#[test]
fn what_a_client_measures_about_itself_is_taken_and_dropped() {
    let host = MemoryHost::default();
    let metrics = json!({"series": [{"type": "Counter", "metric": "analytics_js.invoke", "value": 1, "tags": {}}]});
    assert_eq!(serve(&host, post("/v1/m", metrics.to_string())).status, 200);
    assert!(host.forwarded.lock().unwrap().is_empty());
}

#[test]
fn a_host_that_was_configured_with_a_slash_works() {
    for path in ["/v1/batch/", "//v1/batch", "/v1//b//", "//v1/import/"] {
        assert!(is_public_path(path), "{path}");
        let response = serve(
            &MemoryHost::default(),
            post(path, batch(&[track("m1")]).to_string()),
        );
        assert_eq!(response.status, 200, "{path}");
    }
    for path in [
        "/",
        "//",
        "",
        "/v1",
        "/beacon",
        "/api/v1/profiles",
        "/internal/v1/ingest",
    ] {
        assert!(!is_public_path(path), "{path}");
        assert_eq!(
            serve(&MemoryHost::default(), post(path, "{}")).status,
            404,
            "{path}"
        );
    }
}

/// The answer's status, with these headers and this query.
fn status(mut body: Value, headers: &[(&str, &str)], query: &str) -> u16 {
    body["batch"] = json!([track("m1")]);
    let mut request = post("/v1/batch", body.to_string());
    for (name, value) in headers {
        request = with(request, name, value);
    }
    request.query = query.to_owned();
    serve(&MemoryHost::default(), request).status
}

#[test]
fn the_write_key_is_found_in_every_spelling() {
    let basic = "d2tfdGVzdDo="; // wk_test:
    let other = "Basic d2tfb3RoZXI6"; // wk_other:
    for scheme in ["Basic", "basic", "BASIC", " Basic "] {
        let authorization = format!("{scheme} {basic}");
        assert_eq!(
            status(json!({}), &[("authorization", &authorization)], ""),
            200,
            "{scheme}"
        );
    }
    for spelling in [
        "Basic d2tfdGVzdDo",
        "Basic d2tfdGVzdA==",
        "Basic d2tfdGVzdA",
        "Basic d2tfdGVzdDr//w",
    ] {
        // Without padding, without the colon, with a password that is no text.
        assert_eq!(
            status(json!({}), &[("authorization", spelling)], ""),
            200,
            "{spelling}"
        );
    }
    assert_eq!(
        status(json!({}), &[], "a=b&writeKey=wk%5Ftest"),
        200,
        "percent-encoded"
    );
    assert_eq!(status(json!({"api_key": KEY}), &[], ""), 200);
    assert_eq!(status(json!({"token": KEY}), &[], ""), 200);
    // The body's own name for it comes first, the names that others use come last.
    assert_eq!(
        status(json!({"writeKey": KEY}), &[("authorization", other)], ""),
        200
    );
    assert_eq!(
        status(json!({"token": "wk_other"}), &[("x-write-key", KEY)], ""),
        200
    );
    // What is no key is not taken for one.
    for (body, headers, query) in [
        (
            json!({"writeKey": 7, "api_key": null, "token": {}}),
            vec![],
            "",
        ),
        (json!({}), vec![("authorization", "Bearer wk_test")], ""),
        (json!({}), vec![("authorization", "Basic")], ""),
        (json!({}), vec![("authorization", "Basic Og==")], ""),
        (json!({}), vec![("authorization", "Basic ???")], ""),
        (json!({}), vec![], "writeKey="),
    ] {
        assert_eq!(
            status(body.clone(), &headers, query),
            401,
            "{body} {headers:?} {query}"
        );
    }
}

#[test]
fn a_field_of_an_event_is_no_key() {
    let host = MemoryHost::default();
    let mut message = track("m1");
    message["token"] = json!("what the page calls a token");
    let request = with(
        post("/v1/track", message.to_string()),
        "authorization",
        "Basic d2tfdGVzdDo=",
    );
    assert_eq!(serve(&host, request).status, 200);
    let event = &host.forwarded.lock().unwrap()[0].admitted[0].event;
    assert_eq!(event.extra["token"], "what the page calls a token");
    assert_eq!(event.anonymous_id.as_deref(), Some(BROWSER));
}

#[test]
fn a_refusal_has_its_code_where_python_clients_look_for_it() {
    let refused = serve(&MemoryHost::default(), post("/v1/batch", "{"));
    let body = body(&refused);
    assert_eq!(body["code"], body["error"]["code"]);
    assert_eq!(body["message"], body["error"]["message"]);
    assert_eq!(body["code"], "bad_body");
}

#[test]
fn what_is_set_aside_keeps_what_its_batch_said_for_it() {
    let host = MemoryHost::default();
    let mut said =
        batch(&[json!({"type": "shout", "messageId": "m1", "context": {"locale": "de"}})]);
    said["context"] =
        json!({"consent": {"categoryPreferences": {"analytics": true}}, "locale": "fr"});
    said["integrations"] = json!({"Mailer": false});
    said["sentAt"] = json!("2026-07-30T10:00:00Z");
    serve(&host, post("/v1/batch", said.to_string()));
    assert_eq!(
        kept(&host),
        json!({
            "type": "shout", "messageId": "m1", "integrations": {"Mailer": false}, "sentAt": "2026-07-30T10:00:00.000Z",
            "context": {"locale": "de", "consent": {"categoryPreferences": {"analytics": true}}},
        }),
        "it can be tried again without the batch"
    );
}
