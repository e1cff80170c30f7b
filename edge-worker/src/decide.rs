//! Decisions for the caller: placements in, variants with reasons out. Traits never leave.

use std::collections::BTreeMap;
use std::fmt;

use cdp_core::consent::{Choices, Evidence, Policy, Use, Verdict};
use cdp_core::decision::{Asker, Cause, Decision, decide};
use cdp_core::forward::{Admitted, Snapshot, SnapshotQuery, Subject};
use cdp_core::identifier::Identifier;
use cdp_core::profile_id::profile_id;
use cdp_core::source::SourceConfig;
use cdp_core::time::{Span, Timestamp};
use cdp_core::wire::DecideRequest;
use serde_json::json;

use crate::ahead::caught_up;
use crate::anonymous_id;
use crate::authenticate::authenticate;
use crate::decompress;
use crate::error::EdgeError;
use crate::exposure;
use crate::host::{Host, Known};
use crate::http::{Request, Response};
use crate::rate_limit;
use crate::user_token;

/// More placements than this in one request are a mistake.
pub(crate) const MOST_PLACEMENTS: usize = 50;

/// When decisions are made, and the id by which they are known.
pub(crate) struct Moment {
    now: Timestamp,
    decision_id: String,
}

impl Moment {
    /// Now, with a fresh id.
    pub(crate) fn of<H: Host>(host: &H) -> Self {
        let id = uuid::Builder::from_random_bytes(host.random()).into_uuid();
        Self {
            now: host.now(),
            decision_id: format!("dec_{}", id.simple()),
        }
    }
}

/// Who asks for decisions, and what they said to consent.
pub(crate) struct Caller<'a> {
    pub(crate) who: Result<Subject, Unknown>,
    pub(crate) choices: &'a Choices,
    /// What the source's owner declares that its data rests on.
    declared: Option<&'a str>,
    pub(crate) jurisdiction: Option<&'a str>,
    pub(crate) gpc: bool,
}

impl<'a> Caller<'a> {
    /// The caller of a request. `gpc` is what it says of a person who is not the caller itself.
    pub(crate) fn new(
        request: &'a Request,
        config: &'a SourceConfig,
        who: Result<Subject, Unknown>,
        choices: &'a Choices,
        gpc: bool,
    ) -> Self {
        let declared = config.consent_basis.declared();
        // A server's place says nothing of the people for whom it asks.
        let place = request.jurisdiction.as_deref();
        Self {
            who,
            choices,
            declared,
            jurisdiction: place.filter(|_| declared.is_none()),
            gpc: gpc || request.has_gpc(),
        }
    }
}

/// Why it is not known who asks.
#[derive(Clone, Debug)]
pub(crate) enum Unknown {
    /// The request names nobody.
    Nobody,
    /// Whoever made up the id would see the decisions.
    Guessable,
    /// The user token is wrong, and how.
    Token(String),
}

impl fmt::Display for Unknown {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Nobody => "the caller has no anonymous id",
            Self::Guessable => "the anonymous id could be guessed: decisions need a random one of 32 to 64 characters, such as a UUID",
            Self::Token(how) => how,
        })
    }
}

/// Who asks: whom a user token names; without one, who has the anonymous id, or the cookie. A token
/// that is wrong leaves nobody, whatever else is there.
pub(crate) fn who<H: Host>(
    host: &H,
    request: &Request,
    config: &SourceConfig,
    user_token: Option<&str>,
    anonymous_id: Option<&str>,
) -> Result<Subject, Unknown> {
    if let Some(token) = user_token.or_else(|| request.header("x-user-token")) {
        return user_token::verify(token, config, host.now())
            .map(Subject::UserId)
            .map_err(Unknown::Token);
    }
    let id = anonymous_id
        .or_else(|| anonymous_id::from_cookie(request))
        .ok_or(Unknown::Nobody)?;
    if anonymous_id::is_unguessable(id) {
        Ok(Subject::AnonymousId(id.to_owned()))
    } else {
        Err(Unknown::Guessable)
    }
}

/// `POST /v1/decide`.
pub(crate) async fn answer<H: Host>(host: &H, request: &Request) -> Result<Response, EdgeError> {
    let (body, _room) = decompress::body(host, request)?;
    let mut asked = DecideRequest::read(&body)?;
    if asked.placements.len() > MOST_PLACEMENTS {
        return Err(EdgeError::BadRequest(format!(
            "ask for at most {MOST_PLACEMENTS} placements at a time"
        )));
    }
    let config = authenticate(host, request, asked.write_key.as_deref(), None).await?;
    rate_limit::admit(host, request, &config, 1)?;
    let choices = &mut asked.consent.category_preferences;
    config.policy.map(choices);
    config
        .policy
        .check_choices(choices)
        .map_err(|unknown| EdgeError::BadRequest(unknown.to_string()))?;
    let (token, id) = (asked.user_token.as_deref(), asked.anonymous_id.as_deref());
    let who = who(host, request, &config, token, id);
    if let Err(Unknown::Token(how)) = who {
        return Err(EdgeError::UserToken(how));
    }
    let choices = &asked.consent.category_preferences;
    let caller = Caller::new(request, &config, who, choices, asked.consent.gpc);
    let decisions = evaluate(host, &config, &caller, &asked.placements).await;
    let mut reply = json!({ "decisions": decisions });
    if asked.track {
        let tracked = exposure::record(host, request, &config, &caller, &decisions).await?;
        reply["tracked"] = tracked.into();
    }
    Ok(Response::json(200, &reply))
}

