//! Decisions for the caller: placements in, variants with reasons out. Traits never leave.

use std::collections::BTreeMap;

use cdp_core::consent::{Choices, Evidence, Policy, Use, Verdict};
use cdp_core::decision::{Decision, decide};
use cdp_core::forward::{Snapshot, SnapshotQuery};
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

/// More placements than this in one request are a mistake.
pub(crate) const MOST_PLACEMENTS: usize = 50;

/// Why nothing is looked up for a short or strange id.
pub(crate) const GUESSABLE: &str = "the anonymous id could be guessed: decisions need a random one of 32 to 64 characters, such as a UUID";

/// Who asks for decisions, and what they said to consent.
pub(crate) struct Caller<'a> {
    pub(crate) anonymous_id: Option<&'a str>,
    pub(crate) choices: &'a Choices,
    /// What the source's owner declares that its data rests on.
    pub(crate) declared: Option<&'a str>,
    pub(crate) jurisdiction: Option<&'a str>,
    pub(crate) gpc: bool,
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
    let caller = Caller {
        anonymous_id: asked
            .anonymous_id
            .as_deref()
            .or_else(|| anonymous_id::from_cookie(request)),
        choices,
        declared: config.consent_basis.declared(),
        jurisdiction: request.jurisdiction.as_deref(),
        gpc: request.has_gpc() || asked.consent.gpc,
    };
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
        Ok(id) => host
            .snapshot(SnapshotQuery {
                space_id: config.space_id.clone(),
                anonymous_id: id.to_owned(),
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

/// The anonymous id to decide for, or why there is none to look up.
pub(crate) fn subject<'a>(config: &SourceConfig, caller: &Caller<'a>) -> Result<&'a str, String> {
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
    let id = caller
        .anonymous_id
        .ok_or("the caller has no anonymous id")?;
    if !anonymous_id::is_unguessable(id) {
        return Err(GUESSABLE.to_owned());
    }
    Ok(id)
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
        (Ok(id), Some(snapshot)) => decide(
            &config.experiences,
            placement,
            snapshot,
            snapshot.profile_id.as_deref().unwrap_or(id),
        ),
    };
    placements
        .iter()
        .map(|placement| (placement.clone(), one(placement)))
        .collect()
}
