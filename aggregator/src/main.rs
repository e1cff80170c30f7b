//! The `headwater` binary.

use std::process::ExitCode;

/// A batch is thousands of small texts: glibc's allocator took a quarter of the processor for them.
/// SQLite allocates through it too.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    headwater::cli::run()
}
