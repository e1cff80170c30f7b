//! One message: from the text a client sent to an event with its time corrected and its receipt.

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Map, Number, Value};

use super::{Intake, exact, from_text, lenient};
use crate::consent::Receipt;
use crate::event::{Event, EventKind, Object};
use crate::identifier::LONGEST_VALUE;
use crate::ledger::{LedgerMark, is_tab};
use crate::source::ConsentBasis;
use crate::time::{Span, Timestamp};

/// Bytes that the name of a trait may have: names are part of the database's keys.
const LONGEST_TRAIT_NAME: usize = 255;
/// Characters that a message id may have.
pub const MAX_MESSAGE_ID: usize = 255;

/// What could be read of a message: its id and its number are wanted even when the rest is refused.
pub(super) struct Read {
    pub(super) message_id: String,
    pub(super) ledger: Option<LedgerMark>,
    pub(super) event: Result<Event, String>,
}

/// What a batch says once for all of its messages, as Segment's HTTP API allows: its context and
/// integrations are merged into each message's own, which win.
#[derive(Clone, Debug, Default)]
pub(super) struct Common {
    context: Object,
    integrations: Object,
}

impl Common {
    /// What is no object says nothing.
    pub(super) fn new(context: Value, integrations: Value) -> Self {
        let object = |value| match value {
            Value::Object(fields) => fields,
            _ => Map::new(),
        };
        Self {
            context: object(context),
            integrations: object(integrations),
        }
    }

    /// Adds what the message does not say itself.
    pub(super) fn complete(&self, fields: &mut Object) {
        for (name, common) in [
            ("context", &self.context),
            ("integrations", &self.integrations),
        ] {
            if common.is_empty() {
                continue;
            }
            let own = fields.entry(name).or_insert(Value::Null);
            if own.is_null() {
                *own = Value::Object(Map::new());
            }
            // What is neither absent nor an object is the message's mistake, and is told to it.
            let Some(own) = own.as_object_mut() else {
                continue;
            };
            for (key, value) in common {
                own.entry(key.as_str()).or_insert_with(|| value.clone());
            }
        }
    }
}

/// What holds for every message of a batch.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// The call of a single-event endpoint; `None` when each message names its own.
    pub(super) kind: Option<EventKind>,
    /// When the client sent the batch, by its clock.
    pub(super) sent_at: Option<Timestamp>,
    /// Bytes that one message may have.
    pub(super) limit: usize,
    /// What the batch says once for all of its messages.
    pub(super) common: &'a Common,
    /// Why that cannot be kept.
    pub(super) slip: Option<&'a str>,
    /// What stands in the messages where the body was no UTF-8.
    pub(super) damage: Option<char>,
}

pub(super) fn read(
    text: &str,
    frame: Frame<'_>,
    intake: &Intake<'_>,
    fresh_id: &mut dyn FnMut() -> String,
) -> Read {
    let Frame { limit, damage, .. } = frame;
    if damage.is_some_and(|marker| text.contains(marker)) {
        let reason = "the message is not UTF-8 throughout: write it as JSON text in UTF-8";
        return sketched(text, damage, fresh_id, reason.to_owned());
    }
    // Before anything is built of it: what it would be built of may be beyond all measure.
    if let Err(reason) = exact::check(text) {
        return sketched(text, damage, fresh_id, reason);
    }
    if let Some(reason) = frame.slip {
        return sketched(text, damage, fresh_id, reason.to_owned());
    }
    let mut fields: Object = match from_text(text) {
        Ok(Value::Object(fields)) => fields,
        Ok(_) => return refused(fresh_id(), "the message is not a JSON object".to_owned()),
        Err(error) => {
            let reason =
                format!("the message cannot be read ({error}): write it as JSON text in UTF-8");
            return sketched(text, damage, fresh_id, reason);
        }
    };
    frame.common.complete(&mut fields);
    let given = take_text(&mut fields, "messageId").ok().flatten();
    let message_id = given.filter(|id| is_id(id)).unwrap_or_else(fresh_id);
    let ledger = take_ledger(&mut fields);
    if text.len() > limit {
        let reason = format!(
            "the message has {} bytes; an event may have {limit}: send large content elsewhere and refer to it",
            text.len()
        );
        return Read {
            message_id,
            ledger,
            event: Err(reason),
        };
    }
    let event = build(
        fields,
        frame.kind,
        frame.sent_at,
        intake,
        &message_id,
        ledger.clone(),
    );
    Read {
        message_id,
        ledger,
        event,
    }
}

/// Whether a text may be a message id.
fn is_id(id: &str) -> bool {
    id.chars().count() <= MAX_MESSAGE_ID && !id.chars().any(char::is_control)
}

/// What is looked for in a message that cannot be read as a whole.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sketch {
    message_id: Option<Box<RawValue>>,
    context: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
