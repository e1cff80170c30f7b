//! A request, and what may become of it.

use cdp_core::identifier::Identifier;
use cdp_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::{archive, person, rectify, restriction, store};
use crate::app::App;
use crate::error::{Code, Error, Result};
use crate::{clock, id};

/// Characters of a note, a reason or a reference.
const LONGEST_NOTE: usize = 1_000;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Kind {
    /// To see everything that is held.
    Access,
    /// What the person provided, for a program to read.
    Portability,
    /// To have everything erased.
    Erasure,
    /// To have traits corrected.
    Rectification,
    /// To have everything kept and nothing used.
    Restriction,
}

/// How far a request is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum State {
    /// The requester's identity is to be checked.
    Received,
    /// It was checked; somebody has to begin.
    Verified,
    /// It is being done.
    Running,
    /// It was done.
    Done,
    /// It will not be done, for a reason.
    Refused,
    /// It was taken back.
    Cancelled,
}

impl State {
    /// The word in SQL and in messages.
    pub(super) const fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Verified => "verified",
            Self::Running => "running",
            Self::Done => "done",
            Self::Refused => "refused",
            Self::Cancelled => "cancelled",
        }
    }

    /// Whether nothing was begun yet.
    const fn is_open(self) -> bool {
        matches!(self, Self::Received | Self::Verified)
    }
}

/// Under which law, which says when an answer is due.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Regime {
    /// One month, and two more where that is not enough.
    #[default]
    Gdpr,
    /// 45 days, and 45 more where that is not enough.
    Ccpa,
}

impl Regime {
    /// When an answer is due that was asked for at a time; `extended` when more time was taken.
    pub(super) fn due(self, created_at: Timestamp, extended: bool) -> Timestamp {
        match (self, extended) {
            (Self::Gdpr, false) => months_after(created_at, 1),
            (Self::Gdpr, true) => months_after(created_at, 3),
            (Self::Ccpa, false) => created_at.plus(Span::from_seconds(45 * 86_400)),
            (Self::Ccpa, true) => created_at.plus(Span::from_seconds(90 * 86_400)),
        }
    }
}

/// The same day some months later, or the last of that month where it has no such day.
fn months_after(time: Timestamp, months: u32) -> Timestamp {
    let text = time.to_string();
    let number = |from, to| {
        text.get(from..to)
            .and_then(|digits| digits.parse::<u32>().ok())
    };
    let (Some(year), Some(month), Some(day)) = (number(0, 4), number(5, 7), number(8, 10)) else {
        return time;
    };
    let month = month - 1 + months;
    let (year, month) = (year + month / 12, month % 12 + 1);
    let rest = text.get(10..).unwrap_or_default();
    let of_day = |day: u32| format!("{year:04}-{month:02}-{day:02}{rest}").parse().ok();
    (1..=day).rev().find_map(of_day).unwrap_or(time)
}

/// How the requester's identity was checked.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Verification {
    method: Method,
    /// Who checked it.
    #[serde(default)]
    pub(super) by: String,
    /// Where the proof is, such as a ticket's number; no copy of a document belongs here.
    #[serde(default)]
    pub(super) reference: String,
    #[serde(default)]
    at: Timestamp,
}

/// A way to check who somebody is.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Method {
    /// A link that was sent to the address was followed.
    EmailLink,
    /// A code that was sent to the number was said.
    PhoneCode,
    /// The request came from within the person's account.
    SignedIn,
    /// A document was looked at.
    Document,
    /// Something that only the person knows was told.
    Knowledge,
    /// The reference says how.
    Other,
}

/// How far an erasure is with one store, or what an answer found there.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct Progress {
    pub(super) store: String,
    /// `waiting`, `running` or `done`.
    pub(super) state: String,
    /// Rows that were found, or erased.
    pub(super) count: u64,
}

