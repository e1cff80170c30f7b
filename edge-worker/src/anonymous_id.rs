//! The first-party cookie with the browser's anonymous id.

use crate::http::{Request, Response};

/// The cookie's name; the SDK writes the same one.
const COOKIE: &str = "hw_aid";
/// 400 days, the longest that browsers keep a cookie.
const MAX_AGE_SECONDS: u32 = 34_560_000;

/// The anonymous id in the request's cookie.
pub(crate) fn from_cookie(request: &Request) -> Option<&str> {
    request.cookie(COOKIE).filter(|id| is_unguessable(id))
}

/// Whether an id may stand for its browser: long enough not to be guessed, and harmless in a header.
/// Only such an id is answered with decisions, since whoever knows the id sees them.
pub(crate) fn is_unguessable(id: &str) -> bool {
    (32..=64).contains(&id.len())
        && id
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
}

/// Sets the cookie anew from the server, since some browsers keep a script's cookie for days only.
/// Only what the browser itself sent is renewed: the edge never starts a cookie.
pub(crate) fn renewed(response: Response, request: &Request) -> Response {
    let Some(id) = from_cookie(request) else {
        return response;
    };
    let secure = if request.secure { "; Secure" } else { "" };
    response.with(
        "set-cookie",
        format!("{COOKIE}={id}; Path=/; Max-Age={MAX_AGE_SECONDS}; SameSite=Lax{secure}"),
    )
}