struct SketchedContext {
    ledger: Option<Box<RawValue>>,
}

/// A message that is refused unread, with its id and number if these at least can be found.
fn sketched(
    text: &str,
    damage: Option<char>,
    fresh_id: &mut dyn FnMut() -> String,
    reason: String,
) -> Read {
    let sketch: Option<Sketch> = lenient(text);
    let (id, context) = sketch.map_or((None, None), |sketch| (sketch.message_id, sketch.context));
    let id = match id.and_then(|id| lenient(id.get())) {
        Some(Value::String(id)) if !id.trim().is_empty() => Some(id),
        Some(Value::Number(number)) => Some(number.to_string()),
        _ => None,
    };
    let id = id.filter(|id| is_id(id) && !damage.is_some_and(|marker| id.contains(marker)));
    let context: Option<SketchedContext> = context.and_then(|context| lenient(context.get()));
    let mark = context.and_then(|context| context.ledger);
    Read {
        message_id: id.unwrap_or_else(fresh_id),
        ledger: mark.and_then(|mark| lenient(mark.get())).filter(is_mark),
        event: Err(reason),
    }
}

fn refused(message_id: String, reason: String) -> Read {
    Read {
        message_id,
        ledger: None,
        event: Err(reason),
    }
}

fn build(
    mut fields: Object,
    kind: Option<EventKind>,
    batch_sent_at: Option<Timestamp>,
    intake: &Intake<'_>,
    message_id: &str,
    ledger: Option<LedgerMark>,
) -> Result<Event, String> {
    let kind = take_kind(&mut fields, kind)?;
    let name_field = if kind == EventKind::Track {
        "event"
    } else {
        "name"
    };
    let name = take_text(&mut fields, name_field)?;
    let [anonymous_id, user_id, previous_id, group_id] =
        ["anonymousId", "userId", "previousId", "groupId"].map(|field| take_id(&mut fields, field));
    let (anonymous_id, user_id, previous_id, group_id) =
        (anonymous_id?, user_id?, previous_id?, group_id?);
    // An alias without a previous id means the browser that says it.
    let previous_id = match kind {
        EventKind::Alias => previous_id.or_else(|| anonymous_id.clone()),
        _ => previous_id,
    };
    let mut context = take_object(&mut fields, "context")?;
    let receipt = take_receipt(&mut context, intake)?;
    let original = match take_time(&mut fields, "originalTimestamp")? {
        Some(time) => Some(time),
        None => take_time(&mut fields, "timestamp")?,
    };
    let sent_at = take_time(&mut fields, "sentAt")?.or(batch_sent_at);
    fields.remove("writeKey");
    let event = Event {
        message_id: message_id.to_owned(),
        kind,
        name,
        anonymous_id,
        user_id,
        previous_id,
        group_id,
        properties: take_object(&mut fields, "properties")?,
        traits: take_object(&mut fields, "traits")?,
        context,
        timestamp: corrected(original, sent_at, intake.received_at),
        original_timestamp: original,
        sent_at,
        received_at: intake.received_at,
        receipt,
        bot: None,
        ledger,
        violations: Vec::new(),
        extra: fields,
    };
    complete(&event)?;
    Ok(event)
}

/// The spec's demands on each call.
fn complete(event: &Event) -> Result<(), String> {
    let needs = |there: bool, what: &str| {
        if there {
            Ok(())
        } else {
            Err(format!("a message of type {} needs {what}", event.kind))
        }
    };
    let of_context = event.context.get("traits").and_then(Value::as_object);
    let names = [Some(&event.traits), of_context]
        .into_iter()
        .flatten()
        .flat_map(Map::keys);
    if let Some(name) = names
        .into_iter()
        .find(|name| name.len() > LONGEST_TRAIT_NAME)
    {
        let start: String = name.chars().take(40).collect();
        return Err(format!(
            "the trait \"{start}…\" has a name of {} bytes; it may have {LONGEST_TRAIT_NAME}",
            name.len()
        ));
    }
    if event.kind == EventKind::Track {
        needs(
            event.name.is_some(),
            "an \"event\", the name of what happened",
        )?;
    }
    if event.kind == EventKind::Group {
        needs(event.group_id.is_some(), "a \"groupId\"")?;
    }
    if event.kind == EventKind::Alias {
        needs(
            event.previous_id.is_some() && event.user_id.is_some(),
            "a \"previousId\" and a \"userId\"",
        )?;
    }
    needs(
        event.user_id.is_some() || event.anonymous_id.is_some(),
        "a \"userId\" or an \"anonymousId\"",
    )
}

/// A request that seems to take less than this says nothing about the client's clock. Correcting by
/// it would put the events of one page out of order whenever two of its requests differ in speed.
const LATENCY: Span = Span::from_seconds(1);

