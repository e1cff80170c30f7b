//! Withdrawal: what rested on evidence that no longer counts is found anew from the events, not by
//! subtraction, and whoever will have to hear of it is told.

mod fold;
mod news;
pub(crate) mod routes;
mod store;
mod trial;

pub(crate) use fold::{fold_again, refold};
pub(crate) use news::tell;
pub(crate) use store::{clear, next};
pub(crate) use trial::{Trial, would_change};
