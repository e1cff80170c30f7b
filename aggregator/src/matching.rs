//! Probabilistic matching of a space's people: what is known of each identifier is a record, and pairs that look like one
//! person without sharing an identifier become suggestions that somebody accepts or rejects. Nothing is merged by itself,
//! unless a space wants it and its own reviewed pairs say from which weight on that is right.

mod automatic;
mod records;
pub(crate) mod routes;
mod run;
mod store;

pub(crate) use run::Running;
pub(crate) use store::forget;
