//! What clients send, and what becomes of each message.
//!
//! A request fails only for what is wrong with the request itself. Whatever is wrong with one
//! message is that message's outcome, and the rest of the batch does not notice.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{DeserializeOwned, IgnoredAny};
use serde_json::Value;
use serde_json::value::RawValue;

use crate::address::IpPolicy;
use crate::bots::Recogniser;
use crate::collection::{BOT_REASON, Bots, Caller, shorten_addresses};
use crate::consent::{Choices, Receipt};
use crate::event::{Event, EventKind};
use crate::forward::{Admitted, Refused};
use crate::gate::{Gate, gate_event};
use crate::json::members::Members;
use crate::kept_message::KeptMessage;
use crate::ledger::{TabReport, believable};
use crate::outcome::Outcome;
use crate::source::{ConsentBasis, SourceConfig};
use crate::time::Timestamp;

mod exact;
mod message;
mod outline;
mod statement;
mod surrogates;
mod utf8;

pub use message::MAX_MESSAGE_ID;

/// Bytes that one message may have, as JSON text. From Segment's HTTP API.
pub const MAX_EVENT_BYTES: usize = 32 * 1024;
/// Bytes that a batch may have after decompression.
pub const MAX_BATCH_BYTES: usize = 4 * 1024 * 1024;
/// Messages that a batch may have. Segment's HTTP API takes 2,500; twice as many are no mistake yet.
pub const MAX_BATCH_MESSAGES: usize = 5_000;

/// Bytes that what a batch says once for all of its messages may have once each has it.
pub const MAX_COMMON_BYTES: usize = MAX_BATCH_BYTES;

/// A request that cannot be read at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WireError {
    /// The body is not JSON; with what the parser says.
    InvalidJson(String),
    /// The body is JSON, but not of the form that the endpoint takes.
    WrongShape(String),
    /// The batch has more messages than [`MAX_BATCH_MESSAGES`].
    TooMany(usize),
    /// What the batch says once for all of its messages has more than [`MAX_COMMON_BYTES`] once each has it.
    TooMuchInCommon {
        /// Bytes of its context and integrations.
        bytes: usize,
        /// Its messages.
        messages: usize,
    },
}

impl fmt::Display for WireError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InvalidJson(detail) => write!(
                formatter,
                "the body is not valid JSON ({detail}): send the batch as JSON text in UTF-8"
            ),
            Self::WrongShape(detail) => formatter.write_str(detail),
            Self::TooMany(count) => write!(
                formatter,
                "the batch has {count} messages; it may have {MAX_BATCH_MESSAGES}: send fewer events at a time"
            ),
            Self::TooMuchInCommon { bytes, messages } => write!(
                formatter,
                "the batch's \"context\" and \"integrations\" have {bytes} bytes, and each of its {messages} messages is kept with \
                 them: together they may have {MAX_COMMON_BYTES}. Send fewer events at a time, or less in common"
            ),
        }
    }
}

impl std::error::Error for WireError {}

/// A request that was read: its messages are still texts, parts of the body where that is possible, so
/// that a bad one harms no other.
#[derive(Clone, Debug, Default)]
pub struct Batch<'a> {
    /// Public key of the source, when the body carries it.
    pub write_key: Option<String>,
    /// What the body has as `api_key` or `token`, which is the public key when nothing else in the
    /// request is: a single event's own field may have such a name too.
    pub other_key: Option<String>,
    /// When the client sent the batch, by its clock.
    pub sent_at: Option<Timestamp>,
    /// What the SDK's tabs report.
    pub ledger: Vec<TabReport>,
    /// Placements for which decisions are wanted with the reply.
    pub placements: Vec<String>,
    /// Whose decisions.
    pub anonymous_id: Option<String>,
    /// A signed token that names the user for whom decisions are wanted.
    pub user_token: Option<String>,
    /// The caller's consent now, for decisions; `None` when it cannot be read.
    pub consent: Option<Receipt>,
    /// The call of a single-event endpoint; `None` when each message names its own.
    kind: Option<EventKind>,
    messages: Vec<Cow<'a, str>>,
    /// What the batch says once for all of its messages.
    common: message::Common,
    /// Why that cannot be kept.
    slip: Option<String>,
    /// Bytes that one message may have; [`MAX_EVENT_BYTES`] when absent.
    event_limit: Option<usize>,
    /// What stands in the messages where the body was no UTF-8.
    damage: Option<char>,
}

