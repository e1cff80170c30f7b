//! The text in which an event is kept and sent on, written and read. What stayed text since it was sent is
//! only copied.

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

use super::Event;
use crate::consent::Receipt;
use crate::fields::Fields;
use crate::json::{self, members};
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

/// Reads the events of a batch, whose times and receipts repeat.
#[derive(Debug, Default)]
pub struct Reader {
    times: Vec<(String, Timestamp)>,
    oldest: usize,
    receipt: Option<(String, Receipt)>,
}

impl Reader {
    /// Reads an event's text, as [`Writer`] writes it.
    ///
    /// # Errors
    /// When it is none.
    pub fn read(&mut self, text: &str) -> serde_json::Result<Event> {
        let Some(members) = members::of_text(text) else {
            // The parser says what is wrong with it.
            serde_json::from_str::<serde_json::Map<String, serde_json::Value>>(text)?;
            return Err(serde_json::Error::custom("not an event"));
        };
        let (mut message_id, mut kind, mut receipt) = (None, None, None);
        let (mut name, mut anonymous_id, mut user_id) = (None, None, None);
        let (mut previous_id, mut group_id, mut bot) = (None, None, None);
        let (mut timestamp, mut received_at) = (None, None);
        let (mut original_timestamp, mut sent_at) = (None, None);
        let (mut properties, mut traits) = (Fields::default(), Fields::default());
        let (mut context, mut extra) = (Fields::default(), Fields::default());
        let (mut ledger, mut violations) = (None, None);
        for (member, value) in members.iter() {
            match member {
                "messageId" => message_id = string(value)?,
                "type" => kind = of(value)?,
                "event" => name = string(value)?,
                "anonymousId" => anonymous_id = string(value)?,
                "userId" => user_id = string(value)?,
                "previousId" => previous_id = string(value)?,
                "groupId" => group_id = string(value)?,
                "properties" => properties = fields(value)?,
                "traits" => traits = fields(value)?,
                "context" => context = fields(value)?,
                "timestamp" => timestamp = self.time(value)?,
                "originalTimestamp" => original_timestamp = self.time(value)?,
                "sentAt" => sent_at = self.time(value)?,
                "receivedAt" => received_at = self.time(value)?,
                "receipt" => receipt = Some(self.receipt(value)?),
                "bot" => bot = string(value)?,
                "ledger" => ledger = of(value)?,
                "violations" => violations = of(value)?,
                "extra" => extra = fields(value)?,
                // Of a later version.
                _ => {}
            }
        }
        let missing = serde_json::Error::missing_field;
        Ok(Event {
            message_id: message_id.ok_or_else(|| missing("messageId"))?,
            kind: kind.ok_or_else(|| missing("type"))?,
            name,
            anonymous_id,
            user_id,
            previous_id,
            group_id,
            properties,
            traits,
            context,
            timestamp: timestamp.ok_or_else(|| missing("timestamp"))?,
            original_timestamp,
            sent_at,
            received_at: received_at.ok_or_else(|| missing("receivedAt"))?,
            receipt: receipt.ok_or_else(|| missing("receipt"))?,
            bot,
            ledger,
            violations: violations.unwrap_or_default(),
            extra,
        })
    }

    fn time(&mut self, text: &str) -> serde_json::Result<Option<Timestamp>> {
        if let Some((_, time)) = self.times.iter().find(|(known, _)| known == text) {
            return Ok(Some(*time));
        }
        let time: Option<Timestamp> = of(text)?;
        if let Some(time) = time {
            let known = (text.to_owned(), time);
            if self.times.len() < REMEMBERED {
                self.times.push(known);
            } else {
                self.oldest = (self.oldest + 1) % REMEMBERED;
                if let Some(place) = self.times.get_mut(self.oldest) {
                    *place = known;
                }
            }
        }
        Ok(time)
    }

    fn receipt(&mut self, text: &str) -> serde_json::Result<Receipt> {
        if let Some((known, receipt)) = &self.receipt
            && known == text
        {
            return Ok(receipt.clone());
        }
        let receipt: Receipt = serde_json::from_str(text)?;
        self.receipt = Some((text.to_owned(), receipt.clone()));
        Ok(receipt)
    }
}

fn of<T: DeserializeOwned>(text: &str) -> serde_json::Result<Option<T>> {
    serde_json::from_str(text)
}

fn string(text: &str) -> serde_json::Result<Option<String>> {
    match json::plain(text) {
        Some(plain) => Ok(Some(plain.to_owned())),
        None => of(text),
    }
}

fn fields(text: &str) -> serde_json::Result<Fields> {
    if text.starts_with('{') {
        Ok(Fields::of_text(text.to_owned()))
    } else {
        Err(serde_json::Error::custom("not a JSON object"))
    }
}

impl<'de> Deserialize<'de> for Event {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = Box::<RawValue>::deserialize(deserializer)?;
        Reader::default().read(text.get()).map_err(D::Error::custom)
    }
}

impl Serialize for Event {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        RawValue::from_string(Writer::default().text(self))
            .map_err(serde::ser::Error::custom)?
            .serialize(serializer)
    }
}
