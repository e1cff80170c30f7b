//! Counting people who did not agree: names that the policy lists, and nothing of the caller but the
//! country. No cookie is read or set, and the address serves the rate limit only, in memory.

use cdp_core::bots;
use cdp_core::consent::{MOST_COUNTED, Stay};
use cdp_core::source::ConsentBasis;
use serde_json::json;

use crate::authenticate::authenticate;
use crate::decompress;
use crate::error::EdgeError;
use crate::host::Host;
use crate::http::{Request, Response};
use crate::rate_limit;

/// `POST /v1/count`.
pub(crate) async fn take<H: Host>(host: &H, request: &Request) -> Result<Response, EdgeError> {
    let (body, _room) = decompress::body(host, request)?;
    let stay: Stay = serde_json::from_slice(&body).map_err(|error| {
        EdgeError::BadRequest(format!(
            "a count is {{\"writeKey\",\"refused\",\"events\":[…],\"pages\":[…]}} and nothing else ({error})"
        ))
    })?;
    if stay.events.len() > MOST_COUNTED || stay.pages.len() > MOST_COUNTED {
        return Err(EdgeError::BadRequest(format!(
            "name each event and each page once, at most {MOST_COUNTED} of both"
        )));
    }
    let config = authenticate(host, request, stay.write_key.as_deref(), None).await?;
    if config.consent_basis != ConsentBasis::EveryEvent {
        return Err(EdgeError::BadRequest(
            "only sources whose people are asked for consent count those who refuse: use the write key of a website or an app".to_owned(),
        ));
    }
    let names = stay.events.len() + stay.pages.len();
    rate_limit::admit(host, request, &config, names)?;
    let is_bot = request.header("user-agent").and_then(bots::name).is_some();
    let of = (config.space_id.as_str(), config.source_id.as_str());
    let place = request.jurisdiction.as_deref();
    let counts = config.policy.countable(&stay, of, place, host.now());
    let counts = counts.filter(|counts| !is_bot && !counts.is_empty());
    let counted = counts.as_ref().map_or(0, |counts| counts.len());
    if let Some(counts) = counts {
        host.count(counts).await?;
    }
    Ok(Response::json(
        200,
        &json!({"success": true, "counted": counted}),
    ))
}
