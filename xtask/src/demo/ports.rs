//! Ports that are free at this moment.

use std::net::TcpListener;

use anyhow::{Result, bail};

/// How far from the usual port we look.
const REACH: u16 = 20;

/// The first free port from `first` on; says so when it is another one.
pub(super) fn free_from(first: u16) -> Result<u16> {
    let last = first.saturating_add(REACH);
    for port in first..=last {
        if TcpListener::bind(("127.0.0.1", port)).is_ok() {
            if port != first {
                println!("port {first} is in use, taking {port}");
            }
            return Ok(port);
        }
    }
    bail!("the ports {first} to {last} are all in use: end what uses them, or take another --port");
}
