//! Backups that an erasure reaches.
//!
//! A backup is a file of rows, made while the server runs. The rows of each person are sealed with a key of each of their
//! identifiers, and the keys are in no backup: an erasure destroys them, and with them every copy of the person that was
//! ever made. `docs/adr/0027-sealed-backups.md` says why it is as it is.

mod block;
mod destroy;
mod keys;
mod make;
mod parts;
mod restore;
mod row;
mod seal;
mod snapshot;

pub(crate) use destroy::{Destroyed, Whom, destroy};
pub(crate) use keys::{Keys, file as keys_file};
pub(crate) use make::{Made, make};
pub(crate) use restore::{check, restore};
