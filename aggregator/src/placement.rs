//! Placements: the places that experiences fill, with the schema of what may stand there.

mod define;
pub(crate) mod routes;
mod store;

pub(crate) use define::mistakes_of;
pub(crate) use store::defaults;
