//! Cross-origin rules: pages of any origin may call; which origins a source takes is checked with
//! the write key, since a browser's check protects the page and not us.

use crate::http::{Request, Response};

/// How long a browser may remember the answer to a preflight, in seconds; Chromium's own maximum.
const PREFLIGHT_SECONDS: &str = "7200";

/// The answer to a preflight: what was asked for is allowed.
pub(crate) fn preflight(request: &Request) -> Response {
    let headers = request
        .header("access-control-request-headers")
        .unwrap_or("content-type");
    let response = Response {
        status: 204,
        ..Response::default()
    }
    .with("access-control-allow-methods", "GET, POST, OPTIONS")
    .with("access-control-allow-headers", headers)
    .with("access-control-max-age", PREFLIGHT_SECONDS);
    expose(response, request.header("origin"))
}

/// Lets the page of `origin` read the answer, with its cookies.
pub(crate) fn expose(response: Response, origin: Option<&str>) -> Response {
    let Some(origin) = origin else {
        return response;
    };
    response
        .with("access-control-allow-origin", origin)
        .with("access-control-allow-credentials", "true")
        .with("access-control-expose-headers", "etag, retry-after")
        .with("vary", "origin")
}
