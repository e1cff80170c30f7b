//! Cookies that no script reads and no other site's page sends: a session's, and others of the same kind.

use axum::http::request::Parts;
use axum::http::{HeaderValue, header};

use super::LONGEST;
use crate::error::{Error, Result};

/// A cookie's two names.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Jar {
    /// Where the browser came over https; with `__Host-`, browsers take it from no other host and no other path.
    pub(crate) secure: &'static str,
    /// Over http, as on one's own machine.
    pub(crate) plain: &'static str,
}

const SESSION: Jar = Jar {
    secure: "__Host-headwater",
    plain: "headwater",
};

impl Jar {
    const fn name(self, secure: bool) -> &'static str {
        if secure { self.secure } else { self.plain }
    }

    /// What a request's cookie holds.
    pub(crate) fn read(self, parts: &Parts, secure: bool) -> Option<String> {
        let wanted = self.name(secure);
        let headers = parts.headers.get_all(header::COOKIE).iter();
        let pairs = headers
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(';'));
        pairs
            .filter_map(|pair| pair.trim().split_once('='))
            .find(|(name, value)| *name == wanted && !value.is_empty())
            .map(|(_, value)| value.to_owned())
    }

    /// The header that gives it to a browser for some seconds; with none, it is taken away.
    pub(crate) fn set(self, value: &str, seconds: i64, secure: bool) -> Result<HeaderValue> {
        let name = self.name(secure);
        let flag = if secure { "; Secure" } else { "" };
        let text =
            format!("{name}={value}; Path=/; Max-Age={seconds}; HttpOnly; SameSite=Strict{flag}");
        HeaderValue::try_from(text).map_err(Error::internal)
    }
}

/// The secret that a request's cookie holds.
pub(crate) fn read(parts: &Parts, secure: bool) -> Option<String> {
    SESSION.read(parts, secure)
}

/// The header that gives a browser its secret.
pub(crate) fn give(secret: &str, secure: bool) -> Result<HeaderValue> {
    let seconds = LONGEST.as_micros() / 1_000_000;
    SESSION.set(secret, seconds, secure)
}

/// The header that takes it away.
pub(crate) fn take(secure: bool) -> Result<HeaderValue> {
    SESSION.set("", 0, secure)
}
