//! Traits: what was said about people, last write by event time.

mod stage;
mod store;

pub(crate) use stage::apply;
pub(crate) use store::of_profiles;