/// What the edge knows when it judges a batch.
#[derive(Clone, Copy, Debug)]
pub struct Intake<'a> {
    /// The source and the space's rules.
    pub config: &'a SourceConfig,
    /// Now, by the edge's clock.
    pub received_at: Timestamp,
    /// Where the caller is, from the edge's geography.
    pub jurisdiction: Option<&'a str>,
    /// Whether the request carries `Sec-GPC: 1`.
    pub gpc: bool,
    /// Who sent the request; nobody where messages are tried again or imported.
    pub caller: Caller<'a>,
}

impl<'a> Intake<'a> {
    /// What the request says of its caller, where the caller is the person's own browser or app.
    fn own_caller(&self) -> Caller<'a> {
        match self.config.consent_basis {
            ConsentBasis::EveryEvent => self.caller,
            ConsentBasis::Declared { .. } => Caller::default(),
        }
    }

    /// Where the person is, where the caller is the person's own browser or app: a server's place says
    /// nothing of the people whom its events are about.
    fn jurisdiction_of_person(&self) -> Option<&'a str> {
        match self.config.consent_basis {
            ConsentBasis::EveryEvent => self.jurisdiction,
            ConsentBasis::Declared { .. } => None,
        }
    }

    /// The known bot behind a message, unless the source does not care.
    fn bot(&self, said: Option<&str>, bots: &mut Recogniser) -> Option<&'static str> {
        if self.config.collection.bots == Bots::Keep {
            return None;
        }
        let said = said.filter(|user_agent| !user_agent.is_empty());
        bots.name(said.or(self.own_caller().user_agent)?)
    }
}

/// A batch, message by message.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Judged {
    /// Messages that passed.
    pub admitted: Vec<Admitted>,
    /// Messages that did not, with the reason.
    pub refused: Vec<Refused>,
}

impl<'a> Batch<'a> {
    /// Reads the body of a batch endpoint.
    ///
    /// # Errors
    /// When the body is not JSON, has no `batch` list, has too many messages, or says too much in common for all of them.
    pub fn read(body: &'a [u8]) -> Result<Self, WireError> {
        let (text, damage) = utf8::read(body)?;
        let batch = match text {
            Cow::Borrowed(text) => Self::of_text(text)?,
            Cow::Owned(text) => Batch::of_text(&text)?.owned(),
        };
        Ok(Self { damage, ..batch })
    }

    fn of_text(text: &'a str) -> Result<Self, WireError> {
        let (body, messages) = envelope(text)?;
        let messages = messages.ok_or_else(|| {
            let what = match body.get("batch") {
                None | Some("null") => "the body has no \"batch\"",
                Some(_) => "the body's \"batch\" is not a list",
            };
            WireError::WrongShape(format!("{what}: send {{\"writeKey\":…,\"batch\":[…]}}"))
        })?;
        if messages.len() > MAX_BATCH_MESSAGES {
            return Err(WireError::TooMany(messages.len()));
        }
        let messages = messages.into_iter().map(Cow::Borrowed).collect();
        let batch = Self::with(&body, None, messages);
        let bytes = batch.common.bytes();
        if bytes.saturating_mul(batch.len()) > MAX_COMMON_BYTES {
            return Err(WireError::TooMuchInCommon {
                bytes,
                messages: batch.len(),
            });
        }
        Ok(batch)
    }

