//! OFREP: experiences as the flags of OpenFeature.

use cdp_core::consent::Choices;
use cdp_core::rate::Rate;
use cdp_core::source::ConsentBasis;
use edge_worker::{Request, Response};
use serde_json::{Value, json};

use crate::host::{BROWSER, KEY, MemoryHost, ORIGIN, body, experience, header, post, serve, with};

const BULK: &str = "/ofrep/v1/evaluate/flags";
const HERO: &str = "/ofrep/v1/evaluate/flags/home-hero";

fn question(path: &str, asked: &Value) -> Request {
    let request = post(path, asked.to_string());
    with(request, "authorization", &format!("Bearer {KEY}"))
}

fn agreed() -> Value {
    json!({"context": {"targetingKey": BROWSER, "consent": {"categoryPreferences": {"personalization": true}}}})
}

fn ask(host: &MemoryHost, path: &str, asked: &Value) -> Response {
    serve(host, question(path, asked))
}

/// A host whose experiences show every way to decide.
fn many() -> MemoryHost {
    let everybody = experience(
        json!({"id": "exp_2", "name": "Season", "placement": "banner", "variants": [{"key": "winter", "value": "Winter"}]}),
    );
    let halves = json!([{"key": "a", "value": 1}, {"key": "b", "value": 1}]);
    let split = experience(
        json!({"id": "exp_3", "name": "Halves", "placement": "a b/c", "variants": halves}),
    );
    let off = experience(
        json!({"id": "exp_4", "name": "Off", "placement": "off", "enabled": false, "variants": []}),
    );
    let strangers = experience(
        json!({"id": "exp_5", "name": "Others", "placement": "others", "audience_id": "aud_2", "variants": [{"key": "x", "value": true}]}),
    );
    let empty = experience(
        json!({"id": "exp_6", "name": "Empty", "placement": "null", "variants": [{"key": "none"}]}),
    );
    let mut host = MemoryHost::default();
    host.experiences
        .extend([everybody, split, off, strangers, empty]);
    host
}

#[test]
fn a_flag_is_a_placement() {
    let response = ask(&MemoryHost::default(), HERO, &agreed());
    assert_eq!(response.status, 200);
    assert_eq!(
        body(&response),
        json!({
            "key": "home-hero", "reason": "TARGETING_MATCH", "variant": "sneakers", "value": {"title": "Fresh"},
            "metadata": {"experience": "exp_1", "variant": "sneakers", "placement": "home-hero", "holdout": false, "why": "in audience \"Sneaker fans\" (aud_1)"}
        })
    );
}

#[test]
fn a_bulk_has_every_placement_and_says_how_each_was_decided() {
    let answer = body(&ask(&many(), BULK, &agreed()));
    let flags = answer["flags"].as_array().unwrap();
    let reasons: Vec<_> = flags
        .iter()
        .map(|flag| {
            (
                flag["key"].as_str().unwrap(),
                flag["reason"].as_str().unwrap(),
                flag.get("value").is_some(),
            )
        })
        .collect();
    assert_eq!(
        reasons,
        [
            ("a b/c", "SPLIT", true),
            ("banner", "STATIC", true),
            ("home-hero", "TARGETING_MATCH", true),
            ("null", "STATIC", false),
            ("off", "DISABLED", false),
            ("others", "DEFAULT", false),
        ]
    );
    let one = body(&ask(&many(), "/ofrep/v1/evaluate/flags/a%20b/c", &agreed()));
    assert_eq!(Some(&one), flags.first());
}

#[test]
fn a_key_that_no_placement_has_is_not_found() {
    let response = ask(
        &MemoryHost::default(),
        &format!("{BULK}/nowhere"),
        &agreed(),
    );
    assert_eq!(response.status, 404);
    let answer = body(&response);
    assert_eq!(
        (&answer["key"], &answer["errorCode"]),
        (&json!("nowhere"), &json!("FLAG_NOT_FOUND"))
    );
}

