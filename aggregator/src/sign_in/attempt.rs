//! A sign-in that has begun: what the browser has to bring back. It is kept in the browser itself, sealed, in a cookie that
//! no script reads, so that those who only begin fill no memory of ours.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use axum::http::HeaderValue;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use cdp_core::time::{Span, Timestamp};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::error::{Code, Error, Result};
use crate::session::cookie::Jar;
use crate::vault::{Place, Vault};
use crate::{clock, id};

/// How long somebody may take at the provider.
const LASTS: Span = Span::from_seconds(600);
/// The cookie.
pub(super) const JAR: Jar = Jar {
    secure: "__Host-headwater-sign-in",
    plain: "headwater-sign-in",
};
/// Sign-ins that are remembered as used.
const MOST_USED: usize = 20_000;
const PLACE: Place<'static> = Place {
    table: "cookie",
    column: "sign_in",
    row: "",
};

/// What was asked, and of whom.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct Attempt {
    pub(super) issuer: String,
    /// Comes back in the address.
    pub(super) state: String,
    /// Comes back in the token.
    pub(super) nonce: String,
    /// Is told with the code, by us alone.
    pub(super) verifier: String,
    /// In microseconds since 1970.
    ends_at: i64,
}

impl Attempt {
    /// A fresh one.
    pub(super) fn begin(issuer: &str) -> Result<Self> {
        let secret = || id::random::<32>().map(|bytes| URL_SAFE_NO_PAD.encode(bytes));
        Ok(Self {
            issuer: issuer.to_owned(),
            state: secret()?,
            nonce: secret()?,
            verifier: secret()?,
            ends_at: clock::now().plus(LASTS).as_micros(),
        })
    }

    /// PKCE: what is told of the verifier beforehand.
    pub(super) fn challenge(&self) -> String {
        URL_SAFE_NO_PAD.encode(Sha256::digest(self.verifier.as_bytes()))
    }

    /// The header that gives it to the browser.
    pub(super) fn cookie(&self, vault: &Vault, secure: bool) -> Result<HeaderValue> {
        let sealed = vault.seal(PLACE, &serde_json::to_string(self)?)?;
        JAR.set(&sealed, LASTS.as_micros() / 1_000_000, secure)
    }

    /// What the browser brings back, if it is of the same sign-in as the address's `state`.
    ///
    /// # Errors
    /// Without saying which of them is wrong.
    pub(super) fn resume(vault: &Vault, cookie: Option<&str>, state: &str) -> Result<Self> {
        let opened = cookie.and_then(|sealed| vault.open(PLACE, sealed).ok());
        let attempt = opened.and_then(|text| serde_json::from_str::<Self>(&text).ok());
        attempt
            .filter(|attempt| attempt.state == state && attempt.ends_at > clock::now().as_micros())
            .ok_or_else(|| {
                Error::new(
                    Code::Forbidden,
                    "this sign-in was not begun in this browser, or took longer than ten minutes: begin again",
                )
            })
    }
}

/// The sign-ins that came back: none does so twice.
#[derive(Debug, Default)]
pub(crate) struct Used(Mutex<HashMap<String, i64>>);

impl Used {
    /// Sees that a sign-in has not come back before.
    ///
    /// # Errors
    /// Where it has.
    pub(super) fn is_new(&self, attempt: &Attempt) -> Result<()> {
        let used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.contains_key(&attempt.state) {
            return Err(finished());
        }
        Ok(())
    }

    /// Uses a sign-in up.
    ///
    /// # Errors
    /// Where it was used before, or more come back than can be told apart.
    pub(super) fn take(&self, attempt: &Attempt, now: Timestamp) -> Result<()> {
        let mut used = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if used.len() >= MOST_USED {
            used.retain(|_, ends_at| *ends_at > now.as_micros());
        }
        if used.len() >= MOST_USED {
            return Err(Error::new(
                Code::Overloaded,
                "too many people sign in at once; begin again later",
            ));
        }
        if used
            .insert(attempt.state.clone(), attempt.ends_at)
            .is_some()
        {
            return Err(finished());
        }
        Ok(())
    }
}

fn finished() -> Error {
    Error::new(
        Code::Forbidden,
        "this sign-in was finished already: begin again",
    )
}
