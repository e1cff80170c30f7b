//! The cookie of a session: no script reads it, no other site's page sends it.

use axum::http::request::Parts;
use axum::http::{HeaderValue, header};

use super::LONGEST;
use crate::error::{Error, Result};

/// Its name where the browser came over https: browsers take it from no other host and no other path.
const SECURE: &str = "__Host-headwater";
/// Its name over http, as on one's own machine.
const PLAIN: &str = "headwater";

fn name(secure: bool) -> &'static str {
    if secure { SECURE } else { PLAIN }
}

/// The secret that a request's cookie holds.
pub(crate) fn read(parts: &Parts, secure: bool) -> Option<String> {
    let wanted = name(secure);
    let headers = parts.headers.get_all(header::COOKIE).iter();
    let pairs = headers
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'));
    pairs
        .filter_map(|pair| pair.trim().split_once('='))
        .find(|(name, value)| *name == wanted && !value.is_empty())
        .map(|(_, value)| value.to_owned())
}

/// The header that gives a browser its secret.
pub(crate) fn give(secret: &str, secure: bool) -> Result<HeaderValue> {
    let seconds = LONGEST.as_micros() / 1_000_000;
    set(secret, seconds, secure)
}

/// The header that takes it away.
pub(crate) fn take(secure: bool) -> Result<HeaderValue> {
    set("", 0, secure)
}

fn set(secret: &str, seconds: i64, secure: bool) -> Result<HeaderValue> {
    let name = name(secure);
    let flag = if secure { "; Secure" } else { "" };
    let text =
        format!("{name}={secret}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{flag}");
    HeaderValue::try_from(text).map_err(Error::internal)
}
