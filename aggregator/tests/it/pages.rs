//! Lists, errors and the dashboard keep their manners on every path.

use serde_json::json;

use crate::harness::{Server, track};

#[test]
fn lists_go_page_by_page_and_a_foreign_cursor_is_refused() {
    let server = Server::fresh();
    let events: Vec<_> = (0..7)
        .map(|at| {
            track(
                &format!("m-{at}"),
                &format!("browser-{at}"),
                "Viewed",
                json!({}),
            )
        })
        .collect();
    server.batch(&events);
    let profiles = server.all("/api/v1/profiles?limit=3");
    let mut ids: Vec<&str> = profiles
        .iter()
        .map(|profile| profile["id"].as_str().unwrap())
        .collect();
    ids.sort_unstable();
    ids.dedup();
    assert_eq!(ids.len(), 7);
    assert_eq!(
        server.get("/api/v1/profiles?cursor=zz").error(),
        (400, "invalid_cursor".to_owned())
    );
    assert_eq!(
        server
            .get("/api/v1/profiles/anonymous_id:browser-1/events?cursor=61")
            .error(),
        (400, "invalid_cursor".to_owned())
    );
    assert_eq!(
        server.get("/api/v1/profiles?limit=0").error(),
        (400, "invalid_request".to_owned())
    );
}

#[test]
fn unknown_paths_and_methods_answer_in_the_error_envelope() {
    let server = Server::fresh();
    assert_eq!(
        server.get("/api/v1/nothing").error(),
        (404, "not_found".to_owned())
    );
    assert_eq!(
        server.get("/api/nothing").error(),
        (404, "not_found".to_owned())
    );
    assert_eq!(
        server.send("GET", "/internal/v1/nothing", &[], b"").error(),
        (404, "not_found".to_owned())
    );
    assert_eq!(
        server.post("/api/v1/profiles", &json!({})).error(),
        (405, "method_not_allowed".to_owned())
    );
    assert_eq!(
        server.get("/api/v1/profiles/nobody").error(),
        (400, "invalid_request".to_owned())
    );
    assert_eq!(
        server.get("/api/v1/profiles/prf_nobody").error(),
        (404, "not_found".to_owned())
    );
}

#[test]
fn the_dashboard_is_packed_for_browsers_that_take_it() {
    let server = Server::fresh();
    let ask = |accepted: &str, known: &str| {
        let headers = [("accept-encoding", accepted), ("if-none-match", known)];
        server.raw("GET", "/style.css", &headers, b"")
    };
    let (plain, text) = ask("identity", "");
    let (packed, bytes) = ask("br, gzip;q=0.8", "");
    assert_eq!(packed.header("content-encoding"), Some("gzip"));
    assert!(bytes.len() * 3 < text.len());
    let mut unpacked = Vec::new();
    let mut decoder = flate2::read::GzDecoder::new(bytes.as_slice());
    std::io::Read::read_to_end(&mut decoder, &mut unpacked).unwrap();
    assert_eq!(unpacked, text);
    for refuses in ["gzip;q=0", "br", "*;q=0"] {
        let (answer, _) = ask(refuses, "");
        assert_eq!(answer.header("content-encoding"), None, "{refuses}");
    }
    // Each has a tag of its own.
    let tag = packed.header("etag").unwrap();
    assert_ne!(Some(tag), plain.header("etag"));
    assert_eq!(ask("gzip", tag).0.status, 304);
    assert_eq!(ask("identity", tag).0.status, 200);
}

#[test]
fn the_dashboard_is_served_with_a_policy_that_loads_nothing_from_elsewhere() {
    let server = Server::fresh();
    let page = server.send("GET", "/", &[], b"");
    assert_eq!(page.status, 200, "{}", page.text);
    assert!(
        page.header("content-type")
            .unwrap()
            .starts_with("text/html")
    );
    let policy = page.header("content-security-policy").unwrap();
    assert!(policy.starts_with("default-src 'none';"), "{policy}");
    for directive in policy.split(';') {
        let mut sources = directive.split_whitespace().skip(1);
        let is_own = |source| matches!(source, "'none'" | "'self'" | "data:");
        assert!(sources.all(is_own), "{directive}");
    }
    assert_eq!(server.send("GET", "/missing.js", &[], b"").status, 404);
    assert_eq!(page.header("content-encoding"), None);
    assert_eq!(page.header("vary"), Some("accept-encoding"));
    let settings = server.send(
        "GET",
        &format!("/v1/settings/{}", server.keys().write_key),
        &[("origin", "https://shop.example")],
        b"",
    );
    assert_eq!(
        settings.header("access-control-allow-origin"),
        Some("https://shop.example")
    );
}
