//! Members: the people who log into the dashboard, the links by which they come, and their passwords.

use serde::Serialize;

use crate::access::Role;

pub(crate) mod account;
pub(crate) mod link;
pub(crate) mod password;
pub(crate) mod routes;
pub(crate) mod setup;
pub(crate) mod store;
pub(crate) mod throttle;

/// Somebody who may log in.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    /// `mem_…`.
    pub(crate) id: String,
    /// In lower case, as it is compared.
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: Role,
}

/// A member as the API shows them.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct View {
    pub(crate) id: String,
    pub(crate) email: String,
    pub(crate) name: String,
    pub(crate) role: &'static str,
}

impl From<&Member> for View {
    fn from(member: &Member) -> Self {
        Self {
            id: member.id.clone(),
            email: member.email.clone(),
            name: member.name.clone(),
            role: member.role.as_str(),
        }
    }
}
