//! Text that nobody means well with: one outcome a message, and what is admitted is what was sent.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

use std::collections::BTreeMap;

use cdp_core::collection::{Caller, CollectionPolicy};
use cdp_core::consent::Policy;
use cdp_core::event::Event;
use cdp_core::forward::Forward;
use cdp_core::kept_message::KeptMessage;
use cdp_core::source::{ConsentBasis, SourceConfig};
use cdp_core::time::Timestamp;
use cdp_core::wire::{Batch, Intake, Judged};
use proptest::prelude::*;
use serde_json::Value;

fn judge(body: &[u8]) -> Judged {
    let config = SourceConfig {
        source_id: "src_1".to_owned(),
        space_id: "spc_1".to_owned(),
        write_key: "wk".to_owned(),
        consent_basis: ConsentBasis::EveryEvent,
        allowed_origins: Vec::new(),
        collection: CollectionPolicy::default(),
        enabled: true,
        policy: Policy::default(),
        experiences: Vec::new(),
        user_token_keys: Vec::new(),
        audiences: cdp_core::audience::Rules::default(),
        defaults: BTreeMap::new(),
        holdout: 0.0,
    };
    let intake = Intake {
        config: &config,
        received_at: Timestamp::from_millis(1),
        jurisdiction: None,
        gpc: false,
        caller: Caller::default(),
    };
    let batch = Batch::read(body).unwrap();
    let judged = batch.judge(&intake, &mut || "fresh".to_owned());
    assert_eq!(judged.admitted.len() + judged.refused.len(), batch.len());
    judged
}

/// A message of somebody who agreed, with this as its property `value`.
fn message(value: &str) -> String {
    format!(
        r#"{{"type":"track","event":"E","messageId":"m1","anonymousId":"a1","properties":{{"value":{value}}},"context":{{"consent":{{"categoryPreferences":{{"analytics":true}}}}}}}}"#
    )
}

fn batch(message: &[u8]) -> Vec<u8> {
    [&b"{\"batch\":["[..], message, b"]}"].concat()
}

/// Pieces that JSON is made of, and some that it is not, so that most texts are almost JSON.
fn pieces() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec!["{", "}", "[", "]", ",", ":", "\"", "\"a\":"]),
        2 => prop::sample::select(vec![
            "\"\"", "\"abcdefg\"", "\"abcdefgh\"", "\"0123456789abcdef\"", "\"\\u00e9\"", "\"\\ud83d\"",
            "\"\\n\\\"\\\\\"", "\"\u{1f600}!\"", "\"\u{7f}\u{80}\"", "\"abcdefg\\\"hijk\"",
        ]),
        2 => prop::sample::select(vec!["0", "-1", "12.5", "1e5", "1E-7", "-0.0e+1", "true", "false", "null"]),
        1 => prop::sample::select(vec![
            " ", "\n", "\t", "\r", "\u{b}", "\u{1}", "\"\u{1f}\"", "\"abcdefgh\t\"", "01", "1.", ".5", "+1", "1e",
            "-", "tru", "nulls", "\"\\x\"", "\"\\u12\"", "\"\\u12g4\"", "'a'", "\u{feff}", "\u{a0}", "//",
        ]),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Values that are JSON, nested, with spaces here and there.
fn values() -> impl Strategy<Value = String> {
    let leaf = prop::sample::select(vec![
        "1",
        "-0.5e3",
        "\"\"",
        "\"text\"",
        "\"a longer text, \\\"quoted\\\"\"",
        "true",
        "null",
        "[]",
        "{}",
    ]);
    let space = prop::sample::select(vec!["", "", "", " ", "\n\t"]);
    leaf.prop_map(str::to_owned)
        .prop_recursive(6, 40, 5, move |inner| {
            let items = prop::collection::vec((inner, space.clone()), 1..5);
            (items, any::<bool>()).prop_map(|(items, object)| {
                let item = |(at, (item, space)): (usize, &(String, &str))| {
                    let name = if object {
                        format!("\"n{at}\"{space}:")
                    } else {
                        String::new()
                    };
                    format!("{space}{name}{space}{item}{space}")
                };
                let items: Vec<String> = items.iter().enumerate().map(item).collect();
                let (open, close) = if object { ('{', '}') } else { ('[', ']') };
                format!("{open}{}{close}", items.join(","))
            })
        })
}

