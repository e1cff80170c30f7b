//! Waiting until a part answers.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

const PATIENCE: Duration = Duration::from_secs(60);
const PAUSE: Duration = Duration::from_millis(100);

/// Asks `address` for `path` until it answers 200. `check` is called between two tries and ends the waiting with its
/// error.
pub(super) fn wait_for(
    address: &str,
    path: &str,
    mut check: impl FnMut() -> Result<()>,
) -> Result<()> {
    let started = Instant::now();
    while started.elapsed() < PATIENCE {
        check()?;
        if status(address, path).is_ok_and(|status| status == 200) {
            return Ok(());
        }
        std::thread::sleep(PAUSE);
    }
    bail!(
        "{address}{path} did not answer within {} seconds",
        PATIENCE.as_secs()
    );
}

/// The status of one GET.
fn status(address: &str, path: &str) -> Result<u16> {
    let host = address.strip_prefix("http://").context("an http address")?;
    let mut stream = TcpStream::connect(host)?;
    stream.set_read_timeout(Some(Duration::from_secs(5)))?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nhost: {host}\r\nconnection: close\r\n\r\n"
    )?;
    let mut head = [0; 12];
    stream.read_exact(&mut head)?;
    let text = std::str::from_utf8(&head[9..])?;
    Ok(text.parse()?)
}
