//! The log of what everybody did with the server API: every change, and every look at a person's data.
//!
//! An entry is written before the answer tells. Each holds the digest of the one before, so that one that is changed,
//! moved or missing shows ([`verify`]). What cannot be written, as on a full disk, waits in memory: a look is answered
//! meanwhile, a change is not.

mod entry;
mod record;
pub(crate) mod routes;
mod store;
mod verify;
mod writer;

pub(crate) use entry::Entry;
pub(crate) use record::{looked, record, refused};
pub(crate) use writer::Audit;
