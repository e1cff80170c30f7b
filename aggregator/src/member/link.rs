//! Links that are used once: to set up, to join, and to a new password.

use cdp_core::time::{Span, Timestamp};
use serde::Serialize;

use super::store;
use crate::access::Role;
use crate::database::Database;
use crate::error::{Code, Error, Result};
use crate::{clock, id};

/// What a link is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// The first owner.
    Setup,
    /// A new member.
    Invitation,
    /// A new password for a member.
    Reset,
}

impl Kind {
    /// The word in SQL and on the wire.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invitation => "invitation",
            Self::Reset => "reset",
        }
    }

    /// The screen that a link opens.
    const fn screen(self) -> &'static str {
        match self {
            Self::Setup => "setup",
            Self::Invitation | Self::Reset => "join",
        }
    }

    /// For how long a link can be used.
    const fn lasts(self) -> Span {
        match self {
            Self::Setup => Span::from_seconds(30 * 60),
            Self::Invitation => Span::from_seconds(7 * 86_400),
            Self::Reset => Span::from_seconds(86_400),
        }
    }
}

/// A link that was made. Its secret is told this once.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Made {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) role: &'static str,
    /// The secret.
    pub(crate) token: String,
    /// Where the dashboard takes it, below its own address. The secret is in the fragment, which browsers do not send.
    pub(crate) path: String,
    pub(crate) ends_at: Timestamp,
}

/// A link that can be used.
#[derive(Clone, Debug)]
pub(crate) struct Link {
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) email: String,
    pub(crate) role: Role,
    pub(crate) ends_at: Timestamp,
}

/// Makes a link; others of the same kind for the same email end.
pub(crate) async fn make(
    database: &Database,
    kind: Kind,
    email: &str,
    role: Role,
    made_by: &str,
) -> Result<Made> {
    let now = clock::now();
    let token = id::secret("hwl_")?;
    let made = Made {
        id: id::dated("lnk", now)?,
        email: email.to_owned(),
        role: role.as_str(),
        path: format!("/#/{}?token={token}", kind.screen()),
        token,
        ends_at: now.plus(kind.lasts()),
    };
    store::replace_link(database, kind.as_str(), &made, made_by, now).await?;
    Ok(made)
}

/// The link of a secret, if it can still be used.
///
/// # Errors
/// Without saying whether it was used, has ended or never was.
pub(crate) async fn find(database: &Database, token: &str) -> Result<Link> {
    let found = store::link(database, &id::digest(token), clock::now()).await?;
    found.ok_or_else(gone)
}

/// What is said of a link that cannot be used.
pub(crate) fn gone() -> Error {
    Error::new(
        Code::Forbidden,
        "this link cannot be used any more: it was used, has ended, or was not copied whole; ask for another",
    )
}
