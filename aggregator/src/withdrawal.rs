//! Withdrawal: what rested on evidence that no longer counts is found anew from the events, not by
//! subtraction, and whoever will have to hear of it is told.

mod fold;
mod news;
pub(crate) mod routes;
mod store;

pub(crate) use fold::{fold_again, fold_people_again};
pub(crate) use news::tell;
pub(crate) use store::{everybody, is_waiting, is_waiting_in, next};
