//! Logs: one line an occurrence, on standard error, in JSON unless a person is watching.
//!
//! What may be in them: ids of ours, codes, counts, times, paths of files. Never: identifiers of
//! people, traits, properties, write keys, tokens, addresses of callers, bodies.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

/// Starts writing logs; `filter` such as `info` or `headwater=debug`.
pub(crate) fn start(filter: &str) {
    let filter = EnvFilter::try_new(filter).unwrap_or_else(|_| EnvFilter::new("info"));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_writer(std::io::stderr);
    // An error means that the program around us has set up its own logs.
    let _ = if std::io::stderr().is_terminal() {
        builder.try_init()
    } else {
        builder.json().try_init()
    };
}
