//! Tokens of the server API. Only their SHA-256 is stored.

use cdp_core::time::Timestamp;

use crate::access::{Actor, Caller, Scopes};

mod make;
pub(crate) mod routes;
mod store;

pub(crate) use store::{NewToken, find, insert, of_id, used};

/// The characters of a secret that are kept to tell tokens apart: the prefix, and 24 of its 192 bits.
pub(crate) const SHOWN: usize = 10;

/// A token that was found: whose it is and what it may do.
#[derive(Clone, Debug)]
pub(crate) struct Token {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) space_id: String,
    pub(crate) scopes: Scopes,
    pub(crate) last_used_at: Option<Timestamp>,
}

impl Token {
    /// Who calls with it; `session_id` when a browser's session acts as it.
    pub(crate) fn caller(self, session_id: Option<String>) -> Caller {
        Caller {
            actor: Actor::token(&self.id, &self.name),
            member: None,
            session_id,
            space_id: self.space_id,
            scopes: self.scopes,
        }
    }
}
