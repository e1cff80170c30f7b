//! Numbered lines for work that takes a while.

use std::io::Write;
use std::time::Instant;

use anyhow::Result;

/// What a step of [`Progress`] turned out to be.
pub(crate) enum Outcome {
    /// Nothing had to be done.
    AlreadyThere,
    /// The work was done.
    Done,
}

/// Prints `[2/7] name … outcome`.
pub(crate) struct Progress {
    current: usize,
    total: usize,
}

impl Progress {
    pub(crate) fn new(total: usize) -> Self {
        Self { current: 0, total }
    }

    /// Runs one step; `work` is called after the beginning of the line is visible.
    pub(crate) fn step(
        &mut self,
        name: &str,
        work: impl FnOnce() -> Result<Outcome>,
    ) -> Result<()> {
        self.current += 1;
        print!("[{}/{}] {name} … ", self.current, self.total);
        // Losing a progress line is no reason to stop.
        let _ = std::io::stdout().flush();
        let started = Instant::now();
        match work() {
            Ok(Outcome::AlreadyThere) => println!("already there"),
            Ok(Outcome::Done) => println!("done in {:.1} s", started.elapsed().as_secs_f64()),
            Err(error) => {
                println!("failed");
                return Err(error);
            }
        }
        Ok(())
    }
}

/// Adds a remark to the line of the running step, for work that takes minutes.
pub(crate) fn remark(text: &str) {
    print!("{text} … ");
    let _ = std::io::stdout().flush();
}