#[test]
fn the_entity_tag_is_the_same_for_the_same_answer_and_another_for_another() {
    let host = many();
    let first = ask(&host, BULK, &agreed());
    let etag = header(&first, "etag").unwrap();
    assert_eq!(header(&ask(&host, BULK, &agreed()), "etag"), Some(etag));
    for known in [etag.to_owned(), format!("\"other\", W/{etag}")] {
        let again = serve(
            &host,
            with(question(BULK, &agreed()), "if-none-match", &known),
        );
        assert_eq!(
            (again.status, again.body.len(), header(&again, "etag")),
            (304, 0, Some(etag))
        );
        assert_eq!(
            header(&again, "access-control-expose-headers"),
            Some("etag, retry-after")
        );
    }
    let mut changed = many();
    changed.experiences.pop();
    let other = serve(
        &changed,
        with(question(BULK, &agreed()), "if-none-match", etag),
    );
    assert_eq!(other.status, 200);
    assert_ne!(header(&other, "etag"), Some(etag));
    let silent = json!({"context": {"targetingKey": BROWSER}});
    let refused = serve(&host, with(question(BULK, &silent), "if-none-match", etag));
    assert_eq!(
        refused.status, 200,
        "nothing is kept of what consent no longer allows"
    );
}

#[test]
fn without_consent_the_programs_default_holds_and_why() {
    let withdrawn = MemoryHost {
        choices: Choices::from([("personalization".to_owned(), false)]),
        ..MemoryHost::default()
    };
    let host = MemoryHost::default();
    let consent = |choices: Value| json!({"context": {"targetingKey": BROWSER, "consent": {"categoryPreferences": choices}}});
    let cases = [
        (
            &host,
            json!({"context": {"targetingKey": BROWSER}}),
            "no choice about personalization yet",
        ),
        (
            &host,
            consent(json!({"personalization": false})),
            "no consent to personalization",
        ),
        (&withdrawn, agreed(), "has withdrawn consent"),
    ];
    for (host, asked, why) in cases {
        let flag = body(&ask(host, HERO, &asked));
        assert_eq!(
            (&flag["reason"], flag.get("value"), flag.get("variant")),
            (&json!("DEFAULT"), None, Some(&json!("")))
        );
        assert!(
            flag["metadata"]["why"].as_str().unwrap().contains(why),
            "{flag}"
        );
    }
    let vetoed = serve(
        &host,
        with(question(HERO, &consent(json!({}))), "sec-gpc", "1"),
    );
    assert_eq!(body(&vetoed)["reason"], "DEFAULT");
}

#[test]
fn a_server_source_answers_on_its_declared_basis_and_the_person_still_rules() {
    let basis = ConsentBasis::Declared {
        basis: "contract".to_owned(),
    };
    let asked = json!({"context": {"targetingKey": BROWSER}});
    let server = MemoryHost {
        basis: basis.clone(),
        ..MemoryHost::default()
    };
    assert_eq!(body(&ask(&server, HERO, &asked))["variant"], "sneakers");
    let withdrawn = MemoryHost {
        basis,
        choices: Choices::from([("personalization".to_owned(), false)]),
        ..MemoryHost::default()
    };
    assert_eq!(body(&ask(&withdrawn, HERO, &asked))["reason"], "DEFAULT");
}

#[test]
fn the_caller_is_an_unguessable_id_or_a_cookie() {
    let host = MemoryHost::default();
    let nobody =
        json!({"context": {"consent": {"categoryPreferences": {"personalization": true}}}});
    let missing = ask(&host, HERO, &nobody);
    assert_eq!(
        (missing.status, &body(&missing)["errorCode"]),
        (400, &json!("TARGETING_KEY_MISSING"))
    );
    let cookie = with(
        question(HERO, &nobody),
        "cookie",
        &format!("hw_aid={BROWSER}"),
    );
    assert_eq!(body(&serve(&host, cookie))["variant"], "sneakers");
    for guess in ["42", "ada@example.com", "u1"] {
        let guessed = ask(&host, HERO, &json!({"context": {"targetingKey": guess}}));
        let answer = body(&guessed);
        assert_eq!(
            (guessed.status, &answer["errorCode"]),
            (400, &json!("INVALID_CONTEXT"))
        );
        assert!(
            answer["errorDetails"]
                .as_str()
                .unwrap()
                .contains("could be guessed")
        );
    }
}

