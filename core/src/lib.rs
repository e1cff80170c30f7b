//! The rules of Headwater, pure.
//!
//! Everything that decides what happens to an event is here, once: how a message is read
//! ([`wire`]), whether consent allows it ([`consent`]), whose it is (`identity`), what it says
//! about a person ([`traits`], [`computed_trait`]), whether it is what its space expects
//! (`tracking_plan`), what holds of it ([`condition`]), which audiences follow ([`audience`]), what
//! a page then shows ([`decision`], split by [`bucket`]), what that did (`experiment`), and
//! what was done altogether (`report`). The browser, the edge and the
//! server call the same functions.
//!
//! There is no clock, no randomness, no I/O and no `async` in this crate: time and fresh ids are
//! arguments. `core/clippy.toml` forbids the rest and the wasm32 build proves it.

pub mod address;
pub mod audience;
pub mod bots;
pub mod bucket;
pub mod collection;
pub mod computed_trait;
pub mod condition;
pub mod consent;
pub mod decision;
pub mod document;
pub mod event;
#[cfg(not(target_arch = "wasm32"))]
pub mod experiment;
pub mod fields;
pub mod forward;
pub mod gate;
pub mod hex;
pub mod identifier;
#[cfg(not(target_arch = "wasm32"))]
pub mod identity;
mod json;
pub mod json_path;
pub mod kept_message;
pub mod ledger;
pub mod origin;
pub mod outcome;
#[cfg(not(target_arch = "wasm32"))]
pub mod placement;
pub mod profile_id;
pub mod rate;
pub mod recent;
#[cfg(not(target_arch = "wasm32"))]
pub mod report;
#[cfg(feature = "schema")]
pub mod schema;
pub mod signature;
pub mod source;
pub mod time;
#[cfg(not(target_arch = "wasm32"))]
pub mod tracking_plan;
pub mod traits;
pub mod violation;
pub mod window;
pub mod wire;
