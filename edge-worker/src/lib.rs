//! Headwater's edge.
//!
//! [`serve`] answers every public endpoint. It knows no host: what it needs from outside (time,
//! randomness, the aggregator) comes through [`Host`], of which there is one for Cloudflare Workers
//! (`cloudflare.rs`) and one inside the `headwater` binary. So a self-hoster runs the same edge.

mod ahead;
mod anonymous_id;
mod authenticate;
mod client_settings;
#[cfg(target_arch = "wasm32")]
mod cloudflare;
mod collect;
mod cors;
mod count;
mod decide;
mod decompress;
mod error;
mod exposure;
mod host;
mod http;
mod ofrep;
#[cfg(any(test, target_arch = "wasm32"))]
mod outage;
mod pages;
mod rate_limit;
mod said;
mod sdk;
mod settings;
#[cfg(any(test, target_arch = "wasm32"))]
mod snapshots;
mod user_token;

pub use error::{EdgeError, Unavailable};
pub use host::{Host, Known, Room, Taken};
pub use http::{Request, Response};
pub use pages::decisions_for_page;
pub use rate_limit::RateLimiter;

use std::borrow::Cow;

use cdp_core::event::EventKind;

/// What a path of the tracking API takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Endpoint {
    Batch,
    Single(EventKind),
    /// What somebody says of consent, without any event.
    Consent,
}

/// Answers one request.
pub async fn serve<H: Host>(host: &H, mut request: Request) -> Response {
    if let Cow::Owned(tidied) = tidy(&request.path) {
        request.path = tidied;
    }
    let origin = request.header("origin").map(str::to_owned);
    let response = match (request.method.as_str(), request.path.as_str()) {
        ("OPTIONS", _) => return cors::preflight(&request),
        ("GET" | "HEAD", "/health") => {
            Ok(Response::json(200, &serde_json::json!({"status": "ok"})))
        }
        ("GET" | "HEAD", path) if path.starts_with("/sdk/") => sdk::file(host, &request).await,
        ("GET" | "HEAD", path) if path.starts_with("/v1/settings/") => {
            settings::read(host, &request).await
        }
        ("GET" | "HEAD", "/sourceConfig") => client_settings::rudderstack(host, &request).await,
        ("GET" | "HEAD", path) if client_settings::segment_key(path).is_some() => {
            client_settings::segment(host, &request).await
        }
        // What analytics.js measures about itself. Our settings ask for none; nobody reads it.
        ("POST", "/v1/m") => Ok(Response::json(200, &serde_json::json!({"success": true}))),
        ("POST", "/v1/count") => count::take(host, &request).await,
        ("POST", "/v1/decide") => decide::answer(host, &request).await,
        ("POST", path) if ofrep::flag(path).is_some() => Ok(ofrep::answer(host, &request).await),
        ("POST", path) => match endpoint(path) {
            Some(endpoint) => collect::collect(host, &request, endpoint).await,
            None => Err(EdgeError::NotFound),
        },
        (_, path)
            if endpoint(path).is_some()
                || ofrep::flag(path).is_some()
                || matches!(path, "/v1/count" | "/v1/decide") =>
        {
            Err(EdgeError::MethodNotAllowed)
        }
        _ => Err(EdgeError::NotFound),
    };
    cors::expose(
        response.unwrap_or_else(|error| error.response()),
        origin.as_deref(),
    )
}

/// Whether a path belongs to the edge, for hosts that serve other things too.
#[must_use]
pub fn is_public_path(path: &str) -> bool {
    let path = tidy(path);
    path.starts_with("/v1/")
        || path.starts_with("/sdk/")
        || path.starts_with("/ofrep/")
        || matches!(&*path, "/health" | "/sourceConfig" | RUDDERSTACK_BEACON)
}

/// Where RudderStack's browser client sends its beacons.
const RUDDERSTACK_BEACON: &str = "/beacon/v1/batch";

/// The path without what a host that was configured with a slash at its end adds to it: doubled
/// slashes, and one at the end.
fn tidy(path: &str) -> Cow<'_, str> {
    let ends = path.len() > 1 && path.ends_with('/');
    if !ends && !path.contains("//") {
        return Cow::Borrowed(path);
    }
    let parts = path.split('/').filter(|part| !part.is_empty());
    Cow::Owned(parts.fold(String::new(), |tidied, part| tidied + "/" + part))
}

/// The tracking API of Segment, its short forms included.
fn endpoint(path: &str) -> Option<Endpoint> {
    if path == RUDDERSTACK_BEACON {
        return Some(Endpoint::Batch);
    }
    let name = path.strip_prefix("/v1/")?;
    match name {
        "batch" | "b" | "import" => Some(Endpoint::Batch),
        "consent" => Some(Endpoint::Consent),
        "t" => Some(Endpoint::Single(EventKind::Track)),
        "i" => Some(Endpoint::Single(EventKind::Identify)),
        "p" => Some(Endpoint::Single(EventKind::Page)),
        "s" => Some(Endpoint::Single(EventKind::Screen)),
        "g" => Some(Endpoint::Single(EventKind::Group)),
        "a" => Some(Endpoint::Single(EventKind::Alias)),
        word => EventKind::from_word(word).map(Endpoint::Single),
    }
}
