//! Headwater's server: durable log, identity, profiles, audiences, server API and dashboard.
//!
//! One event walks [`ingest`] (durable, then acknowledged) and then [`pipeline`] (identity, consent,
//! traits, computed traits, audiences). Each slice has the same shape: `routes` (HTTP only), `store`
//! (all SQL of its tables, the space first), and files named after what they do.

#![warn(unreachable_pub)]

mod access;
mod app;
mod audience;
mod audit;
mod backup;
pub mod cli;
mod clock;
mod computed_trait;
mod consent;
mod counting;
mod data_dir;
mod database;
mod error;
mod experience;
mod history;
mod http;
mod id;
mod identity;
mod import;
mod ingest;
mod labelled;
mod ledger;
mod live;
mod matching;
#[doc(hidden)]
pub mod measure;
mod member;
mod memo;
mod outbound;
mod pipeline;
mod placement;
mod priority;
mod privacy;
mod profile;
mod quarantine;
mod report;
mod session;
mod sign_in;
mod snapshot;
mod source;
mod telemetry;
mod token;
mod tracking_plan;
mod traits;
mod usage;
mod user_token;
mod vault;
mod version;
mod withdrawal;
mod workspace;
