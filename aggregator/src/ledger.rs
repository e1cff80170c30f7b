//! The loss ledger: what tabs numbered, and what became of each number.

pub(crate) mod routes;
mod store;
