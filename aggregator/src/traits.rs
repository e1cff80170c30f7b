//! Traits: what was said about people, last write by event time.

mod stage;
mod store;

pub(crate) use stage::{Writes, apply};
pub(crate) use store::{Known, anchors_after, keep, of_anchors, of_profiles};
