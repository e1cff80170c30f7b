//! Who may do what: the product's areas, scopes over them, the roles that are made of scopes, and callers.

mod area;
mod caller;
mod role;
mod scope;
mod shown_out;
mod used;

pub(crate) use area::Area;
pub(crate) use caller::{Actor, Caller};
pub(crate) use role::Role;
pub(crate) use scope::{Action, Scope, Scopes};
pub(crate) use shown_out::ShownOut;
pub(crate) use used::Used;
