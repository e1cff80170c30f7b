//! Who gets the processor first when there is not enough of it: taking events in comes before what
//! follows from them. What waits to take effect is safe in the log; what is not taken in is lost to a
//! client that gives up.

use std::future::Future;
use std::io;

use tokio::runtime::Handle;
use tokio::sync::oneshot;

/// How far behind: where there is not enough for both, a tenth of a processor goes to each thread that is
/// behind.
#[cfg(target_os = "linux")]
const NICE: i32 = 10;

/// Runs a task to its end on a thread that the system runs behind others, and so are the threads that
/// it starts, such as those of SQLite's connections. It must start none that others use, too: the runtime's threads for
/// what blocks are everybody's. The receiver gets its answer; an error says that the task panicked.
///
/// # Errors
/// When the system starts no thread.
pub(crate) fn behind<T: Send + 'static>(
    name: &str,
    task: impl Future<Output = T> + Send + 'static,
) -> io::Result<oneshot::Receiver<T>> {
    on_a_thread(name, step_back, task)
}

/// The same on a thread like any other, for a task that waits for the disk.
///
/// # Errors
/// When the system starts no thread.
pub(crate) fn beside<T: Send + 'static>(
    name: &str,
    task: impl Future<Output = T> + Send + 'static,
) -> io::Result<oneshot::Receiver<T>> {
    on_a_thread(name, || {}, task)
}

fn on_a_thread<T: Send + 'static>(
    name: &str,
    first: fn(),
    task: impl Future<Output = T> + Send + 'static,
) -> io::Result<oneshot::Receiver<T>> {
    let (answer, done) = oneshot::channel();
    let runtime = Handle::current();
    let run = move || {
        first();
        // Nobody waits any more when the caller is gone.
        let _ = answer.send(runtime.block_on(task));
    };
    std::thread::Builder::new()
        .name(name.to_owned())
        .spawn(run)?;
    Ok(done)
}

#[cfg(target_os = "linux")]
fn step_back() {
    // On Linux this is about the calling thread alone.
    if let Err(error) = rustix::process::nice(NICE) {
        tracing::debug!(%error, "a thread stays where it is among others");
    }
}

/// Elsewhere niceness is the whole process's.
#[cfg(not(target_os = "linux"))]
fn step_back() {}
