//! Load for `cargo xtask bench`: drives the shipped `headwater` binary and, in turn with it, a
//! reference server that does the least work a server can, so that figures are ratios of one run.
//!
//! `headwater-load ingest|path|soak|postgres|consent|realtime|identity --headwater BIN` prints one JSON line a figure:
//! `{"name","value","unit","at_most"|"at_least"}`. Everything stays on loopback and ends by itself.

mod bodies;
mod client;
mod consent;
mod figures;
mod identity;
mod ingest;
mod path;
mod postgres;
mod realtime;
mod reference;
mod servers;
mod soak;

use std::path::PathBuf;

use anyhow::{Result, bail};

/// The server's: the identity stage runs in this process, and what headwater is measured against has no worse one.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> Result<()> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()?;
    match words[..] {
        ["reference"] => runtime.block_on(reference::serve(None)),
        ["reference", "--database-url", url] => runtime.block_on(reference::serve(Some(url))),
        ["ingest", "--headwater", binary] => runtime.block_on(ingest::run(PathBuf::from(binary))),
        ["postgres", "--database-url", url, "--headwater", binary] => {
            runtime.block_on(postgres::run(PathBuf::from(binary), url))
        }
        ["soak", "--headwater", binary] => {
            runtime.block_on(soak::run(PathBuf::from(binary), soak::EVENTS))
        }
        ["soak", events, "--headwater", binary] => {
            runtime.block_on(soak::run(PathBuf::from(binary), events.parse()?))
        }
        ["consent", "--headwater", binary] => runtime.block_on(consent::run(PathBuf::from(binary))),
        ["identity", "--headwater", _] => identity::run(10_000_000),
        ["identity", events, "--headwater", _] => identity::run(events.parse()?),
        ["identity-in-sqlite", events, "--headwater", _] => {
            runtime.block_on(identity::in_sqlite(events.parse()?))
        }
        ["realtime", "--headwater", binary] => {
            runtime.block_on(realtime::run(PathBuf::from(binary), realtime::PEOPLE))
        }
        ["realtime", people, "--headwater", binary] => {
            runtime.block_on(realtime::run(PathBuf::from(binary), people.parse()?))
        }
        ["path", "--headwater", binary] => runtime.block_on(path::run(PathBuf::from(binary))),
        _ => bail!(
            "usage: headwater-load ingest|path|consent|realtime [PEOPLE]|soak [EVENTS]|identity [EVENTS]|identity-in-sqlite EVENTS|postgres --database-url URL --headwater BINARY"
        ),
    }
}
