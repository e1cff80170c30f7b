//! Quarantine: refused messages, kept whole with the reason, and tried again on request.

mod filter;
mod replay;
pub(crate) mod routes;
mod store;

pub(crate) use replay::since;
