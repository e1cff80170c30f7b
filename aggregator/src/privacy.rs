//! What people may ask for of what is held of them: to see it, to take it along, to have it corrected, to have it kept and not
//! used, and to have it erased; and for how long events are kept at all.
//!
//! One list of tables ([`held`]) says where anything of a person is. What is shown of a person and what is erased both follow
//! from it, so that neither can forget a table. Erasing is a job of the pipeline, which is the only one that writes what is
//! derived: a step at a time, between two of its turns.

mod archive;
mod erase;
mod held;
mod person;
mod readable;
mod rectify;
mod request;
mod restriction;
mod retention;
pub(crate) mod routes;
mod store;
mod suppression;

pub(crate) use erase::{Around, Work, again as erase_again, work, work_that_is_left};
#[cfg(test)]
pub(crate) use held::{held, naming_columns};
pub(crate) use restriction::restricted;
pub(crate) use retention::{begin_daily, trim};
pub(crate) use suppression::{Suppressions, seal_copy_anew};
