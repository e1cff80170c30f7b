//! Decisions for a page that is filled before it reaches its visitor.

use std::collections::BTreeMap;

use cdp_core::decision::{Cause, Decision};

use crate::authenticate::authenticate;
use crate::decide::{Caller, evaluate, subject, who};
use crate::host::Host;
use crate::http::Request;
use crate::{rate_limit, said};

/// What each placement of the source with this write key shows to whoever asks for a page, as the first-party
/// cookies say who that is and what they allow. A placement that is not in the answer is the page's own to decide:
/// all of them are where no consent can be read, where it was given to another version of the policy, or where
/// nothing can be known of the person now.
///
/// Nobody is counted: a page that is prefetched may never be seen, so the page tells what it shows.
pub async fn decisions_for_page<H: Host>(
    host: &H,
    request: &Request,
    write_key: &str,
) -> BTreeMap<String, Decision> {
    decided(host, request, write_key).await.unwrap_or_default()
}

async fn decided<H: Host>(
    host: &H,
    request: &Request,
    write_key: &str,
) -> Option<BTreeMap<String, Decision>> {
    let said = said::from_cookie(request)?;
    let source = authenticate(host, request, Some(write_key), None).await;
    let config = source.ok()?;
    let policy = &config.policy;
    if said.version != policy.version || policy.check_choices(&said.choices).is_err() {
        return None;
    }
    let who = who(host, request, &config, None, None);
    let caller = Caller::new(request, &config, who, &said.choices, false);
    // Before anything is looked up, and before it counts for the rate.
    subject(&config, &caller).ok()?;
    rate_limit::admit(host, request, &config, 1).ok()?;
    let enabled = config.experiences.iter().filter(|one| one.can_show());
    let mut placements: Vec<String> = enabled.map(|one| one.placement.clone()).collect();
    placements.sort_unstable();
    placements.dedup();
    let mut decisions = evaluate(host, &config, &caller, &placements).await;
    decisions.retain(|_, decision| {
        let mut causes = decision.why.iter().map(|why| why.outcome);
        causes.all(|cause| !matches!(cause, Cause::Consent | Cause::Caller | Cause::Unavailable))
    });
    Some(decisions)
}
