//! What the SDK may ask about its source. Nothing in it is secret.

use serde_json::json;

use crate::authenticate::authenticate;
use crate::error::EdgeError;
use crate::host::Host;
use crate::http::{Request, Response};

/// `GET /v1/settings/{writeKey}`.
pub(crate) async fn read<H: Host>(host: &H, request: &Request) -> Result<Response, EdgeError> {
    let key = request
        .path
        .strip_prefix("/v1/settings/")
        .unwrap_or_default();
    let config = authenticate(host, request, Some(key), None).await?;
    let policy = &config.policy;
    let mut placements: Vec<&str> = config
        .experiences
        .iter()
        .map(|experience| experience.placement.as_str())
        .collect();
    placements.sort_unstable();
    placements.dedup();
    let settings = json!({
        "purposes": policy.purposes,
        "policyVersion": policy.version,
        "regime": policy.regime(request.jurisdiction.as_deref()),
        "gpcDenies": policy.gpc_denies,
        "collectPurpose": policy.collect_purpose,
        "decidePurpose": policy.decide_purpose,
        "placements": placements,
    });
    Ok(Response::json(200, &settings).with("cache-control", "private, max-age=60"))
}
