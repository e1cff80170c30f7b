//! One message: from the text a client sent to an event with its time corrected and its receipt.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::value::RawValue;
use serde_json::{Number, Value};
use sha2::{Digest as _, Sha256};

use super::outline::{self, Outline};
use super::{Intake, detail, lenient, surrogates};
use crate::address::IpPolicy;
use crate::collection::recorded_address;
use crate::consent::Receipt;
use crate::event::{Event, EventKind};
use crate::fields::Fields;
use crate::hex::hex;
use crate::identifier::LONGEST_VALUE;
use crate::json;
use crate::json::members::{self, Members};
use crate::kept_message::KeptMessage;
use crate::ledger::{LedgerMark, is_tab};
use crate::time::{Span, Timestamp};

/// Bytes that the name of a trait may have: names are part of the database's keys.
const LONGEST_TRAIT_NAME: usize = 255;
/// Hexadecimal digits of an id that stands in for one that cannot be kept.
const DIGITS_OF_STAND_IN: usize = 32;
/// Characters that a message id may have.
pub const MAX_MESSAGE_ID: usize = 255;

/// What could be read of a message: its id and its number are wanted even when the rest is refused.
pub(super) struct Read {
    pub(super) message_id: String,
    pub(super) ledger: Option<LedgerMark>,
    /// The program that the message says it comes from.
    pub(super) user_agent: Option<String>,
    pub(super) event: Result<Event, String>,
}

/// What a batch says once for all of its messages, as Segment's HTTP API allows: its context and
/// integrations are merged into each message's own, which win.
#[derive(Clone, Debug, Default)]
pub(super) struct Common {
    context: BTreeMap<String, Box<RawValue>>,
    integrations: BTreeMap<String, Box<RawValue>>,
}

/// Bytes that a member takes within an object.
fn bytes(name: &str, value: &RawValue) -> usize {
    name.len() + value.get().len() + 4
}

impl Common {
    /// What is no object says nothing.
    ///
    /// # Errors
    /// Which of the two cannot be kept, and why.
    pub(super) fn new(context: Option<&str>, integrations: Option<&str>) -> Result<Self, String> {
        let object = |sent: &str| {
            let mended = surrogates::mended(sent);
            let text = mended.as_deref().unwrap_or(sent);
            outline::read(text)?;
            serde_json::from_str(text).map_err(|error| detail(&error))
        };
        let read = |name: &str, sent: Option<&str>| match sent {
            Some(sent) if sent.starts_with('{') => {
                object(sent).map_err(|reason| format!("the batch's \"{name}\": {reason}"))
            }
            _ => Ok(BTreeMap::new()),
        };
        Ok(Self {
            context: read("context", context)?,
            integrations: read("integrations", integrations)?,
        })
    }

