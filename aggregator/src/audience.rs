//! Audiences: who belongs, now. Evaluated for the profiles that an event touches, for everybody when
//! a definition is new, and for whoever's time has come when only time passes.

mod backfill;
mod define;
mod evaluate;
mod facts;
mod members;
mod preview;
pub(crate) mod routes;
mod stage;
mod store;

pub(crate) use backfill::step as backfill;
pub(crate) use define::{must_exist, prepare, rule};
pub(crate) use members::{Belongs, for_decisions, memberships_of};
pub(crate) use stage::{apply, follow_the_clock};
