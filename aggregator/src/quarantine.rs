//! Quarantine: refused messages, kept whole with the reason, and tried again on request.

mod replay;
pub(crate) mod routes;
mod store;
