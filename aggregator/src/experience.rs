//! Experiences: stored here, decided at the edge.

pub(crate) mod routes;
mod store;

pub(crate) use store::of_spaces;