#[test]
fn what_cannot_be_read_says_so() {
    let host = MemoryHost::default();
    let cases = [
        ("{".to_owned(), "PARSE_ERROR"),
        ("[]".to_owned(), "PARSE_ERROR"),
        (json!({"context": []}).to_string(), "INVALID_CONTEXT"),
        (json!({"context": {"targetingKey": 42}}).to_string(), "INVALID_CONTEXT"),
        (json!({"context": {"targetingKey": BROWSER, "consent": true}}).to_string(), "INVALID_CONTEXT"),
        (json!({"context": {"targetingKey": BROWSER, "consent": {"categoryPreferences": {"personalisation": true}}}}).to_string(), "INVALID_CONTEXT"),
        (json!({}).to_string(), "TARGETING_KEY_MISSING"),
    ];
    for (sent, code) in cases {
        for path in [BULK, HERO] {
            let request = with(
                post(path, sent.clone()),
                "authorization",
                &format!("Bearer {KEY}"),
            );
            let response = serve(&host, request);
            let answer = body(&response);
            assert_eq!(
                (response.status, &answer["errorCode"]),
                (400, &json!(code)),
                "{sent}"
            );
            assert_eq!(answer.get("key").is_some(), path == HERO);
        }
    }
}

#[test]
fn the_write_key_comes_as_a_bearer_token_or_an_api_key() {
    let host = MemoryHost::default();
    let bare = post(HERO, agreed().to_string());
    assert_eq!(
        serve(&host, with(bare.clone(), "x-api-key", KEY)).status,
        200
    );
    for request in [
        bare.clone(),
        with(bare.clone(), "authorization", "Bearer wk_nobody"),
        with(bare, "x-api-key", ""),
    ] {
        let response = serve(&host, request);
        assert_eq!(
            (response.status, &body(&response)["errorCode"]),
            (401, &json!("GENERAL"))
        );
    }
    let elsewhere = with(question(HERO, &agreed()), "origin", "https://evil.example");
    assert_eq!(serve(&host, elsewhere).status, 403);
}

#[test]
fn who_asks_too_fast_is_told_when_to_come_again() {
    let mut host = MemoryHost::default();
    host.collection.rate_limits.write_key = Rate {
        events_per_second: 1,
        burst: 1,
    };
    assert_eq!(ask(&host, BULK, &agreed()).status, 200);
    let refused = ask(&host, BULK, &agreed());
    assert_eq!(
        (refused.status, header(&refused, "retry-after")),
        (429, Some("1"))
    );
    assert_eq!(
        header(&refused, "access-control-allow-origin"),
        Some(ORIGIN)
    );
}

#[test]
fn nothing_else_is_there() {
    let host = MemoryHost::default();
    let mut read = question(HERO, &agreed());
    read.method = "GET".to_owned();
    assert_eq!(serve(&host, read).status, 405);
    assert_eq!(
        ask(&host, "/ofrep/v1/evaluate/flagsx", &agreed()).status,
        404
    );
    let down = MemoryHost {
        down: true,
        ..MemoryHost::default()
    };
    let response = ask(&down, HERO, &agreed());
    assert_eq!(
        (response.status, &body(&response)["errorCode"]),
        (503, &json!("GENERAL"))
    );
}

#[test]
fn the_metadata_is_what_an_exposure_says_in_the_holdout_too() {
    let host = MemoryHost {
        experiences: vec![experience(
            json!({"id": "exp_7", "name": "Kept", "placement": "kept", "holdout": 1, "variants": [{"key": "x", "value": 1}]}),
        )],
        ..MemoryHost::default()
    };
    let flag = body(&ask(&host, "/ofrep/v1/evaluate/flags/kept", &agreed()));
    assert_eq!((&flag["variant"], flag.get("value")), (&json!(""), None));
    let mut said = flag["metadata"].as_object().unwrap().clone();
    assert!(said.remove("why").is_some());
    assert_eq!(
        json!(said),
        json!({"experience": "exp_7", "placement": "kept", "holdout": true})
    );
    let all = |host: &MemoryHost| header(&ask(host, BULK, &agreed()), "etag").map(str::to_owned);
    assert_eq!(all(&host), all(&host), "the same answer each time");
}