    fn parts(&self) -> [(&'static str, &BTreeMap<String, Box<RawValue>>); 2] {
        [
            ("context", &self.context),
            ("integrations", &self.integrations),
        ]
    }

    /// How many bytes each message takes of it at most.
    pub(super) fn bytes(&self) -> usize {
        let members = self.context.iter().chain(&self.integrations);
        members.map(|(name, value)| bytes(name, value)).sum()
    }

    /// Adds what the message does not say itself; about how many bytes that makes it longer.
    pub(super) fn complete(&self, outline: &mut Outline<'_>) -> usize {
        let mut added = 0;
        for (name, common) in self.parts() {
            if common.is_empty() {
                continue;
            }
            let own = outline.members.get(name).filter(|own| *own != "null");
            let own = match own {
                None => Some(Members::default()),
                // What is neither absent nor an object is the message's mistake, and is told to it.
                Some(own) if own.starts_with('{') => outline::read(own).ok().map(|own| own.members),
                Some(_) => None,
            };
            let Some(mut own) = own else { continue };
            let said: BTreeSet<String> = own.names().map(str::to_owned).collect();
            for (key, value) in common.iter().filter(|(key, _)| !said.contains(*key)) {
                added += bytes(key, value);
                own.add(key, Cow::Borrowed(value.get()));
            }
            let completed = own.text();
            outline.members.take(name);
            outline.members.add(name, Cow::Owned(completed));
            // Its members are other ones now.
            outline.context = None;
        }
        added
    }
}

/// A refused message as it may be kept, with what its request says for it; `None` when it cannot be read or kept exactly.
pub(super) fn kept_message(text: &str, frame: Frame<'_>, policy: IpPolicy) -> Option<KeptMessage> {
    let mended = surrogates::mended(text);
    let text = mended.as_deref().unwrap_or(text);
    let mut outline = outline::read(text).ok()?;
    if !text.trim_start().starts_with('{') {
        return KeptMessage::of_json(text.to_owned());
    }
    frame.common.complete(&mut outline);
    let mut fields = outline.members;
    let context = fields.get("context").map(str::to_owned);
    if let Some(mut members) = context.as_deref().and_then(members::of_text)
        && let Some(given) = members.take("ip")
    {
        let recorded = recorded_address(lenient(&given), policy, None);
        if let Some(recorded) = recorded {
            members.add("ip", Cow::Owned(recorded.to_string()));
        }
        fields.take("context");
        fields.add("context", Cow::Owned(members.text()));
    }
    let said = [
        ("type", frame.kind.map(|kind| Value::from(kind.as_str()))),
        (
            "sentAt",
            frame
                .sent_at
                .map(|sent_at| Value::from(sent_at.to_string())),
        ),
    ];
    for (name, value) in said {
        if let Some(value) = value.filter(|_| fields.get(name).is_none()) {
            fields.add(name, Cow::Owned(value.to_string()));
        }
    }
    KeptMessage::of_json(fields.text())
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
    last: &mut LastReceipt,
    fresh_id: &mut dyn FnMut() -> String,
) -> Read {
    let damage = frame.damage;
    if damage.is_some_and(|marker| text.contains(marker)) {
        let reason = "the message is not UTF-8 throughout: write it as JSON text in UTF-8";
        return sketched(text, damage, fresh_id, reason.to_owned());
    }
    let mended = surrogates::mended(text);
    let whole = mended.as_deref().unwrap_or(text);
    // Before anything is built of it: what it would be built of may be beyond all measure.
    let mut outline = match outline::read(whole) {
        Ok(outline) => outline,
        Err(reason) => return sketched(text, damage, fresh_id, reason),
    };
    if let Some(reason) = frame.slip {
        return sketched(text, damage, fresh_id, reason.to_owned());
    }
    if !whole.trim_start().starts_with('{') {
        return Read {
            message_id: fresh_id(),
            ledger: None,
            user_agent: None,
            event: Err("the message is not a JSON object".to_owned()),
        };
    }
    let length = text.len() + frame.common.complete(&mut outline);
    let Outline {
        members: mut fields,
        context: members,
    } = outline;
    let message_id = match take_text(&mut fields, "messageId") {
        Ok(None) => fresh_id(),
        Ok(Some(id)) if is_id(&id) => id,
        Ok(Some(id)) => stand_in(&id),
        // Two messages of the same client may have the same truth value where an id belongs.
        Err(_) => stand_in(text),
    };
    let sent = fields.take("context");
    let context = Context::read(sent.as_deref(), members);
    let (ledger, user_agent) = match &context {
        Ok(context) => (context.ledger.clone(), context.user_agent()),
        Err(_) => (None, None),
    };
    let event = if length > frame.limit {
        Err(format!(
            "the message has {length} bytes; an event may have {}: send large content elsewhere and refer to it",
            frame.limit
        ))
    } else {
        context.and_then(|context| build(fields, context, frame, intake, last, &message_id))
    };
    Read {
        message_id,
        ledger,
        user_agent,
        event,
    }
}

/// Whether a text may be a message id.
fn is_id(id: &str) -> bool {
    id.chars().count() <= MAX_MESSAGE_ID && !id.chars().any(char::is_control)
}

/// The id of a message whose own cannot be kept: the same when it is sent again.
fn stand_in(of: &str) -> String {
    let mut digits = hex(&Sha256::digest(of));
    digits.truncate(DIGITS_OF_STAND_IN);
    format!("sha256-{digits}")
}

/// What is looked for in a message that cannot be read as a whole.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Sketch {
    message_id: Option<Box<RawValue>>,
    context: Option<Box<RawValue>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct SketchedContext {
    ledger: Option<Box<RawValue>>,
    user_agent: Option<Box<RawValue>>,
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
    let (mark, user_agent) =
        context.map_or((None, None), |context| (context.ledger, context.user_agent));
    Read {
        message_id: id.unwrap_or_else(fresh_id),
        ledger: mark.and_then(|mark| lenient(mark.get())).filter(is_mark),
        user_agent: user_agent.and_then(|user_agent| lenient(user_agent.get())),
        event: Err(reason),
    }
}

/// A message's context, one level deep.
#[derive(Default)]
struct Context<'a> {
    sent: Option<&'a str>,
    members: Members<'a>,
    /// The number of our SDK. A mark that makes no sense stays where it is, as any unknown context does.
    ledger: Option<LedgerMark>,
}

