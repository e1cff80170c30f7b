//! Decisions for the caller: placements in, variants with reasons out. Traits never leave.

use std::collections::BTreeMap;
use std::fmt;

use cdp_core::consent::{Choices, Evidence, Policy, Use, Verdict};
use cdp_core::decision::{Decision, decide};
use cdp_core::forward::{Snapshot, SnapshotQuery, Subject};
use cdp_core::source::SourceConfig;
use cdp_core::wire::DecideRequest;
use serde_json::json;

use crate::anonymous_id;
use crate::authenticate::authenticate;
use crate::decompress;
use crate::error::EdgeError;
use crate::host::Host;
use crate::http::{Request, Response};
use crate::rate_limit;
use crate::user_token;

/// More placements than this in one request are a mistake.
pub(crate) const MOST_PLACEMENTS: usize = 50;

/// Who asks for decisions, and what they said to consent.
pub(crate) struct Caller<'a> {
    pub(crate) who: Result<Subject, Unknown>,
    choices: &'a Choices,
    /// What the source's owner declares that its data rests on.
    declared: Option<&'a str>,
    jurisdiction: Option<&'a str>,
    gpc: bool,
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
    Ok(Response::json(200, &json!({ "decisions": decisions })))
}

/// Looks up what is known of the caller, if that may be, and decides.
pub(crate) async fn evaluate<H: Host>(
    host: &H,
    config: &SourceConfig,
    caller: &Caller<'_>,
    placements: &[String],
) -> BTreeMap<String, Decision> {
    let snapshot = match subject(config, caller) {
        // A page that asks while nobody can answer shows its default now rather than nothing later.
        Ok(of) => host
            .snapshot(SnapshotQuery {
                space_id: config.space_id.clone(),
                of,
            })
            .await
            .ok(),
        Err(_) => None,
    };
    all(config, caller, placements, snapshot.as_ref())
}

/// The choices of somebody for whom nothing is decided.
pub(crate) fn refusal(policy: &Policy) -> Choices {
    let purposes = policy.uses.decisions.iter();
    purposes.map(|purpose| (purpose.clone(), false)).collect()
}

/// Whom to decide for, or why nobody is to be looked up.
pub(crate) fn subject(config: &SourceConfig, caller: &Caller<'_>) -> Result<Subject, String> {
    let said = Evidence::of_choices(caller.choices, caller.jurisdiction, caller.gpc);
    let evidence = Evidence {
        declared: caller.declared,
        ..said
    };
    let why = config.policy.ask(Use::Decisions, &evidence);
    match why.verdict {
        Verdict::Allow => {}
        Verdict::Hold => return Err(format!("no choice about {} yet: {why}", why.purpose)),
        Verdict::Deny => return Err(format!("no consent to {}: {why}", why.purpose)),
    }
    caller.who.clone().map_err(|unknown| unknown.to_string())
}

/// The decision of each placement. Without a snapshot everybody sees the default, and why.
pub(crate) fn all(
    config: &SourceConfig,
    caller: &Caller<'_>,
    placements: &[String],
    snapshot: Option<&Snapshot>,
) -> BTreeMap<String, Decision> {
    let subject = subject(config, caller);
    let withdrawn = snapshot.and_then(|snapshot| {
        let denied = |purpose: &&String| snapshot.choices.get(*purpose) == Some(&false);
        config.policy.uses.decisions.iter().find(denied)
    });
    let one = |placement: &String| match (&subject, snapshot) {
        (Ok(_), Some(_)) if let Some(purpose) = withdrawn => Decision::default_content(
            placement,
            format!("the person has withdrawn consent to {purpose}"),
        ),
        (Err(reason), _) => Decision::default_content(placement, reason.clone()),
        (Ok(_), None) => Decision::default_content(
            placement,
            "what is known of the caller could not be read in time",
        ),
        (Ok(subject), Some(snapshot)) => decide(
            &config.experiences,
            placement,
            snapshot,
            snapshot.profile_id.as_deref().unwrap_or(subject.id()),
        ),
    };
    placements
        .iter()
        .map(|placement| (placement.clone(), one(placement)))
        .collect()
}