/// What becomes of a text as a message: whether the body is JSON, and the texts of its messages.
fn taken(text: &str) -> Option<usize> {
    let body = format!("{{\"batch\":[{text}]}}");
    match Batch::read(body.as_bytes()) {
        Ok(batch) => Some(batch.len()),
        Err(_) => None,
    }
}

/// The same by the JSON library.
fn expected(text: &str) -> Option<usize> {
    serde_json::from_str::<Vec<Box<serde_json::value::RawValue>>>(&format!("[{text}]"))
        .ok()
        .map(|values| values.len())
}

/// A JSON number, of any length.
fn numbers() -> impl Strategy<Value = String> {
    let parts = (
        any::<bool>(),
        "0|[1-9][0-9]{0,40}",
        proptest::option::of("[0-9]{1,40}"),
        proptest::option::of("[eE][+-]?[0-9]{1,4}"),
    );
    parts.prop_map(|(negative, whole, fraction, exponent)| {
        let sign = if negative { "-" } else { "" };
        let fraction = fraction.map_or_else(String::new, |fraction| format!(".{fraction}"));
        format!("{sign}{whole}{fraction}{}", exponent.unwrap_or_default())
    })
}

/// Names and values that mean something to somebody, nested to any depth.
fn texts() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        numbers(),
        Just("null".to_owned()),
        Just("\"text\"".to_owned()),
        Just("\"\\ud83d\"".to_owned()),
        Just("\"\\u0000\"".to_owned()),
        (1..150_usize).prop_map(|levels| format!("{}{}", "[".repeat(levels), "]".repeat(levels))),
        (1..150_usize).prop_map(|levels| format!(
            "{}1{}",
            "{\"a\":".repeat(levels),
            "}".repeat(levels)
        )),
        any::<String>().prop_map(|text| Value::from(text).to_string()),
    ];
    let name = prop_oneof![
        Just("\"type\":"),
        Just("\"messageId\":"),
        Just("\"userId\":"),
        Just("\"properties\":"),
        Just("\"traits\":"),
        Just("\"context\":"),
        Just("\"consent\":"),
        Just("\"timestamp\":"),
        Just("\"a\":"),
        Just("\"\\ud83d\":"),
        Just("\"\\u0000\":"),
        Just("\"$serde_json::private::RawValue\":"),
        Just("\"\\u0024serde_json::private::RawValue\":"),
    ];
    leaf.prop_recursive(4, 40, 6, move |inner| {
        let object = proptest::collection::vec((name.clone(), inner.clone()), 0..6).prop_map(
            |fields: Vec<(&str, String)>| {
                let fields: Vec<String> = fields
                    .into_iter()
                    .map(|(name, value)| format!("{name}{value}"))
                    .collect();
                format!("{{{}}}", fields.join(","))
            },
        );
        let list = proptest::collection::vec(inner, 0..4)
            .prop_map(|items: Vec<String>| format!("[{}]", items.join(",")));
        prop_oneof![object, list]
    })
}

