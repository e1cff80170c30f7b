//! The person: everything that the identifiers of one profile add up to.

mod chain;
mod find;
pub(crate) mod routes;
pub(crate) mod segment;
mod store;
mod timeline;
mod view;

pub(crate) use find::{find, find_at};
pub(crate) use store::{buckets_of, kinds_of, of_identifiers};
pub(crate) use view::{IdentifierView, Profile, identifiers, known_of, names, names_at, seen_by};
