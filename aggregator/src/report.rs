//! Reports over what happened: trends, funnels, retention and paths, each within a moment, also over many millions of events.
//!
//! A report reads every event that people did (track, page and screen), but of each only when, what and who. That is twelve
//! bytes, which [`columns`] keeps in memory from the first report on: read once from the event table, and from then on only what
//! is new. Who is who, and whom consent has excluded since, is read for every report while that is quick, else every minute or so.

mod ask;
mod breakdown;
mod columns;
mod reader;
pub(crate) mod routes;
mod store;

pub(crate) use columns::{Gone, Happened};
pub(crate) use reader::Reports;
