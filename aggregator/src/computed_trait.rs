//! Computed traits: facts that follow from people's events. State is kept per anchor and merges.

mod backfill;
mod define;
mod definitions;
mod known;
pub(crate) mod routes;
mod stage;
mod store;

pub(crate) use backfill::step as backfill;
pub(crate) use define::{count_for_audience, forget_unused};
pub(crate) use definitions::Definitions;
pub(crate) use known::{Known, Seen, of_pairs, of_places, of_profiles};
pub(crate) use stage::{Counted, Tally, apply};
pub(crate) use store::{Stored, all, by_key, keep, keys};
