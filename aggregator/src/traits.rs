//! Traits: what was said about people, last write by event time.

mod stage;
mod store;

pub(crate) use stage::{Writes, apply};
pub(crate) use store::{Known, keep, of_anchors_after, of_profiles};
