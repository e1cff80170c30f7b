//! The loss ledger: what tabs numbered, and what became of each number.

mod gaps;
mod new_tabs;
pub(crate) mod routes;
mod store;

pub(crate) use new_tabs::NewTabs;
