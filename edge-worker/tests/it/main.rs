//! The edge as a client sees it, on a host that keeps what it is given.

#![expect(clippy::unwrap_used, reason = "a test may fail by panicking")]

mod bodies;
mod clients;
mod cookies;
mod counting;
mod decisions;
mod host;
mod limits;
mod ofrep;
mod pages;
mod requests;
mod sdk;
mod user_tokens;