impl<'a> Context<'a> {
    /// From its text, and its members if they are known already.
    fn read(sent: Option<&'a str>, members: Option<Members<'a>>) -> Result<Self, String> {
        let Some(sent) = object("context", sent)? else {
            return Ok(Self::default());
        };
        let mut members = match members {
            Some(members) => members,
            None => outline::read(sent)?.members,
        };
        let mark = members.get("ledger");
        let ledger = mark.and_then(lenient).filter(is_mark);
        if ledger.is_some() {
            members.take("ledger");
        }
        Ok(Self {
            sent: Some(sent),
            members,
            ledger,
        })
    }

    fn user_agent(&self) -> Option<String> {
        lenient(self.members.get("userAgent")?)
    }

    /// Takes the consent at capture out. Most messages of a batch say what the last one said.
    fn receipt(&mut self, intake: &Intake<'_>, last: &mut LastReceipt) -> Result<Receipt, String> {
        let consent = self.members.take("consent");
        let consent = consent.as_deref().filter(|consent| *consent != "null");
        if let Some((known, receipt)) = &last.0
            && known.as_deref() == consent
        {
            return Ok(receipt.clone());
        }
        let mut receipt: Receipt = match consent {
            None => Receipt::unsent(),
            Some(consent) => receipt(consent)?,
        };
        receipt.gpc |= intake.gpc;
        receipt.stamp(&intake.config.policy, intake.jurisdiction_of_person());
        if let Some(basis) = intake.config.consent_basis.declared()
            && (receipt.source.is_none() || receipt.is_silent())
        {
            receipt.source = Some(format!("basis:{basis}"));
        }
        last.0 = Some((consent.map(str::to_owned), receipt.clone()));
        Ok(receipt)
    }

    /// Leaves of the address what may be recorded.
    fn record_address(&mut self, intake: &Intake<'_>) -> Result<(), String> {
        let given = self.members.take("ip");
        let given = given.map(|given| value(&given)).transpose()?;
        let policy = intake.config.collection.ip;
        if let Some(recorded) = recorded_address(given, policy, intake.own_caller().address) {
            self.members.add("ip", Cow::Owned(recorded.to_string()));
        }
        Ok(())
    }
}

/// The receipt of the message before, and the text that it was read from.
#[derive(Debug, Default)]
pub(super) struct LastReceipt(Option<(Option<String>, Receipt)>);

/// What `context.consent` says.
fn receipt(consent: &str) -> Result<Receipt, String> {
    // A member that is named twice is a matter of values: the last one counts.
    serde_json::from_str(consent).or_else(|_| {
        value(consent).and_then(|consent| {
            serde_json::from_value(consent)
                .map_err(|error| format!("context.consent cannot be read ({error}): write {{\"categoryPreferences\":{{\"analytics\":true}}}}"))
        })
    })
}

