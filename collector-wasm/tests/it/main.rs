//! The state machine against a simulated page and server.

#![expect(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "a test that cannot go on fails"
)]

mod accounts;
mod conformance;
mod consent;
mod delivery;
mod page;
mod tabs;
