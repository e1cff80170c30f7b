//! Experiences: stored here, decided at the edge, measured here. What people were shown comes back as
//! events, and what is remembered of these is kept per anchor and scope like every other fact.

mod define;
pub(crate) mod fields;
mod holdout;
mod preview;
mod results;
pub(crate) mod routes;
mod seen;
mod stage;
mod store;

pub(crate) use holdout::share;
pub(crate) use seen::{keep, of_profiles as exposures_of};
pub(crate) use stage::{Exposures, apply};
pub(crate) use store::{live, unarchived};