/// Looks up what is known of the caller, if that may be, and decides.
pub(crate) async fn evaluate<H: Host>(
    host: &H,
    config: &SourceConfig,
    caller: &Caller<'_>,
    placements: &[String],
) -> BTreeMap<String, Decision> {
    let known = match subject(config, caller) {
        // A page that asks while nobody can answer shows its default now rather than nothing later.
        Ok(of) => host.snapshot(query(config, of)).await.ok(),
        Err(_) => None,
    };
    mind_withdrawal(host, config, caller, known.as_ref()).await;
    all(
        config,
        caller,
        placements,
        (known.as_ref(), &[]),
        &Moment::of(host),
    )
}

fn query(config: &SourceConfig, of: Subject) -> SnapshotQuery {
    SnapshotQuery {
        space_id: config.space_id.clone(),
        of,
        known: None,
    }
}

/// Has the host forget somebody who has withdrawn: what it keeps for an outage must not outlive that.
pub(crate) async fn mind_withdrawal<H: Host>(
    host: &H,
    config: &SourceConfig,
    caller: &Caller<'_>,
    known: Option<&Known>,
) {
    if let (Some(known), Ok(subject)) = (known, &caller.who)
        && withdrawn(config, &known.snapshot).is_some()
    {
        host.forget(&config.space_id, vec![subject.clone()]).await;
    }
}

/// The purpose that decisions need and the person has refused.
fn withdrawn<'a>(config: &'a SourceConfig, snapshot: &Snapshot) -> Option<&'a String> {
    let denied = |purpose: &&String| snapshot.choices.get(*purpose) == Some(&false);
    config.policy.uses.decisions.iter().find(denied)
}

/// The choices of somebody for whom nothing is decided.
pub(crate) fn refusal(policy: &Policy) -> Choices {
    let purposes = policy.uses.decisions.iter();
    purposes.map(|purpose| (purpose.clone(), false)).collect()
}

/// Whom to decide for, or why nobody is to be looked up.
pub(crate) fn subject(
    config: &SourceConfig,
    caller: &Caller<'_>,
) -> Result<Subject, (Cause, String)> {
    let said = Evidence::of_choices(caller.choices, caller.jurisdiction, caller.gpc);
    let evidence = Evidence {
        declared: caller.declared,
        ..said
    };
    let why = config.policy.ask(Use::Decisions, &evidence);
    match why.verdict {
        Verdict::Allow => {}
        Verdict::Hold => {
            let reason = format!("no choice about {} yet: {why}", why.purpose);
            return Err((Cause::Consent, reason));
        }
        Verdict::Deny => {
            let reason = format!("no consent to {}: {why}", why.purpose);
            return Err((Cause::Consent, reason));
        }
    }
    let nobody = |unknown: Unknown| (Cause::Caller, unknown.to_string());
    caller.who.clone().map_err(nobody)
}

/// The decision of each placement, on what is known and events that it does not know. Where nothing is known
/// everybody sees the default, and why.
pub(crate) fn all(
    config: &SourceConfig,
    caller: &Caller<'_>,
    placements: &[String],
    (known, unheard): (Option<&Known>, &[Admitted]),
    moment: &Moment,
) -> BTreeMap<String, Decision> {
    let subject = subject(config, caller);
    let known = known.zip(subject.as_ref().ok()).map(|(known, subject)| {
        let snapshot = caught_up(config, subject, known, unheard, moment.now);
        (snapshot, known.age)
    });
    let one = |placement: &String| match (&subject, &known) {
        (Err((cause, reason)), _) => Decision::refused(placement, *cause, reason.clone()),
        (Ok(_), None) => Decision::refused(
            placement,
            Cause::Unavailable,
            "what is known of the caller could not be read in time",
        ),
        (Ok(subject), Some((snapshot, age))) => {
            decided(config, placement, subject, (snapshot, *age), moment)
        }
    };
    let finished = |placement: &String| {
        let mut decision = one(placement);
        decision.name(&moment.decision_id);
        decision.fill(config.defaults.get(placement));
        decision
    };
    placements
        .iter()
        .map(|placement| (placement.clone(), finished(placement)))
        .collect()
}

/// The decision of one placement on what is known, which says how old that is if it is old.
fn decided(
    config: &SourceConfig,
    placement: &str,
    subject: &Subject,
    (snapshot, age): (&Snapshot, Span),
    moment: &Moment,
) -> Decision {
    if let Some(purpose) = withdrawn(config, snapshot) {
        let reason = format!("the person has withdrawn consent to {purpose}");
        return Decision::refused(placement, Cause::Consent, reason);
    }
    let known = snapshot
        .bucket_by
        .clone()
        .or_else(|| snapshot.profile_id.clone());
    let bucket_by = known.unwrap_or_else(|| stranger(config, subject));
    let asker = Asker {
        snapshot,
        bucket_by: &bucket_by,
        holdout: config.holdout,
        now: moment.now,
    };
    let mut decision = decide(&config.experiences, placement, &asker);
    if age > Span::default() {
        decision.reasons.push(format!(
            "decided on what was known {} ago, since the server cannot be asked now",
            words(age)
        ));
    }
    decision
}

/// By what it is decided for somebody of whom nothing is known. It stays what it is once something is.
fn stranger(config: &SourceConfig, subject: &Subject) -> String {
    let identifier = Identifier::new(subject.kind(), subject.id());
    profile_id(&config.space_id, &identifier)
}

/// A length of time in one word, so that an answer does not change with each second of a long outage.
fn words(age: Span) -> String {
    let seconds = age.as_micros() / 1_000_000;
    match seconds {
        ..60 => format!("{seconds} s"),
        60..3_600 => format!("{} min", seconds / 60),
        _ => format!("{} h", seconds / 3_600),
    }
}
