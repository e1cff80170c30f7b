//! Sessions of browsers: a secret in a cookie, of which only the digest is kept.

use cdp_core::hex::hex;
use cdp_core::time::{Span, Timestamp};

use crate::error::Result;
use crate::{clock, id};

pub(crate) mod cookie;
pub(crate) mod routes;
pub(crate) mod store;

/// A session ends after this time without a request…
pub(crate) const IDLE: Span = Span::from_seconds(12 * 3600);
/// …and after this one in any case.
pub(crate) const LONGEST: Span = Span::from_seconds(30 * 86_400);

/// A session that was found.
#[derive(Clone, Debug)]
pub(crate) struct Session {
    pub(crate) id: String,
    pub(crate) member_id: Option<String>,
    pub(crate) token_id: Option<String>,
    pub(crate) seen_at: Timestamp,
}

/// A session to write.
#[derive(Clone, Debug)]
pub(crate) struct NewSession {
    pub(crate) id: String,
    pub(crate) secret: String,
    pub(crate) member_id: Option<String>,
    pub(crate) token_id: Option<String>,
    pub(crate) agent: String,
    pub(crate) address: String,
    pub(crate) created_at: Timestamp,
}

/// Where a session begins: the browser, and as much of the address as is kept.
#[derive(Clone, Debug)]
pub(crate) struct Origin {
    pub(crate) agent: String,
    pub(crate) address: String,
}

impl NewSession {
    /// A session of a member (`mem_…`) or of a token (`tok_…`), with a secret of 256 bits.
    pub(crate) fn of(
        member_id: Option<&str>,
        token_id: Option<&str>,
        origin: &Origin,
    ) -> Result<Self> {
        let now = clock::now();
        Ok(Self {
            id: id::dated("ses", now)?,
            secret: hex(&id::random::<32>()?),
            member_id: member_id.map(str::to_owned),
            token_id: token_id.map(str::to_owned),
            agent: origin.agent.chars().take(200).collect(),
            address: origin.address.clone(),
            created_at: now,
        })
    }
}
