//! The body of `/v1/consent`: what somebody says of consent, without any event.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use super::{Batch, WireError, envelope, field, from_text, invalid, message, utf8};
use crate::event::EventKind;

/// What the body says, each of it any JSON: the message is read as every message is.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Statement {
    message_id: Option<Box<RawValue>>,
    anonymous_id: Option<Box<RawValue>>,
    user_id: Option<Box<RawValue>>,
    consent: Option<Box<RawValue>>,
}

/// When the person chose, as far as the client knows.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Moments {
    chosen_at: Option<Box<RawValue>>,
    captured_at: Option<Box<RawValue>>,
}

/// The same as a message.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    message_id: Option<&'a RawValue>,
    anonymous_id: Option<&'a RawValue>,
    user_id: Option<&'a RawValue>,
    timestamp: Option<&'a RawValue>,
    context: Context<'a>,
}

#[derive(Serialize)]
struct Context<'a> {
    consent: &'a RawValue,
}

impl Batch<'_> {
    /// Reads the body of the consent endpoint: a batch of one message that says what the person wants.
    ///
    /// # Errors
    /// When the body is not a JSON object with a `consent`.
    pub fn read_consent(body: &[u8]) -> Result<Batch<'static>, WireError> {
        let (text, damage) = utf8::read(body)?;
        let (body, _) = envelope(&text)?;
        let statement: Statement = from_text(&text).map_err(|error| invalid(&error))?;
        let consent = statement.consent.ok_or_else(|| {
            WireError::WrongShape(
                "the body has no \"consent\": send {\"writeKey\":…,\"anonymousId\":…,\"consent\":{\"categoryPreferences\":{\"analytics\":false}}}".to_owned(),
            )
        })?;
        let moments: Option<Moments> = field(Some(consent.get()));
        let chosen = moments.and_then(|moments| moments.chosen_at.or(moments.captured_at));
        let message = Message {
            message_id: statement.message_id.as_deref(),
            anonymous_id: statement.anonymous_id.as_deref(),
            user_id: statement.user_id.as_deref(),
            timestamp: chosen.as_deref(),
            context: Context { consent: &consent },
        };
        let message = serde_json::to_string(&message).map_err(|error| invalid(&error))?;
        let messages = vec![Cow::Owned(message)];
        let mut batch = Batch::with(&body, Some(EventKind::Consent), messages);
        batch.placements.clear();
        batch.common = message::Common::default();
        batch.slip = None;
        batch.damage = damage;
        Ok(batch)
    }
}
