//! The running server against a stream of events whose true people are known. The data are not in the repository:
//! `HEADWATER_IDENTITY_DATA` names the folder with `cdp_events.jsonl.gz`.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;

use serde_json::{Value, json};

use crate::harness::{Server, consent, eventually};

/// Rules for the kinds of identifiers that the stream has.
const RULES: &str = r#"{
    "country": "FR",
    "kinds": [
        {"kind": "user_id", "unique": true},
        {"kind": "crm_id", "unique": true},
        {"kind": "loyalty_id", "unique": true},
        {"kind": "email", "most": 5, "shared_above": 3},
        {"kind": "phone", "most": 5, "shared_above": 3},
        {"kind": "anonymous_id", "shared_above": 3},
        {"kind": "device_id", "shared_above": 3}
    ],
    "shared_devices": "by_time"
}"#;

struct Labelled {
    space: String,
    message: Value,
    person: String,
    named: Vec<String>,
}

/// An event as a client sends it.
fn labelled(number: usize, line: &Value) -> Labelled {
    let id = |kind: &str| line["ids"][kind].as_str();
    let mut message = json!({"messageId": format!("m-{number}"), "context": consent()});
    let seconds = line["ts"].as_i64().unwrap();
    message["originalTimestamp"] =
        serde_json::to_value(cdp_core::time::Timestamp::from_millis(seconds * 1_000)).unwrap();
    let kind = line["type"].as_str().unwrap();
    message["type"] = json!("track");
    message["event"] = json!(if kind == "logout" { "Signed Out" } else { kind });
    for (field, kind) in [("userId", "user_id"), ("anonymousId", "anonymous_id")] {
        if let Some(value) = id(kind) {
            message[field] = json!(value);
        }
    }
    for kind in ["email", "phone"] {
        if let Some(value) = id(kind) {
            message["context"]["traits"][kind] = json!(value);
        }
    }
    if let Some(value) = id("device_id") {
        message["context"]["device"]["id"] = json!(value);
    }
    let external = ["crm_id", "loyalty_id"].into_iter().filter_map(|kind| {
        Some(json!({"type": kind, "id": id(kind)?, "collection": "users", "encoding": "none"}))
    });
    let external: Vec<Value> = external.collect();
    if !external.is_empty() {
        message["context"]["externalIds"] = json!(external);
    }
    let ids = line["ids"].as_object().unwrap().iter();
    Labelled {
        space: line["tenant"].as_str().unwrap().to_owned(),
        message,
        person: line["true_person"].as_str().unwrap().to_owned(),
        named: ids
            .filter_map(|(kind, value)| Some(format!("{kind}:{}", value.as_str()?)))
            .collect(),
    }
}

/// As a path has it.
fn escaped(name: &str) -> String {
    let escaped = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b':' | b'-' | b'.' => {
            char::from(byte).to_string()
        }
        other => format!("%{other:02X}"),
    };
    name.bytes().map(escaped).collect()
}

/// Which profile each event has, by its message id.
fn profiles(events: &[&Labelled]) -> BTreeMap<String, String> {
    let server = Server::fresh();
    let rules: Value = serde_json::from_str(RULES).unwrap();
    let published = server.put("/api/v1/identity/rules", &rules);
    assert_eq!(published.status, 201, "{}", published.text);
    for part in events.chunks(2_000) {
        let batch: Vec<&Value> = part.iter().map(|event| &event.message).collect();
        let body = json!({"writeKey": server.keys().server_write_key, "batch": batch});
        let reply = server.public("/v1/batch", &body).ok();
        let outcomes = reply["outcomes"].as_array().unwrap().iter();
        let last = outcomes.rev().find(|line| line["outcome"] == "ok").unwrap();
        let last = last["messageId"].as_str().unwrap();
        eventually("the part has taken effect", || {
            let found = server.get(&format!("/api/v1/events/{last}/consent"));
            (found.status == 200).then_some(())
        });
    }
    let mut profile_of = BTreeMap::new();
    let mut known: BTreeSet<String> = BTreeSet::new();
    let named: BTreeSet<&String> = events.iter().flat_map(|event| &event.named).collect();
    for name in named {
        let found = server.get(&format!("/api/v1/profiles/{}", escaped(name)));
        if found.status != 200 {
            continue;
        }
        let id = found.json()["id"].as_str().unwrap().to_owned();
        if known.insert(id.clone()) {
            for event in server.collected(&id) {
                let message = event["messageId"].as_str().unwrap().to_owned();
                let before = profile_of.insert(message.clone(), id.clone());
                assert_eq!(before, None, "{message} is in {id}, too");
            }
        }
    }
    profile_of
}

#[test]
fn the_events_of_known_people() {
    #[expect(clippy::disallowed_methods, reason = "the test's own setting")]
    let folder = std::env::var("HEADWATER_IDENTITY_DATA").ok();
    let file = folder.map(|folder| PathBuf::from(folder).join("cdp_events.jsonl.gz"));
    let Some(file) = file.filter(|file| file.exists()) else {
        eprintln!("SKIPPED: set HEADWATER_IDENTITY_DATA to the folder with cdp_events.jsonl.gz");
        return;
    };
    let lines = flate2::read::MultiGzDecoder::new(fs::File::open(file).unwrap());
    let events: Vec<Labelled> = BufReader::new(lines)
        .lines()
        .enumerate()
        .map(|(number, line)| labelled(number, &serde_json::from_str(&line.unwrap()).unwrap()))
        .collect();
    let spaces: BTreeSet<&String> = events.iter().map(|event| &event.space).collect();
    let mut both: BTreeMap<(String, &str), u64> = BTreeMap::new();
    let mut of_profile: BTreeMap<String, u64> = BTreeMap::new();
    let mut of_person: BTreeMap<&str, u64> = BTreeMap::new();
    let mut unknown = 0;
    for space in spaces {
        let own: Vec<&Labelled> = events
            .iter()
            .filter(|event| event.space == *space)
            .collect();
        let profile_of = profiles(&own);
        for event in own {
            let id = event.message["messageId"].as_str().unwrap();
            let profile = profile_of.get(id).cloned().unwrap_or_else(|| {
                unknown += 1;
                id.to_owned()
            });
            *both.entry((profile.clone(), &event.person)).or_default() += 1;
            *of_profile.entry(profile).or_default() += 1;
            *of_person.entry(&event.person).or_default() += 1;
        }
    }
    let all = events.len() as f64;
    let pairs = |count: &u64| *count as f64 * (*count as f64 - 1.0) / 2.0;
    let (mut precision, mut recall) = (0.0, 0.0);
    let mut best: BTreeMap<&str, u64> = BTreeMap::new();
    for ((profile, person), count) in &both {
        let squared = *count as f64 * *count as f64;
        precision += squared / of_profile[profile] as f64 / all;
        recall += squared / of_person[person] as f64 / all;
        let most = best.entry(profile).or_default();
        *most = (*most).max(*count);
    }
    let wrong: u64 = of_profile
        .iter()
        .map(|(profile, count)| count - best[profile.as_str()])
        .sum();
    let wrong = wrong as f64 / all;
    let right: f64 = both.values().map(pairs).sum();
    let pair_precision = right / of_profile.values().map(pairs).sum::<f64>();
    let bcubed = 2.0 * precision * recall / (precision + recall);
    eprintln!(
        "wrong {wrong:.4}, pair precision {pair_precision:.4}, B-cubed F1 {bcubed:.4}, events of nobody {unknown}"
    );
    assert!(wrong <= 0.045 && pair_precision >= 0.89 && bcubed >= 0.84);
}
