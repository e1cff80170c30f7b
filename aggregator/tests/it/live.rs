//! Who watches sees every event with its outcome.

use std::io::{BufRead, BufReader, Write};
use std::net::TcpStream;

use serde_json::{Value, json};

use crate::harness::{DEADLINE, Server, track};

#[test]
fn events_appear_with_outcome_and_profile_as_they_happen() {
    let server = Server::fresh();
    let address = server.base.strip_prefix("http://").unwrap();
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(DEADLINE)).unwrap();
    write!(
        stream,
        "GET /api/v1/events/live?access_token={} HTTP/1.1\r\nhost: x\r\n\r\n",
        server.keys().token
    )
    .unwrap();
    let mut lines = BufReader::new(stream).lines().map(Result::unwrap);
    assert!(lines.next().unwrap().contains("200"));
    lines.find(String::is_empty).unwrap();

    server.batch(&[
        track("m-1", "browser-a", "Viewed", json!({"price": 3})),
        json!({"type": "wave", "messageId": "m-2"}),
    ]);
    let mut seen: Vec<Value> = lines
        .filter_map(|line| serde_json::from_str(line.strip_prefix("data: ")?).ok())
        .take(2)
        .collect();
    seen.sort_by_key(|line| line["outcome"].to_string());
    assert_eq!(seen[0]["outcome"], "ok");
    assert_eq!(
        (
            &seen[0]["event"]["messageId"],
            &seen[0]["event"]["properties"]["price"]
        ),
        (&json!("m-1"), &json!(3))
    );
    assert_eq!(
        seen[0]["profile_id"],
        server.profile("anonymous_id:browser-a")["id"]
    );
    assert_eq!(
        (&seen[1]["outcome"], &seen[1]["event"]["messageId"]),
        (&json!("quarantined"), &json!("m-2"))
    );
    assert!(seen[1]["reason"].is_string());
    server.stop();
}
