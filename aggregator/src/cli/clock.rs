//! A clock that is moved by hand, through standard input and output: who has started the server moves its clock, and
//! nobody else can.

use std::io::{self, BufRead as _, Write as _};
use std::sync::Arc;

use cdp_core::time::Timestamp;
use tokio::runtime::Handle;

use crate::app::App;
use crate::clock;

/// Moves the clock to the time of each line, and answers each with a line once everything that was due by then
/// has happened. On a thread of its own: a read of standard input cannot be broken off, and must not keep the
/// server from ending.
///
/// # Errors
/// When the system starts no thread.
pub(super) fn obey(app: Arc<App>) -> io::Result<()> {
    let runtime = Handle::current();
    let obey = move || {
        for line in io::stdin().lock().lines().map_while(Result::ok) {
            let answer = match runtime.block_on(move_to(&app, line.trim())) {
                Ok(time) => format!("clock at {time}"),
                Err(error) => format!("error: {error}"),
            };
            if writeln!(io::stdout(), "{answer}").is_err() {
                // Nobody wants to know.
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("clock".to_owned())
        .spawn(obey)?;
    Ok(())
}

async fn move_to(app: &App, text: &str) -> Result<Timestamp, Box<dyn std::error::Error>> {
    let time: Timestamp = text.parse()?;
    clock::stand_at(time)?;
    app.pipeline.wake();
    app.pipeline.followed(time).await;
    Ok(time)
}