    /// The same with messages of its own.
    fn owned(self) -> Batch<'static> {
        let own = |message: Cow<'_, str>| Cow::Owned(message.into_owned());
        Batch {
            messages: self.messages.into_iter().map(own).collect(),
            write_key: self.write_key,
            other_key: self.other_key,
            sent_at: self.sent_at,
            ledger: self.ledger,
            placements: self.placements,
            anonymous_id: self.anonymous_id,
            user_token: self.user_token,
            consent: self.consent,
            kind: self.kind,
            common: self.common,
            slip: self.slip,
            event_limit: self.event_limit,
            damage: self.damage,
        }
    }

    /// Reads the body of a single-event endpoint: the body is the message.
    ///
    /// # Errors
    /// When the body is not a JSON object.
    pub fn read_single(kind: EventKind, body: &'a [u8]) -> Result<Self, WireError> {
        let (text, damage) = utf8::read(body)?;
        let (body, _) = envelope(&text)?;
        let mut batch = Batch::with(&body, Some(kind), Vec::new());
        // In a single message these belong to the event.
        batch.placements.clear();
        batch.common = message::Common::default();
        batch.slip = None;
        batch.damage = damage;
        batch.messages = vec![text];
        Ok(batch)
    }

    /// A batch made of messages that did not come through a request just now, such as those that are
    /// tried again.
    #[must_use]
    pub fn of_messages(messages: Vec<Box<RawValue>>) -> Batch<'static> {
        let text = |message: Box<RawValue>| Cow::Owned(Box::<str>::from(message).into_string());
        Batch {
            messages: messages.into_iter().map(text).collect(),
            ..Batch::default()
        }
    }

    /// A batch of an import's messages. The limit of one event protects the public endpoint; here one
    /// event may be as large as a batch.
    #[must_use]
    pub fn of_import(messages: Vec<Box<RawValue>>) -> Batch<'static> {
        Batch {
            event_limit: Some(MAX_BATCH_BYTES),
            ..Batch::of_messages(messages)
        }
    }

    /// How many messages there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Whether there is no message.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Judges every message: reads it, stamps it, asks consent. `fresh_id` makes a message id for
    /// those that came without.
    #[must_use]
    pub fn judge(&self, intake: &Intake<'_>, fresh_id: &mut dyn FnMut() -> String) -> Judged {
        let mut judged = Judged::default();
        let mut bots = Recogniser::default();
        let mut last = message::LastReceipt::default();
        for (index, text) in self.messages.iter().enumerate() {
            match self.judge_one(index, text, intake, (&mut bots, &mut last), fresh_id) {
                Ok(admitted) => judged.admitted.push(admitted),
                Err(refused) => judged.refused.push(*refused),
            }
        }
        judged
    }

    fn judge_one(
        &self,
        index: usize,
        text: &str,
        intake: &Intake<'_>,
        (bots, last): (&mut Recogniser, &mut message::LastReceipt),
        fresh_id: &mut dyn FnMut() -> String,
    ) -> Result<Admitted, Box<Refused>> {
        let collection = &intake.config.collection;
        let read = message::read(text, self.frame(), intake, last, fresh_id);
        let bot = intake.bot(read.user_agent.as_deref(), bots);
        // Whoever says what they want of consent is heard.
        let statement = |event: &Event| event.kind == EventKind::Consent;
        let bot = bot.filter(|_| !read.event.as_ref().is_ok_and(statement));
        if let Some(bot) = bot.filter(|_| collection.bots == Bots::Drop) {
            return Err(Box::new(Refused {
                index,
                message_id: read.message_id,
                outcome: Outcome::Denied,
                reason: format!("{BOT_REASON} ({bot}): this source drops the events of bots"),
                message: None,
                jurisdiction: None,
                gpc: false,
                ledger: read.ledger,
            }));
        }
        let mut event = read.event.map_err(|reason| {
            Box::new(Refused {
                index,
                message_id: read.message_id,
                outcome: Outcome::Quarantined,
                reason,
                message: Some(self.kept(text, collection.ip)),
                jurisdiction: intake.jurisdiction_of_person().map(str::to_owned),
                gpc: intake.gpc,
                ledger: read.ledger,
            })
        })?;
        event.bot = bot.map(str::to_owned);
        let gate = gate_event(
            &intake.config.policy,
            &intake.config.consent_basis,
            &event,
            None,
        );
        let (outcome, reason, message) = match gate {
            Gate::Admit => return Ok(Admitted { index, event }),
            Gate::Deny(reason) => (Outcome::Denied, reason, None),
            Gate::Quarantine(reason) => (
                Outcome::Quarantined,
                reason,
                Some(self.kept(text, collection.ip)),
            ),
        };
        Err(Box::new(Refused {
            index,
            message_id: event.message_id,
            outcome,
            reason,
            // What is denied is not kept, and nothing about it.
            jurisdiction: event.receipt.jurisdiction.filter(|_| message.is_some()),
            gpc: event.receipt.gpc && message.is_some(),
            message,
            ledger: event.ledger,
        }))
    }

    /// A refused message as it may be kept, with what the request says for it, so that it can be tried
    /// again without the request: as JSON where that keeps all of it, as the text that it was where not.
    fn kept(&self, text: &str, policy: IpPolicy) -> KeptMessage {
        let readable = match self.damage {
            Some(marker) if text.contains(marker) => None,
            _ => message::kept_message(text, self.frame(), policy),
        };
        readable.unwrap_or_else(|| {
            let shown = utf8::shown(text, self.damage);
            KeptMessage::of_text(&shorten_addresses(&shown, policy))
        })
    }

    fn frame(&self) -> message::Frame<'_> {
        message::Frame {
            kind: self.kind,
            sent_at: self.sent_at,
            limit: self.event_limit.unwrap_or(MAX_EVENT_BYTES),
            common: &self.common,
            slip: self.slip.as_deref(),
            damage: self.damage,
        }
    }

    fn with(body: &Members<'_>, kind: Option<EventKind>, messages: Vec<Cow<'a, str>>) -> Self {
        let reports: Vec<TabReport> = field(body.get("ledger")).unwrap_or_default();
        let said = message::Common::new(body.get("context"), body.get("integrations"));
        let (common, slip) = match said {
            Ok(common) => (common, None),
            Err(reason) => (message::Common::default(), Some(reason)),
        };
        Self {
            write_key: text(body.get("writeKey")),
            other_key: text(body.get("api_key")).or_else(|| text(body.get("token"))),
            sent_at: field::<Value>(body.get("sentAt"))
                .and_then(|sent_at| Timestamp::from_json(&sent_at).ok()),
            ledger: believable(reports),
            placements: field(body.get("placements")).unwrap_or_default(),
            anonymous_id: text(body.get("anonymousId")),
            user_token: text(body.get("userToken")),
            consent: match body.get("consent") {
                None | Some("null") => Some(Receipt::default()),
                Some(consent) => lenient(consent),
            },
            kind,
            messages,
            common,
            slip,
            event_limit: None,
            damage: None,
        }
    }
}

