//! Tests of matching at its front door.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "what cannot be read has to fail the test"
)]

mod households;
mod labelled;
mod properties;
mod quality;
mod refusals;
mod spec;
mod splink;
mod splink_parity;
