//! Decisions for the caller: placements in, variants with reasons out. Traits never leave.

use std::collections::BTreeMap;

use cdp_core::consent::{Choices, Evidence, Policy, Use, Verdict};
use cdp_core::decision::{Asker, Cause, Decision, decide};
use cdp_core::forward::{Snapshot, SnapshotQuery};
use cdp_core::source::SourceConfig;
use cdp_core::time::Timestamp;
use cdp_core::wire::DecideRequest;
use serde_json::json;

use crate::anonymous_id;
use crate::authenticate::authenticate;
use crate::decompress;
use crate::error::EdgeError;
use crate::exposure;
use crate::host::Host;
use crate::http::{Request, Response};
use crate::rate_limit;

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
    pub(crate) anonymous_id: Option<&'a str>,
    pub(crate) choices: &'a Choices,
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
        jurisdiction: request.jurisdiction.as_deref(),
        gpc: request.has_gpc(),
    };
    let snapshot = match subject(&config, &caller) {
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
    let moment = Moment::of(host);
    let decisions = all(
        &config,
        &caller,
        &asked.placements,
        snapshot.as_ref(),
        &moment,
    );
    let mut reply = json!({ "decisions": decisions });
    if asked.track {
        let tracked = exposure::record(host, request, &config, &caller, &decisions).await?;
        reply["tracked"] = tracked.into();
    }
    Ok(Response::json(200, &reply))
}

/// The choices of somebody for whom nothing is decided.
pub(crate) fn refusal(policy: &Policy) -> Choices {
    let purposes = policy.uses.decisions.iter();
    purposes.map(|purpose| (purpose.clone(), false)).collect()
}

/// The anonymous id to decide for, or why there is none to look up.
pub(crate) fn subject<'a>(
    config: &SourceConfig,
    caller: &Caller<'a>,
) -> Result<&'a str, (Cause, String)> {
    let evidence = Evidence::of_choices(caller.choices, caller.jurisdiction, caller.gpc);
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
    let nobody = |reason: &str| (Cause::Caller, reason.to_owned());
    let id = caller
        .anonymous_id
        .ok_or_else(|| nobody("the caller has no anonymous id"))?;
    if !anonymous_id::is_unguessable(id) {
        return Err(nobody(
            "the anonymous id could be guessed: decisions need a random one of 32 characters or more, such as a UUID",
        ));
    }
    Ok(id)
}

/// The decision of each placement. Without a snapshot everybody sees the default, and why.
pub(crate) fn all(
    config: &SourceConfig,
    caller: &Caller<'_>,
    placements: &[String],
    snapshot: Option<&Snapshot>,
    moment: &Moment,
) -> BTreeMap<String, Decision> {
    let subject = subject(config, caller);
    let withdrawn = snapshot.and_then(|snapshot| {
        let denied = |purpose: &&String| snapshot.choices.get(*purpose) == Some(&false);
        config.policy.uses.decisions.iter().find(denied)
    });
    let one = |placement: &String| match (&subject, snapshot) {
        (Ok(_), Some(_)) if let Some(purpose) = withdrawn => Decision::refused(
            placement,
            Cause::Consent,
            format!("the person has withdrawn consent to {purpose}"),
        ),
        (Err((cause, reason)), _) => Decision::refused(placement, *cause, reason.clone()),
        (Ok(_), None) => Decision::refused(
            placement,
            Cause::Unavailable,
            "what is known of the caller could not be read in time",
        ),
        (Ok(id), Some(snapshot)) => {
            let asker = Asker {
                snapshot,
                bucket_by: snapshot.profile_id.as_deref().unwrap_or(id),
                holdout: config.holdout,
                now: moment.now,
            };
            decide(&config.experiences, placement, &asker)
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
        .take(MOST_PLACEMENTS)
        .map(|placement| (placement.clone(), finished(placement)))
        .collect()
}
