//! What the SDK may ask about its source. Nothing in it is secret.

use cdp_core::source::{ConsentBasis, SourceConfig};
use serde_json::{Value, json};

use crate::authenticate::authenticate;
use crate::error::EdgeError;
use crate::host::Host;
use crate::http::{Request, Response};

/// How long a browser may keep what depends on the source and on the place of the caller.
pub(crate) const CACHE: &str = "private, max-age=60";

/// `GET /v1/settings/{writeKey}`.
pub(crate) async fn read<H: Host>(host: &H, request: &Request) -> Result<Response, EdgeError> {
    let key = request
        .path
        .strip_prefix("/v1/settings/")
        .unwrap_or_default();
    let config = authenticate(host, request, Some(key), None).await?;
    Ok(Response::json(200, &of(&config, request)).with("cache-control", CACHE))
}

/// The settings of a source for the place that the request comes from.
pub(crate) fn of(config: &SourceConfig, request: &Request) -> Value {
    let policy = &config.policy;
    let mut placements: Vec<&str> = config
        .experiences
        .iter()
        .filter(|experience| experience.can_show())
        .map(|experience| experience.placement.as_str())
        .collect();
    placements.sort_unstable();
    placements.dedup();
    // What holds where the visitor is, so that the browser needs no table of places.
    let place = request.jurisdiction.as_deref();
    let (_, rule) = policy.rule(place);
    let names: Vec<&str> = policy
        .purposes
        .iter()
        .map(|purpose| purpose.name.as_str())
        .collect();
    let mut settings = json!({
        "purposes": names,
        "policyVersion": policy.version,
        "regime": rule.regime,
        "regimes": rule.purposes,
        "gpcDenies": policy.gpc_denies(place),
        "collectPurpose": policy.collect_purposes().join(" "),
        "decidePurpose": policy.uses.decisions.join(" "),
        "placements": placements,
    });
    if let Some((counting, from)) = policy.counting(place)
        && config.consent_basis == ConsentBasis::EveryEvent
    {
        settings["counting"] =
            json!({"from": from, "events": counting.events, "pages": counting.pages});
    }
    settings
}
