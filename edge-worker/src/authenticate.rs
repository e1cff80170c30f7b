//! Which source a request belongs to.

use std::sync::Arc;

use base64::alphabet;
use base64::engine::{DecodePaddingMode, Engine, GeneralPurpose, GeneralPurposeConfig};
use cdp_core::origin;
use cdp_core::source::SourceConfig;

use crate::error::EdgeError;
use crate::host::Host;
use crate::http::Request;

/// The source of the request's write key, which clients put into the body, into Basic auth, into
/// the query or into a header; and which takes events from the request's origin. `otherwise` is
/// what the body has under a name that only some clients use for the key.
pub(crate) async fn authenticate<H: Host>(
    host: &H,
    request: &Request,
    in_body: Option<&str>,
    otherwise: Option<&str>,
) -> Result<Arc<SourceConfig>, EdgeError> {
    let key = in_body
        .map(str::to_owned)
        .or_else(|| basic_user(request))
        .or_else(|| request.query_value("writeKey"))
        .or_else(|| request.header("x-write-key").map(str::to_owned))
        .or_else(|| otherwise.map(str::to_owned))
        .ok_or(EdgeError::NoWriteKey)?;
    let source = host.source(&key).await?.ok_or(EdgeError::UnknownWriteKey)?;
    if !source.enabled {
        return Err(EdgeError::SourceDisabled);
    }
    check_origin(&source, request.header("origin"))?;
    Ok(source)
}

fn check_origin(source: &SourceConfig, origin: Option<&str>) -> Result<(), EdgeError> {
    match origin {
        Some(origin) if !origin::is_allowed(&source.allowed_origins, origin) => Err(
            EdgeError::OriginNotAllowed(origin.chars().take(200).collect()),
        ),
        _ => Ok(()),
    }
}

/// The write key as OpenFeature's providers send it: a bearer token, or an API key.
pub(crate) fn bearer(request: &Request) -> Option<&str> {
    let bearer = request.header("authorization").and_then(|header| {
        let (scheme, key) = header.trim().split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(key.trim())
    });
    bearer
        .or_else(|| request.header("x-api-key"))
        .filter(|key| !key.is_empty())
}

/// The user of Basic auth, as every Segment client sends the write key.
fn basic_user(request: &Request) -> Option<String> {
    let (scheme, encoded) = request.header("authorization")?.trim().split_once(' ')?;
    if !scheme.eq_ignore_ascii_case("basic") {
        return None;
    }
    let decoded = BASE64.decode(encoded.trim()).ok()?;
    let user = decoded.split(|byte| *byte == b':').next()?;
    let user = std::str::from_utf8(user).ok()?;
    (!user.is_empty()).then(|| user.to_owned())
}

/// Standard Base64, with or without the padding that some clients leave out.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
