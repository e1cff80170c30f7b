//! The log of what everybody did with the server API: every change, and every look at a person's data.
//!
//! That a change begins is written before it is made, and how it ended, or that somebody looked, before the answer tells. Each
//! entry holds the digest of the one before, so that one that is changed, moved or missing shows ([`verify`]). What cannot be
//! written, as on a full disk, waits in memory: looks are answered meanwhile, and nothing is changed.

mod entry;
mod record;
pub(crate) mod routes;
mod store;
mod verify;
mod writer;

pub(crate) use entry::Entry;
pub(crate) use record::{looked, record, refused};
pub(crate) use writer::Audit;