proptest! {
    /// What is passed over is JSON if and only if the JSON library says so.
    #[test]
    fn almost_json_is_told_from_json(text in pieces()) {
        // What closes the list itself is no matter of one message.
        prop_assume!(expected(&text).is_some() || serde_json::from_str::<Value>(&format!("{{\"batch\":[{text}]}}")).is_err());
        prop_assert_eq!(taken(&text), expected(&text), "{}", text);
    }

    /// The messages of a body are its elements, however they are nested and spaced.
    #[test]
    fn messages_are_the_elements_of_the_list(values in prop::collection::vec(values(), 0..6)) {
        prop_assert_eq!(taken(&values.join(" ,")), Some(values.len()));
    }

    #[test]
    fn a_number_comes_back_as_the_double_that_it_is_or_is_refused(number in numbers()) {
        let judged = judge(&batch(message(&number).as_bytes()));
        if let Some(admitted) = judged.admitted.first() {
            let kept = admitted.event.properties["value"].to_string();
            prop_assert_eq!(kept.parse::<f64>().unwrap().to_bits(), number.parse::<f64>().unwrap().to_bits());
            if !number.contains(['.', 'e', 'E']) && kept.len() <= 20 && !kept.contains('e') && number != "-0" {
                prop_assert_eq!(kept, number);
            }
        } else {
            prop_assert!(judged.refused[0].reason.contains("cannot be kept exactly"), "{}", judged.refused[0].reason);
            prop_assert_eq!(judged.refused[0].message.as_ref().unwrap(), &KeptMessage::of_text(&message(&number)));
        }
    }

    #[test]
    fn what_any_64_bits_write_comes_back(signed in any::<i64>(), unsigned in any::<u64>(), float in proptest::num::f64::NORMAL | proptest::num::f64::ZERO) {
        for number in [signed.to_string(), unsigned.to_string(), format!("{float:?}"), format!("{float:.16e}")] {
            let judged = judge(&batch(message(&number).as_bytes()));
            prop_assert_eq!(&judged.refused, &[]);
            let kept = judged.admitted[0].event.properties["value"].to_string();
            prop_assert_eq!(kept.parse::<f64>().unwrap().to_bits(), number.parse::<f64>().unwrap().to_bits());
        }
    }

    #[test]
    fn any_text_of_json_gets_one_outcome_and_what_is_admitted_survives_its_way(text in texts()) {
        for message in [text.clone(), message(&text)] {
            let judged = judge(&batch(message.as_bytes()));
            for admitted in &judged.admitted {
                let written = serde_json::to_string(&admitted.event).unwrap();
                prop_assert_eq!(&serde_json::from_str::<Event>(&written).unwrap(), &admitted.event);
            }
            let forward = Forward {
                space_id: String::new(),
                source_id: String::new(),
                received_at: Timestamp::from_millis(1),
                jurisdiction: None,
                admitted: judged.admitted,
                refused: judged.refused,
                ledger: Vec::new(),
                snapshot_of: None,
            };
            let written = forward.text().unwrap();
            prop_assert_eq!(serde_json::from_str::<Forward>(&written).unwrap(), forward);
        }
    }

    #[test]
    fn bytes_that_are_no_utf8_cost_only_their_message(bytes in proptest::collection::vec(any::<u8>(), 1..20)) {
        let damaged = message("\"@\"").into_bytes().into_iter().flat_map(|byte| if byte == b'@' { bytes.clone() } else { vec![byte] });
        let damaged: Vec<u8> = damaged.collect();
        let body = [&b"{\"batch\":["[..], message("1").as_bytes(), b",", &damaged, b"]}"].concat();
        let Ok(batch) = Batch::read(&body) else { return Ok(()) };
        let judged = judge(&body);
        prop_assert_eq!(judged.admitted[0].index, 0);
        if batch.len() == 2 && std::str::from_utf8(&bytes).is_err() {
            prop_assert_eq!(judged.refused.len(), 1);
            prop_assert_eq!(&judged.refused[0].message_id, "m1");
        }
    }
}

#[test]
fn a_batch_whose_own_context_cannot_be_kept_refuses_its_messages_with_the_reason() {
    let deep = format!(r#"{{"a":{}1{}}}"#, "[".repeat(120), "]".repeat(120));
    for context in [deep.as_str(), r#"{"x":1e999}"#] {
        let body = format!(r#"{{"context":{context},"batch":[{}]}}"#, message("1"));
        let judged = judge(body.as_bytes());
        let refused = judged.refused.first().unwrap();
        assert_eq!(refused.message_id, "m1");
        assert!(
            refused.reason.contains("the batch's \"context\""),
            "{}",
            refused.reason
        );
    }
}

#[test]
fn times_beyond_all_measure_are_read_back() {
    for time in [i64::MIN, i64::MAX, 253_402_207_200_999_999].map(Timestamp::from_micros) {
        let again: Timestamp = time.to_string().parse().unwrap();
        assert_eq!(again, time);
    }
    let last: Timestamp = "9999-12-30T22:00:00.999999Z".parse().unwrap();
    assert_eq!(last.to_string().parse(), Ok(last));
}