fn build(
    mut fields: Members<'_>,
    mut context: Context<'_>,
    frame: Frame<'_>,
    intake: &Intake<'_>,
    last: &mut LastReceipt,
    message_id: &str,
) -> Result<Event, String> {
    let kind = take_kind(&mut fields, frame.kind)?;
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
    let receipt = context.receipt(intake, last)?;
    let original = take_time(&mut fields, "originalTimestamp")?;
    let explicit = take_time(&mut fields, "timestamp")?;
    let sent_at = take_time(&mut fields, "sentAt")?.or(frame.sent_at);
    fields.take("writeKey");
    let (properties, traits) = (fields.take("properties"), fields.take("traits"));
    let properties = object("properties", properties.as_deref())?;
    let traits = object("traits", traits.as_deref())?;
    for named in [traits, context.members.get("traits")] {
        check_names(named)?;
    }
    context.record_address(intake)?;
    let event = Event {
        message_id: message_id.to_owned(),
        kind,
        name,
        anonymous_id,
        user_id,
        previous_id,
        group_id,
        properties: kept(properties),
        traits: kept(traits),
        context: context.members.keep(context.sent),
        timestamp: happened_at(original, explicit, sent_at, intake.received_at),
        original_timestamp: original.or(explicit),
        sent_at,
        received_at: intake.received_at,
        receipt,
        bot: None,
        ledger: context.ledger,
        violations: Vec::new(),
        extra: fields.keep(None),
    };
    complete(&event)?;
    Ok(match kind {
        EventKind::Consent => statement_alone(event),
        _ => event,
    })
}

/// Of what somebody says of consent, nothing else is kept.
fn statement_alone(event: Event) -> Event {
    Event {
        name: None,
        previous_id: None,
        group_id: None,
        properties: Fields::default(),
        traits: Fields::default(),
        context: Fields::default(),
        extra: Fields::default(),
        ..event
    }
}

fn kept(object: Option<&str>) -> Fields {
    object
        .map(|object| Fields::of_text(object.to_owned()))
        .unwrap_or_default()
}

/// Refuses traits whose names are too long for the database's keys.
fn check_names(traits: Option<&str>) -> Result<(), String> {
    let Some(traits) = traits else {
        return Ok(());
    };
    if traits.len() <= LONGEST_TRAIT_NAME || !traits.starts_with('{') {
        return Ok(());
    }
    let traits = outline::read(traits)?.members;
    match traits.names().find(|name| name.len() > LONGEST_TRAIT_NAME) {
        None => Ok(()),
        Some(name) => {
            let start: String = name.chars().take(40).collect();
            Err(format!(
                "the trait \"{start}…\" has a name of {} bytes; it may have {LONGEST_TRAIT_NAME}",
                name.len()
            ))
        }
    }
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
    if event.kind == EventKind::Consent {
        needs(
            !event.receipt.ruling().is_empty(),
            "a state per purpose, such as \"consent\":{\"categoryPreferences\":{\"analytics\":false}}",
        )?;
    }
    // A till knows a loyalty card and nothing else; whether the space takes that for an identifier, its rules say.
    let external = event.context.member("externalIds");
    let has_external = external
        .and_then(Value::as_array)
        .is_some_and(|ids| !ids.is_empty());
    needs(
        event.user_id.is_some() || event.anonymous_id.is_some() || has_external,
        "a \"userId\" or an \"anonymousId\" (or an id that another system gave, in \"context\".\"externalIds\")",
    )
}

/// A request that seems to take less than this says nothing about the client's clock. Correcting by
/// it would put the events of one page out of order whenever two of its requests differ in speed.
const LATENCY: Span = Span::from_seconds(1);

/// When it happened, by our clock. A client that says `timestamp` beside `originalTimestamp` was told the time by the program
/// that uses it, such as that of an order of last year, while the other is when the client was called: `RudderStack`'s
/// clients do so, and there is nothing to correct (its documentation, Common Fields, clock skew).
fn happened_at(
    original: Option<Timestamp>,
    explicit: Option<Timestamp>,
    sent_at: Option<Timestamp>,
    received_at: Timestamp,
) -> Timestamp {
    match (original, explicit) {
        (Some(_), Some(explicit)) => explicit.min(received_at),
        _ => corrected(original.or(explicit), sent_at, received_at),
    }
}

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

