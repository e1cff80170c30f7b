//! `headwater import` of events, line by line.

use std::process::Command;

use serde_json::{Value, json};

use crate::harness::{BINARY, Data};

pub(crate) fn import(data: &Data, arguments: &[&str]) -> Value {
    let output = Command::new(BINARY)
        .arg("import")
        .args(data.storage())
        .arg("--json")
        .args(arguments)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let text = String::from_utf8(output.stdout).unwrap();
    serde_json::from_str(text.lines().last().unwrap()).unwrap()
}

#[test]
fn lines_become_events_once_and_bad_lines_are_counted() {
    let data = Data::fresh();
    let file = data.dir.path().join("events.ndjson");
    let lines = [
        json!({"type": "identify", "userId": "ada", "traits": {"plan": "pro"}, "timestamp": "2020-05-01T10:00:00Z", "sentAt": "2020-05-01T10:00:05Z"}).to_string(),
        json!({"type": "track", "event": "Signed Up", "userId": "ada", "messageId": "m-1", "timestamp": "2020-05-01T11:00:00Z"}).to_string(),
        "{\"type\": \"track\", ".to_owned(),
        json!({"type": "track", "event": "Nobody's"}).to_string(),
        String::new(),
        json!([1]).to_string(),
    ];
    std::fs::write(&file, lines.join("\n")).unwrap();
    let file = file.display().to_string();
    let summary = import(&data, &[&file]);
    assert_eq!(summary["outcomes"], json!({"ok": 2, "quarantined": 3}));
    let again = import(&data, &[&file]);
    assert_eq!(again["outcomes"], json!({"duplicate": 2, "quarantined": 3}));
    let server = data.serve();
    let timeline = server.timeline("user_id:ada");
    let times: Vec<&str> = timeline
        .iter()
        .map(|event| event["timestamp"].as_str().unwrap())
        .collect();
    assert_eq!(
        times,
        ["2020-05-01T10:00:00.000Z", "2020-05-01T11:00:00.000Z"],
        "an import keeps the time at which it happened"
    );
    assert_eq!(
        server.profile("user_id:ada")["traits"],
        json!({"plan": "pro"})
    );
    assert_eq!(
        server.all("/api/v1/quarantine").len(),
        3,
        "the same refused lines are kept once"
    );
    assert!(
        server
            .all("/api/v1/sources")
            .iter()
            .any(|source| source["kind"] == "import")
    );
}
