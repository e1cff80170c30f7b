//! Who gets the processor first when there is not enough of it: taking events in comes before what
//! follows from them. What waits to take effect is safe in the log; what is not taken in is lost to a
//! client that gives up.

use std::future::Future;
use std::io;
use std::pin::Pin;

use tokio::runtime::Handle;
use tokio::sync::{mpsc, oneshot};

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

/// A thread that the system runs behind others, which is given one piece of work after the other.
#[derive(Debug)]
pub(crate) struct Behind(mpsc::Sender<Piece>);

type Piece = Pin<Box<dyn Future<Output = ()> + Send>>;

impl Behind {
    /// Starts the thread; it ends when this is dropped.
    ///
    /// # Errors
    /// When the system starts no thread.
    pub(crate) fn start(name: &str) -> io::Result<Self> {
        let (pieces, mut waiting) = mpsc::channel::<Piece>(1);
        let run = async move {
            while let Some(piece) = waiting.recv().await {
                piece.await;
            }
        };
        behind(name, run)?;
        Ok(Self(pieces))
    }

    /// Does a piece of work there; `None` when it panicked, or one before did.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        work: impl Future<Output = T> + Send + 'static,
    ) -> Option<T> {
        let (answer, done) = oneshot::channel();
        let piece = async move {
            // Nobody waits any more when the caller is gone.
            let _ = answer.send(work.await);
        };
        self.0.send(Box::pin(piece)).await.ok()?;
        done.await.ok()
    }
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

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(target_os = "linux")]
    #[tokio::test]
    async fn pieces_of_work_are_behind_and_whoever_hands_them_over_is_not() {
        let before = rustix::process::nice(0).unwrap();
        let behind = Behind::start("behind").unwrap();
        let there = behind.run(async { rustix::process::nice(0).unwrap() });
        assert_eq!(there.await, Some(before + NICE));
        assert_eq!(rustix::process::nice(0).unwrap(), before);
    }

    #[tokio::test]
    async fn who_hands_over_work_hears_that_it_panicked() {
        let behind = Behind::start("behind").unwrap();
        assert_eq!(behind.run(async { 1 }).await, Some(1));
        let panics = async { std::panic::resume_unwind(Box::new("broken")) };
        assert_eq!(behind.run::<()>(panics).await, None);
        assert_eq!(behind.run(async { 2 }).await, None);
    }
}