/// A request as callers see it.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Request {
    pub(super) id: String,
    #[serde(skip)]
    pub(super) space_id: String,
    pub(super) kind: Kind,
    pub(super) state: State,
    /// `None` once it is being erased.
    pub(super) subject: Option<Identifier>,
    /// HMAC-SHA256 of the subject, in hexadecimal digits.
    pub(super) subject_hash: String,
    pub(super) regime: Regime,
    pub(super) note: String,
    pub(super) verification: Option<Verification>,
    /// Traits with what they are to be; null takes one away.
    #[serde(skip_serializing_if = "Map::is_empty")]
    pub(super) changes: Map<String, Value>,
    pub(super) progress: Vec<Progress>,
    pub(super) reason: String,
    pub(super) receipt: Option<Value>,
    pub(super) created_at: Timestamp,
    pub(super) due_at: Timestamp,
    pub(super) extended: bool,
    pub(super) started_at: Option<Timestamp>,
    pub(super) ended_at: Option<Timestamp>,
}

/// Who is meant: `email:ada@example.com`, a profile's id, or kind and value.
#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(super) enum Subject {
    /// In one text.
    Text(String),
    /// In two.
    Parts { kind: String, value: String },
}

/// What a new request says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Asked {
    kind: Kind,
    subject: Subject,
    #[serde(default)]
    regime: Regime,
    #[serde(default)]
    note: String,
    /// How the requester's identity was checked, if it was already.
    #[serde(default)]
    verified: Option<Verification>,
    /// Of a rectification: traits that get a value.
    #[serde(default)]
    set: Map<String, Value>,
    /// Of a rectification: traits that go.
    #[serde(default)]
    remove: Vec<String>,
}

fn invalid(say: impl Into<String>) -> Error {
    Error::new(Code::InvalidDefinition, say)
}

fn short(what: &str, text: &str) -> Result<()> {
    if text.chars().count() > LONGEST_NOTE {
        return Err(invalid(format!(
            "\"{what}\" has {LONGEST_NOTE} characters at most"
        )));
    }
    Ok(())
}

impl Verification {
    fn now(mut self) -> Result<Self> {
        short("by", &self.by)?;
        short("reference", &self.reference)?;
        if matches!(self.method, Method::Other) && self.reference.trim().is_empty() {
            return Err(invalid(
                "where the method is \"other\", \"reference\" says how the identity was checked",
            ));
        }
        self.at = clock::now();
        Ok(self)
    }
}

/// Takes a request in.
pub(super) async fn receive(app: &App, space_id: &str, asked: Asked) -> Result<Request> {
    short("note", &asked.note)?;
    let mut changes = asked.set;
    changes.extend(asked.remove.into_iter().map(|name| (name, Value::Null)));
    match (asked.kind, changes.is_empty()) {
        (Kind::Rectification, true) => {
            return Err(invalid(
                "a rectification names what is right: \"set\": {\"name\": \"Ada\"} or \"remove\": [\"name\"]",
            ));
        }
        (Kind::Rectification, false) | (_, true) => {}
        _ => return Err(invalid("\"set\" and \"remove\" belong to a rectification")),
    }
    let subject = person::named(app, space_id, asked.subject).await?;
    let verification = asked.verified.map(Verification::now).transpose()?;
    let now = clock::now();
    let request = Request {
        id: id::dated("prq", now)?,
        space_id: space_id.to_owned(),
        kind: asked.kind,
        state: if verification.is_some() {
            State::Verified
        } else {
            State::Received
        },
        subject_hash: app.suppressions.hash(&subject),
        subject: Some(subject),
        regime: asked.regime,
        note: asked.note,
        verification,
        changes,
        progress: Vec::new(),
        reason: String::new(),
        receipt: None,
        created_at: now,
        due_at: asked.regime.due(now, false),
        extended: false,
        started_at: None,
        ended_at: None,
    };
    store::insert(&app.database, &request).await?;
    Ok(request)
}

/// A request of a space.
pub(super) async fn find(app: &App, space_id: &str, id: &str) -> Result<Request> {
    let found = store::find(&app.database, space_id, id).await?;
    found.ok_or_else(|| Error::not_found("privacy request"))
}

/// The request, if it is in a state in which that may be done.
async fn in_state(
    app: &App,
    space_id: &str,
    id: &str,
    what: &str,
    fits: impl Fn(State) -> bool,
) -> Result<Request> {
    let request = find(app, space_id, id).await?;
    if fits(request.state) {
        return Ok(request);
    }
    let state = request.state.as_str();
    let advice = match request.state {
        State::Received => ": the requester's identity is to be checked first, see …/verify",
        _ => "",
    };
    Err(Error::new(
        Code::Conflict,
        format!("a request that is {state} cannot be {what}{advice}"),
    ))
}