/// When it happened, by our clock: the client's own times say how long before sending it was, and
/// the edge knows when it arrived. `timestamp = receivedAt − (sentAt − originalTimestamp)`, from the
/// Segment spec (Common Fields, Timestamps), once the clocks differ by more than a request takes.
/// Nothing can have happened after it arrived.
fn corrected(
    original: Option<Timestamp>,
    sent_at: Option<Timestamp>,
    received_at: Timestamp,
) -> Timestamp {
    match (original, sent_at) {
        (Some(original), Some(sent)) if original <= sent => {
            let apart = received_at.since(sent);
            if apart < LATENCY && apart > LATENCY.negated() {
                return original.min(received_at);
            }
            received_at.plus(sent.since(original).negated())
        }
        (Some(_), Some(_)) | (None, _) => received_at,
        // Imports and old clients say when it happened and nothing else.
        (Some(original), None) => original.min(received_at),
    }
}

fn take_kind(fields: &mut Object, endpoint: Option<EventKind>) -> Result<EventKind, String> {
    let named = fields.remove("type");
    if let Some(kind) = endpoint {
        return Ok(kind);
    }
    let word = named.as_ref().and_then(Value::as_str).unwrap_or_default();
    EventKind::from_word(word).ok_or_else(|| {
        let known = EventKind::ALL.map(EventKind::as_str).join(", ");
        match &named {
            None => format!("the message has no \"type\": write one of {known}"),
            Some(other) => format!("\"type\" is {}: write one of {known}", short(other)),
        }
    })
}

fn take_receipt(context: &mut Object, intake: &Intake<'_>) -> Result<Receipt, String> {
    let mut receipt: Receipt = match context.remove("consent") {
        None | Some(Value::Null) => Receipt::default(),
        Some(consent) => serde_json::from_value(consent)
            .map_err(|error| format!("context.consent cannot be read ({error}): write {{\"categoryPreferences\":{{\"analytics\":true}}}}"))?,
    };
    receipt.gpc |= intake.gpc;
    if let ConsentBasis::Declared { basis } = &intake.config.consent_basis
        && receipt.source.is_none()
    {
        receipt.source = Some(format!("basis:{basis}"));
    }
    Ok(receipt)
}

/// The number of our SDK. A mark that makes no sense stays where it is, as any unknown context does.
fn take_ledger(fields: &mut Object) -> Option<LedgerMark> {
    let context = fields.get_mut("context")?.as_object_mut()?;
    let mark: LedgerMark = serde_json::from_value(context.get("ledger")?.clone()).ok()?;
    if !is_mark(&mark) {
        return None;
    }
    context.remove("ledger");
    Some(mark)
}

/// Whether an SDK may have given this number.
fn is_mark(mark: &LedgerMark) -> bool {
    is_tab(&mark.tab) && mark.seq != 0 && mark.seq < u64::from(u32::MAX)
}

/// An id: a text, or a number as some clients send; null and the empty text are no id.
fn take_id(fields: &mut Object, field: &str) -> Result<Option<String>, String> {
    let id = take_text(fields, field)?;
    match &id {
        Some(text) if text.len() > LONGEST_VALUE => Err(format!(
            "\"{field}\" has more than {LONGEST_VALUE} bytes: send the id itself"
        )),
        _ => Ok(id),
    }
}

fn take_text(fields: &mut Object, field: &str) -> Result<Option<String>, String> {
    match fields.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) => Ok(Some(text).filter(|text| !text.trim().is_empty())),
        Some(Value::Number(number)) => Ok(Some(in_digits(&number))),
        Some(other) => Err(format!("\"{field}\" is {}: write a text", short(&other))),
    }
}

/// A number as a person writes it: 4711 and 4711.0, as some languages have it, are one id.
fn in_digits(number: &Number) -> String {
    let text = number.to_string();
    match text.strip_suffix(".0") {
        Some(whole) => whole.to_owned(),
        None => text,
    }
}

fn take_object(fields: &mut Object, field: &str) -> Result<Object, String> {
    match fields.remove(field) {
        None | Some(Value::Null) => Ok(Map::new()),
        Some(Value::Object(object)) => Ok(object),
        // PHP writes an empty object so.
        Some(Value::Array(list)) if list.is_empty() => Ok(Map::new()),
        Some(other) => Err(format!("\"{field}\" is {}: write an object", short(&other))),
    }
}

fn take_time(fields: &mut Object, field: &str) -> Result<Option<Timestamp>, String> {
    match fields.remove(field) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::String(text)) if text.trim().is_empty() => Ok(None),
        Some(value) => Timestamp::from_json(&value)
            .map(Some)
            .map_err(|error| format!("\"{field}\": {error}")),
    }
}

/// The beginning of a value, for a message.
fn short(value: &Value) -> String {
    let text = value.to_string();
    if text.chars().count() <= 40 {
        text
    } else {
        format!("{}…", text.chars().take(40).collect::<String>())
    }
}
