//! Identity: evidence becomes profiles. The rules are the core's; here is what is loaded for them,
//! and what is written of their answer.

mod cache;
mod evidence;
mod link;
mod resolve;
mod stage;
pub(crate) mod store;

pub(crate) use cache::Cache;
pub(crate) use link::{Links, link};
pub(crate) use stage::apply;
pub(crate) use store::put_links;