/// A message that did not come through a request, such as a line of a file, as it may be kept when it is refused.
#[must_use]
pub fn kept(text: &str, policy: IpPolicy) -> KeptMessage {
    Batch::default().kept(text, policy)
}

/// Body of `/v1/decide`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecideRequest {
    /// Public key of the source.
    #[serde(default)]
    pub write_key: Option<String>,
    /// Whose decisions; the first-party cookie's when absent.
    #[serde(default)]
    pub anonymous_id: Option<String>,
    /// A signed token that names the user instead.
    #[serde(default)]
    pub user_token: Option<String>,
    /// For which placements.
    pub placements: Vec<String>,
    /// The caller's consent now.
    #[serde(default)]
    pub consent: DecideConsent,
    /// Whether what is decided is shown at once, so that the exposures are recorded with the answer.
    #[serde(default)]
    pub track: bool,
}

/// The consent that comes with a request for decisions.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct DecideConsent {
    /// State per purpose.
    #[serde(default)]
    pub category_preferences: Choices,
    /// Whether Global Privacy Control is on where the person is, who may not be the caller.
    #[serde(default)]
    pub gpc: bool,
}

impl DecideRequest {
    /// Reads the body of `/v1/decide`.
    ///
    /// # Errors
    /// When the body is not JSON or names no placements.
    pub fn read(body: &[u8]) -> Result<Self, WireError> {
        let (text, _) = utf8::read(body)?;
        from_text(&text).map_err(|error| {
            if error.is_data() {
                WireError::WrongShape(format!(
                    "{}: send {{\"writeKey\":…,\"anonymousId\":…,\"placements\":[\"home-hero\"]}}",
                    detail(&error)
                ))
            } else {
                invalid(&error)
            }
        })
    }
}

/// Reads a body, which has to be an object: what it says beside its messages, and those.
fn envelope(text: &str) -> Result<(Members<'_>, Option<Vec<&str>>), WireError> {
    outline::body(text).ok_or_else(|| match serde_json::from_str::<IgnoredAny>(text) {
        Err(error) => invalid(&error),
        Ok(_) => WireError::WrongShape(
            "the body has to be a JSON object: send {\"writeKey\":…,\"batch\":[…]}".to_owned(),
        ),
    })
}

/// Parses a text, if need be with its half surrogate pairs mended.
fn from_text<T: DeserializeOwned>(text: &str) -> serde_json::Result<T> {
    serde_json::from_str(text).or_else(|error| match surrogates::mended(text) {
        Some(mended) => serde_json::from_str(&mended),
        None => Err(error),
    })
}

/// The same where any slip means that there is nothing.
fn lenient<T: DeserializeOwned>(text: &str) -> Option<T> {
    from_text(text).ok()
}

fn field<T: DeserializeOwned>(sent: Option<&str>) -> Option<T> {
    lenient(sent?)
}

fn text(sent: Option<&str>) -> Option<String> {
    field(sent).filter(|text: &String| !text.is_empty())
}

fn invalid(error: &serde_json::Error) -> WireError {
    WireError::InvalidJson(detail(error))
}

/// What the parser says, without the long texts that it may cite.
fn detail(error: &serde_json::Error) -> String {
    const LONGEST: usize = 200;
    let text = error.to_string();
    if text.chars().count() <= LONGEST {
        return text;
    }
    let start: String = text.chars().take(LONGEST).collect();
    format!("{start}…")
}