fn take_kind(fields: &mut Members<'_>, endpoint: Option<EventKind>) -> Result<EventKind, String> {
    let named = fields.take("type");
    if let Some(kind) = endpoint {
        return Ok(kind);
    }
    let word: Option<Cow<'_, str>> = named.as_deref().and_then(word);
    EventKind::from_word(word.as_deref().unwrap_or_default()).ok_or_else(|| {
        let known = EventKind::ALL.map(EventKind::as_str).join(", ");
        match named.as_deref() {
            None => format!("the message has no \"type\": write one of {known}"),
            Some(other) => format!("\"type\" is {}: write one of {known}", short(other)),
        }
    })
}

/// A JSON string's text, borrowed where it has no escapes.
fn word(text: &str) -> Option<Cow<'_, str>> {
    match json::plain(text) {
        Some(plain) => Some(Cow::Borrowed(plain)),
        None if text.starts_with('"') => lenient(text).map(Cow::Owned),
        None => None,
    }
}

/// Whether an SDK may have given this number.
fn is_mark(mark: &LedgerMark) -> bool {
    is_tab(&mark.tab) && mark.seq != 0 && mark.seq < u64::from(u32::MAX)
}

/// An id: a text, or a number as some clients send; null and the empty text are no id.
fn take_id(fields: &mut Members<'_>, field: &str) -> Result<Option<String>, String> {
    let id = take_text(fields, field)?;
    match &id {
        Some(text) if text.len() > LONGEST_VALUE => Err(format!(
            "\"{field}\" has more than {LONGEST_VALUE} bytes: send the id itself"
        )),
        _ => Ok(id),
    }
}

fn take_text(fields: &mut Members<'_>, field: &str) -> Result<Option<String>, String> {
    let Some(sent) = fields.take(field) else {
        return Ok(None);
    };
    if let Some(text) = word(&sent) {
        return Ok(Some(text.into_owned()).filter(|text| !text.trim().is_empty()));
    }
    match value(&sent)? {
        Value::Null => Ok(None),
        Value::Number(number) => Ok(Some(in_digits(&number))),
        _ => Err(format!("\"{field}\" is {}: write a text", short(&sent))),
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

/// The member as an object, `None` when it says nothing.
fn object<'a>(field: &str, sent: Option<&'a str>) -> Result<Option<&'a str>, String> {
    let Some(sent) = sent else { return Ok(None) };
    match sent {
        "null" => Ok(None),
        text if text.starts_with('{') => Ok(Some(sent)),
        // PHP writes an empty object so.
        text if value(text)? == Value::Array(Vec::new()) => Ok(None),
        _ => Err(format!("\"{field}\" is {}: write an object", short(sent))),
    }
}

fn take_time(fields: &mut Members<'_>, field: &str) -> Result<Option<Timestamp>, String> {
    let Some(sent) = fields.take(field) else {
        return Ok(None);
    };
    let read = match word(&sent) {
        Some(text) if text.trim().is_empty() => return Ok(None),
        Some(text) => Timestamp::from_text(&text),
        None => match value(&sent)? {
            Value::Null => return Ok(None),
            value => Timestamp::from_json(&value),
        },
    };
    read.map(Some)
        .map_err(|error| format!("\"{field}\": {error}"))
}

/// A member's text as the value that it is.
fn value(text: &str) -> Result<Value, String> {
    serde_json::from_str(text).map_err(|error| detail(&error))
}

/// The beginning of a value, for a message.
fn short(sent: &str) -> String {
    let text = value(sent).map_or_else(|_| sent.to_string(), |value| value.to_string());
    if text.chars().count() <= 40 {
        text
    } else {
        format!("{}…", text.chars().take(40).collect::<String>())
    }
}
