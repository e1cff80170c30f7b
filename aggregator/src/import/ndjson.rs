//! One JSON message a line.

use std::io::{BufRead, BufReader, Read};

use serde_json::Value;

use super::Item;
use super::feed::Items;
use crate::id;

/// Reads lines until the end; gives how many there were.
pub(super) fn read(
    input: Box<dyn Read + Send>,
    source_id: &str,
    items: &Items,
) -> Result<u64, String> {
    let mut lines = BufReader::new(input);
    let mut number = 0;
    let mut line = Vec::new();
    loop {
        line.clear();
        let length = lines
            .read_until(b'\n', &mut line)
            .map_err(|error| format!("line {}: the file cannot be read: {error}", number + 1))?;
        if length == 0 {
            return Ok(number);
        }
        number += 1;
        let text = String::from_utf8_lossy(&line);
        if !text.trim().is_empty() && !items.send(item(text.trim(), source_id, number)) {
            return Ok(number);
        }
    }
}

fn item(text: &str, source_id: &str, number: u64) -> Item {
    // The line's number is part of the id: two lines may say the same of two occurrences.
    let fallback = || {
        format!(
            "import-{}",
            &id::digest(format!("{source_id}\n{number}\n{text}"))[..32]
        )
    };
    let refused = |reason: String| Item::Refused {
        message_id: fallback(),
        reason,
        message: Value::from(text),
    };
    let mut message = match serde_json::from_str(text) {
        Ok(Value::Object(message)) => message,
        Ok(_) => return refused(format!("line {number} is not a JSON object")),
        Err(error) => return refused(format!("line {number} is not JSON: {error}")),
    };
    let has_id = message
        .get("messageId")
        .is_some_and(|id| id.is_number() || id.as_str().is_some_and(|id| !id.trim().is_empty()));
    if !has_id {
        message.insert("messageId".to_owned(), Value::from(fallback()));
    }
    // `sentAt` belongs to a delivery that is long over, and an exported `timestamp` is corrected already.
    message.remove("sentAt");
    if let Some(timestamp) = message
        .get("timestamp")
        .filter(|timestamp| !timestamp.is_null())
        .cloned()
    {
        message.insert("originalTimestamp".to_owned(), timestamp);
    }
    Item::Message(Value::Object(message))
}
