//! Identity: evidence becomes profiles. The rules are the core's; here is what is loaded for them,
//! what is written of their answer, and what people decide.

mod again;
mod attribution;
mod cache;
mod decision;
mod evidence;
mod link;
mod preview;
mod reading;
mod resolve;
mod review;
pub(crate) mod routes;
mod rules;
mod stage;
pub(crate) mod store;
mod waiting;

pub(crate) use again::resolve_again;
pub(crate) use attribution::{User, attribute, given, user_of};
pub(crate) use cache::Cache;
pub(crate) use decision::{
    Decided, automatic_taken_back, count_automatic, decide_pair, merge_automatically,
    undo_automatic,
};
pub(crate) use link::{Links, link};
pub(crate) use reading::{Step, any_gone, next_gone, read_again, read_apart};
pub(crate) use rules::rules_in_force;
pub(crate) use stage::apply;
pub(crate) use store::{components_of, put_components_again, put_links};
pub(crate) use waiting::{REFOLD, RESOLVE};
