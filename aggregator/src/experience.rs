//! Experiences: stored here, decided at the edge.

mod needs;
pub(crate) mod routes;
mod store;

pub(crate) use needs::that_needs;
pub(crate) use store::of_spaces;
