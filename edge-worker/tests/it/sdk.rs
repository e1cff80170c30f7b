//! The SDK's loader with the settings of its source and of the visitor's place. Needs the built SDK;
//! without it there is nothing to serve, and that is said too.

use cdp_core::consent::{Policy, Regime};
use edge_worker::{Request, Response};
use serde_json::{Value, json};

use crate::host::{KEY, MemoryHost, body, header, serve, with};

fn get(path: &str, query: &str) -> Request {
    Request {
        method: "GET".to_owned(),
        path: path.to_owned(),
        query: query.to_owned(),
        ..Request::default()
    }
}

fn loader(host: &MemoryHost, query: &str, place: Option<&str>) -> Response {
    let request = Request {
        jurisdiction: place.map(str::to_owned),
        ..get("/sdk/headwater.js", query)
    };
    serve(host, request)
}

/// The settings that a script begins with, and the rest of it.
fn split(response: &Response) -> Option<(Value, &str)> {
    let text = std::str::from_utf8(&response.body).unwrap();
    let rest = text.strip_prefix("(window.headwater=window.headwater||[]).edge=")?;
    let (settings, script) = rest.split_once(";\n")?;
    Some((serde_json::from_str(settings).unwrap(), script))
}

/// Opt-in everywhere but in California and Brazil.
fn host() -> MemoryHost {
    let jurisdictions = [("US-CA", Regime::OptOut), ("BR", Regime::OptOut)];
    MemoryHost {
        policy: Policy {
            jurisdictions: jurisdictions
                .map(|(place, regime)| (place.to_owned(), regime.into()))
                .into(),
            ..Policy::default()
        },
        ..MemoryHost::default()
    }
}

/// Whether this build has an SDK to serve. In continuous integration it is built first.
fn is_built() -> bool {
    serve(&MemoryHost::default(), get("/sdk/headwater.js", "")).status == 200
}

#[test]
fn the_loader_brings_the_settings_of_the_visitors_place() {
    if !is_built() {
        return;
    }
    let host = host();
    let key = format!("writeKey={KEY}");
    for (place, regime) in [
        (Some("US-CA"), "opt_out"),
        (Some("US-NY"), "opt_in"),
        (Some("BR-SP"), "opt_out"),
        (Some("DE"), "opt_in"),
        (None, "opt_in"),
    ] {
        let answer = loader(&host, &key, place);
        assert_eq!(answer.status, 200);
        assert_eq!(
            header(&answer, "cache-control"),
            Some("private, max-age=60")
        );
        let (settings, script) = split(&answer).unwrap();
        assert_eq!(settings["regime"], regime, "{place:?}");
        assert_eq!(settings["writeKey"], KEY);
        let asked = Request {
            jurisdiction: place.map(str::to_owned),
            ..get(&format!("/v1/settings/{KEY}"), "")
        };
        let mut same = body(&serve(&host, asked));
        same["writeKey"] = json!(KEY);
        assert_eq!(settings, same, "the same as the settings by themselves");
        let plain = serve(&host, get("/sdk/headwater.js", ""));
        assert_eq!(
            script.as_bytes(),
            plain.body,
            "and then the loader as it is"
        );
    }
}

#[test]
fn without_a_write_key_the_loader_is_everybodys() {
    if !is_built() {
        return;
    }
    let plain = loader(&host(), "", Some("US-CA"));
    assert!(split(&plain).is_none());
    assert_eq!(header(&plain, "cache-control"), Some("public, max-age=300"));
}

#[test]
fn a_page_gets_its_sdk_whatever_is_wrong_with_its_settings() {
    if !is_built() {
        return;
    }
    let down = MemoryHost {
        down: true,
        ..host()
    };
    for (host, key) in [
        (&down, KEY),
        (&host(), "wk_other"),
        (&host(), "%22;alert(1)//"),
    ] {
        let answer = loader(host, &format!("writeKey={key}"), Some("US-CA"));
        assert_eq!(answer.status, 200, "{key}");
        assert!(split(&answer).is_none(), "nothing is presumed");
        assert_eq!(header(&answer, "cache-control"), Some("no-store"));
        assert_eq!(
            answer.body,
            serve(host, get("/sdk/headwater.js", "")).body,
            "and nothing of the query is in it"
        );
    }
}

#[test]
fn a_browser_that_has_the_settings_of_its_place_is_told_so() {
    if !is_built() {
        return;
    }
    let host = host();
    let key = format!("writeKey={KEY}");
    let known = loader(&host, &key, Some("DE"));
    let again = |place: &str| {
        let etag = header(&known, "etag").unwrap();
        let request = Request {
            jurisdiction: Some(place.to_owned()),
            ..get("/sdk/headwater.js", &key)
        };
        serve(&host, with(request, "if-none-match", etag))
    };
    assert_eq!(again("DE").status, 304);
    assert_eq!(again("US-CA").status, 200, "another place, another script");
}
