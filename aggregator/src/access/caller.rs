//! Callers: who they are, in which space they work, and what they may.

use serde::Serialize;

use super::Scopes;
use crate::member::Member;

/// Who does something, as the audit log names them.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Actor {
    /// `member`, `token`, or `nobody` before a sign-in.
    pub(crate) kind: &'static str,
    /// `mem_…` or `tok_…`; empty for nobody.
    pub(crate) id: String,
    /// What people call them.
    pub(crate) name: String,
}

impl Actor {
    /// Somebody who has not signed in.
    pub(crate) fn nobody() -> Self {
        Self {
            kind: "nobody",
            id: String::new(),
            name: String::new(),
        }
    }

    /// A member.
    pub(crate) fn member(member: &Member) -> Self {
        Self {
            kind: "member",
            id: member.id.clone(),
            name: member.name.clone(),
        }
    }

    /// A token.
    pub(crate) fn token(id: &str, name: &str) -> Self {
        Self {
            kind: "token",
            id: id.to_owned(),
            name: name.to_owned(),
        }
    }
}

/// Somebody who was let in.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Who.
    pub(crate) actor: Actor,
    /// The member, where it is one.
    pub(crate) member: Option<Member>,
    /// The session of a browser; `None` with a bearer token.
    pub(crate) session_id: Option<String>,
    /// The space in which the call works.
    pub(crate) space_id: String,
    /// What may be done there.
    pub(crate) scopes: Scopes,
}
