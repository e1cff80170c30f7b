//! Refused messages, kept whole.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::json::members;

/// A refused message as it is kept: the text of its JSON, or of a JSON string that has what is none. It stays text, since
/// values built of it may take hundreds of times its memory.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(transparent)]
pub struct KeptMessage(Box<RawValue>);

impl KeptMessage {
    /// From the text of JSON; `None` where it is none, or is a null, which would say that there is no message.
    #[must_use]
    pub fn of_json(text: String) -> Option<Self> {
        let message = RawValue::from_string(text).ok().map(Self);
        message.filter(|message| message.text() != "null")
    }

    /// From a text that is no JSON.
    #[must_use]
    pub fn of_text(text: &str) -> Self {
        Self::from(&Value::from(text))
    }

    /// The text of its JSON.
    #[must_use]
    pub fn text(&self) -> &str {
        self.0.get()
    }

    /// Whether it is an object, which alone can become an event.
    #[must_use]
    pub fn is_object(&self) -> bool {
        self.text().starts_with('{')
    }

    /// The message under an id, where it is an object.
    #[must_use]
    pub fn with_id(&self, message_id: &str) -> Self {
        let Some(mut members) = members::of_text(self.text()) else {
            return self.clone();
        };
        let id = Value::from(message_id).to_string();
        if members.get("messageId") == Some(&id) {
            return self.clone();
        }
        members.take("messageId");
        members.add("messageId", Cow::Owned(id));
        Self::of_json(members.text()).unwrap_or_else(|| self.clone())
    }
}

impl From<&Value> for KeptMessage {
    fn from(value: &Value) -> Self {
        Self(to_raw_value(value).unwrap_or_default())
    }
}

impl From<KeptMessage> for Box<RawValue> {
    fn from(message: KeptMessage) -> Self {
        message.0
    }
}

impl PartialEq for KeptMessage {
    fn eq(&self, other: &Self) -> bool {
        self.text() == other.text()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kept_message_takes_an_id_and_keeps_the_rest() {
        for (message, wanted) in [
            ("{}", r#"{"messageId":"m\"1"}"#),
            (r#"{"a":1.50}"#, r#"{"a":1.50,"messageId":"m\"1"}"#),
            (
                r#"{"messageId":"x","a":1}"#,
                r#"{"a":1,"messageId":"m\"1"}"#,
            ),
            (
                r#"{"messageId":"m\"1","a":1}"#,
                r#"{"messageId":"m\"1","a":1}"#,
            ),
            ("[{}]", "[{}]"),
            (r#""{}""#, r#""{}""#),
        ] {
            let kept = KeptMessage::of_json(message.to_owned());
            let named = kept.map(|kept| kept.with_id("m\"1").text().to_owned());
            assert_eq!(named.as_deref(), Some(wanted), "{message}");
        }
        assert_eq!(KeptMessage::of_json("null".to_owned()), None);
        assert_eq!(KeptMessage::of_json("no JSON".to_owned()), None);
    }
}
