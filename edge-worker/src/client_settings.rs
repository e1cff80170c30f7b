//! What clients of Segment and RudderStack ask for before they send anything.

use cdp_core::consent;
use cdp_core::source::ConsentBasis;
use serde_json::json;

use crate::authenticate::authenticate;
use crate::error::EdgeError;
use crate::host::Host;
use crate::http::{Request, Response};

/// Clients may keep the answer for this long; no cache between them and us may, since it depends on
/// the request's own host.
const CACHE: &str = "private, max-age=60";

/// The write key in the path of Segment's settings, `/v1/projects/{writeKey}/settings`.
pub(crate) fn segment_key(path: &str) -> Option<&str> {
    let key = path
        .strip_prefix("/v1/projects/")?
        .strip_suffix("/settings")?;
    (!key.is_empty() && !key.contains('/')).then_some(key)
}

/// `GET /v1/projects/{writeKey}/settings`, as analytics.js and Segment's mobile clients read it: no
/// destinations on the device, every event to the host that was asked.
pub(crate) async fn segment<H: Host>(host: &H, request: &Request) -> Result<Response, EdgeError> {
    let key = segment_key(&request.path);
    let config = authenticate(host, request, key, None).await?;
    let asked = request.header("host").ok_or_else(|| {
        EdgeError::BadRequest(
            "the request has no Host header, so there is no address to send events to: send one"
                .to_owned(),
        )
    })?;
    let purposes = config.policy.collect_purposes();
    // Segment's consent wrapper does not start at all before this category is agreed to.
    let needs_consent =
        config.consent_basis == ConsentBasis::EveryEvent && purposes != [consent::NECESSARY];
    let consent_settings =
        needs_consent.then(|| json!({"allCategories": purposes, "hasUnmappedDestinations": false}));
    let everything = json!({"__default": {"enabled": true, "integrations": {}}});
    let mut settings = json!({
        "integrations": {
            "Segment.io": {
                "apiKey": config.write_key,
                "apiHost": format!("{asked}/v1"),
                "protocol": if request.secure { "https" } else { "http" },
            },
        },
        "plan": {"track": everything, "identify": everything, "group": everything},
        "middlewareSettings": {},
        "enabledMiddleware": {},
        "remotePlugins": [],
        "edgeFunction": {},
        "legacyVideoPluginsEnabled": false,
        "metrics": {"sampleRate": 0},
    });
    if let Some(consent_settings) = consent_settings {
        settings["consentSettings"] = consent_settings;
    }
    Ok(Response::json(200, &settings).with("cache-control", CACHE))
}

/// `GET /sourceConfig`, as RudderStack's browser and mobile clients read it: the source takes
/// events, and there are no destinations on the device.
pub(crate) async fn rudderstack<H: Host>(
    host: &H,
    request: &Request,
) -> Result<Response, EdgeError> {
    let config = authenticate(host, request, None, None).await?;
    let now = host.now();
    let source = json!({
        "id": config.source_id,
        "name": config.source_id,
        "writeKey": config.write_key,
        "enabled": true,
        "workspaceId": config.space_id,
        "config": {"statsCollection": {"errors": {"enabled": false}, "metrics": {"enabled": false}}},
        "destinations": [],
        "connections": [],
        "dataplanes": {},
        "updatedAt": now,
    });
    let answer = json!({"source": source, "updatedAt": now});
    Ok(Response::json(200, &answer).with("cache-control", CACHE))
}
