//! Audiences: who belongs, now. Evaluated for the profiles that an event touches, for everybody when
//! a definition is new, and for whoever's time has come when only time passes.

mod backfill;
mod changes;
mod define;
mod edge;
mod evaluate;
mod facts;
mod members;
mod news;
mod plan;
mod preview;
mod progress;
pub(crate) mod routes;
mod stage;
mod store;
mod why;

pub(crate) use backfill::step as backfill;
pub(crate) use changes::{Change, of_profile as changes_of_profile, trim};
pub(crate) use define::{counters, look_again_at, must_exist, prepare, rule, that_reads};
pub(crate) use edge::{bases, for_edges, rules_for};
pub(crate) use members::{Belongs, count, for_decisions, memberships_of};
pub(crate) use stage::{apply, follow_the_clock};
