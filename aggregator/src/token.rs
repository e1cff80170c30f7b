//! Tokens of the server API. Only their SHA-256 is stored.

use std::fmt;

mod store;

pub(crate) use store::{find, insert};

/// What a token may do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Read.
    Read,
    /// Make and change.
    Write,
}

impl Scope {
    /// Everything.
    pub(crate) const ALL: [Self; 2] = [Self::Read, Self::Write];

    /// The word in SQL and in messages.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Read => "read",
            Self::Write => "write",
        }
    }
}

impl fmt::Display for Scope {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.as_str())
    }
}

/// A token that was found: whose it is and what it may do.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) space_id: String,
    pub(crate) scopes: Vec<Scope>,
}