/// Writes down that the requester's identity was checked.
pub(super) async fn verify(
    app: &App,
    space_id: &str,
    id: &str,
    verification: Verification,
) -> Result<Request> {
    let mut request = in_state(app, space_id, id, "verified", |state| {
        state == State::Received
    })
    .await?;
    request.verification = Some(verification.now()?);
    request.state = State::Verified;
    store::update(&app.database, &request, State::Received).await?;
    Ok(request)
}

/// Ends a request that was not begun.
pub(super) async fn end(
    app: &App,
    space_id: &str,
    id: &str,
    state: State,
    reason: String,
) -> Result<Request> {
    short("reason", &reason)?;
    let what = state.as_str();
    let mut request = in_state(app, space_id, id, what, State::is_open).await?;
    if state == State::Refused && reason.trim().is_empty() {
        return Err(invalid("say the requester why: a refusal has a \"reason\""));
    }
    let before = std::mem::replace(&mut request.state, state);
    request.reason = reason;
    request.ended_at = Some(clock::now());
    store::update(&app.database, &request, before).await?;
    Ok(request)
}

/// Takes more time, once.
pub(super) async fn extend(app: &App, space_id: &str, id: &str, reason: String) -> Result<Request> {
    short("reason", &reason)?;
    let mut request = in_state(app, space_id, id, "extended", State::is_open).await?;
    if request.extended {
        return Err(Error::new(
            Code::Conflict,
            "this request was extended already: it cannot be extended twice",
        ));
    }
    if reason.trim().is_empty() {
        return Err(invalid(
            "the requester has to be told why it takes longer: give a \"reason\"",
        ));
    }
    request.extended = true;
    request.reason = reason;
    request.due_at = request.regime.due(request.created_at, true);
    store::update(&app.database, &request, request.state).await?;
    Ok(request)
}

/// Begins what was asked for. An erasure goes on in the background; the rest is done when this returns.
pub(super) async fn start(app: &App, space_id: &str, id: &str) -> Result<Request> {
    let mut request = in_state(app, space_id, id, "started", |state| {
        state == State::Verified
    })
    .await?;
    request.started_at = Some(clock::now());
    match request.kind {
        Kind::Erasure => {
            request.state = State::Running;
            store::begin(&app.database, &request).await?;
            request.subject = None;
            app.pipeline.wake();
            return Ok(request);
        }
        Kind::Access | Kind::Portability => {
            request.progress = archive::count(app, &request).await?;
        }
        Kind::Rectification => request.progress = rectify::apply(app, &request).await?,
        Kind::Restriction => request.progress = restriction::begin(app, &request).await?,
    }
    request.state = State::Done;
    request.ended_at = Some(clock::now());
    request.receipt = Some(receipt(&request)?);
    store::update(&app.database, &request, State::Verified).await?;
    Ok(request)
}

/// What was done, for the requester and for whoever asks later. It names nobody but by a hash, and has a hash of itself.
pub(super) fn receipt(request: &Request) -> Result<Value> {
    let stores: Map<String, Value> = request
        .progress
        .iter()
        .map(|progress| (progress.store.clone(), progress.count.into()))
        .collect();
    let checked = request.verification.as_ref();
    let mut receipt = serde_json::json!({
        "request_id": request.id, "kind": request.kind, "regime": request.regime, "subject_hash": request.subject_hash,
        "requested_at": request.created_at, "due_at": request.due_at, "started_at": request.started_at, "ended_at": request.ended_at,
        "identity_checked": checked.map(|checked| serde_json::json!({"method": checked.method, "by": checked.by, "at": checked.at})),
        "stores": stores,
    });
    receipt["hash"] = id::digest(serde_json::to_string(&receipt)?).into();
    Ok(receipt)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_ends_where_the_month_does() {
        let due = |text: &str, extended| {
            Regime::Gdpr
                .due(text.parse().unwrap_or_default(), extended)
                .to_string()
        };
        assert!(due("2026-01-31T09:30:00Z", false).starts_with("2026-02-28T09:30:00"));
        assert!(due("2026-12-15T00:00:00Z", false).starts_with("2027-01-15T"));
        assert!(due("2026-11-30T00:00:00Z", true).starts_with("2027-02-28T"));
    }
}
