//! The text in which an event is kept and sent on. What stayed text since it was sent is only copied.

use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use super::Event;
use crate::time::Timestamp;

/// Bytes that most events have room in.
const USUAL: usize = 1_024;
/// Texts of times that are remembered: an event has four, most of which the last one had too.
const REMEMBERED: usize = 4;

/// Writes the events of a batch, whose times repeat.
#[derive(Debug, Default)]
pub struct Writer {
    times: Vec<(Timestamp, String)>,
    oldest: usize,
}

impl Writer {
    /// The event's text, JSON.
    #[must_use]
    pub fn text(&mut self, event: &Event) -> String {
        let mut out = String::with_capacity(USUAL);
        self.push(&mut out, event);
        out
    }

    /// Appends the event's text.
    pub(crate) fn push(&mut self, out: &mut String, event: &Event) {
        out.push_str("{\"messageId\":");
        quote(out, &event.message_id);
        out.extend([",\"type\":\"", event.kind.as_str(), "\""]);
        for (name, value) in [
            (",\"event\":", &event.name),
            (",\"anonymousId\":", &event.anonymous_id),
            (",\"userId\":", &event.user_id),
            (",\"previousId\":", &event.previous_id),
            (",\"groupId\":", &event.group_id),
        ] {
            if let Some(value) = value {
                out.push_str(name);
                quote(out, value);
            }
        }
        for (name, fields) in [
            (",\"properties\":", &event.properties),
            (",\"traits\":", &event.traits),
            (",\"context\":", &event.context),
        ] {
            if !fields.is_empty() {
                out.extend([name, fields.text()]);
            }
        }
        for (name, time) in [
            (",\"timestamp\":\"", Some(event.timestamp)),
            (",\"originalTimestamp\":\"", event.original_timestamp),
            (",\"sentAt\":\"", event.sent_at),
            (",\"receivedAt\":\"", Some(event.received_at)),
        ] {
            if let Some(time) = time {
                out.extend([name, self.time(time), "\""]);
            }
        }
        out.push_str(",\"receipt\":");
        push(out, &event.receipt);
        if let Some(bot) = &event.bot {
            out.push_str(",\"bot\":");
            quote(out, bot);
        }
        if let Some(mark) = &event.ledger {
            out.push_str(",\"ledger\":");
            push(out, mark);
        }
        if !event.violations.is_empty() {
            out.push_str(",\"violations\":");
            push(out, &event.violations);
        }
        if !event.extra.is_empty() {
            out.extend([",\"extra\":", event.extra.text()]);
        }
        out.push('}');
    }

    fn time(&mut self, time: Timestamp) -> &str {
        let known = self.times.iter().position(|(known, _)| *known == time);
        let at = known.unwrap_or_else(|| {
            let text = (time, time.to_string());
            if self.times.len() < REMEMBERED {
                self.times.push(text);
                return self.times.len() - 1;
            }
            self.oldest = (self.oldest + 1) % REMEMBERED;
            if let Some(place) = self.times.get_mut(self.oldest) {
                *place = text;
            }
            self.oldest
        });
        self.times.get(at).map_or("", |(_, text)| text)
    }
}

fn quote(out: &mut String, text: &str) {
    let plain = text
        .bytes()
        .all(|byte| byte >= b' ' && byte != b'"' && byte != b'\\');
    if plain {
        out.extend(["\"", text, "\""]);
    } else {
        push(out, text);
    }
}

/// Appends a value that always has a text.
fn push<T: Serialize + ?Sized>(out: &mut String, value: &T) {
    out.push_str(&serde_json::to_string(value).unwrap_or_default());
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(Writer::default().text(self))
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}
