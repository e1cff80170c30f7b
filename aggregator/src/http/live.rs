//! `GET /api/v1/events/live`: every event of the space with its outcome, and who enters and leaves audiences, as it
//! happens.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;
use tokio::time::{Instant, sleep_until};

use super::api::Api;
use super::context::{Reader, Shared};
use crate::live::Line;

/// A stream that is followed longer has to be asked for again.
const LONGEST: Duration = Duration::from_secs(3600);

/// Adds the operation.
pub(super) fn routes(api: Api) -> Api {
    api.get(
        "/events/live",
        "Server-sent events: {event, outcome, reason, profile_id}, without an outcome for who enters and leaves an audience; ?access_token= for EventSource",
        watch,
    )
}

async fn watch(
    reader: Reader,
    State(app): State<Shared>,
) -> Sse<impl Stream<Item = Result<Event, Infallible>>> {
    // The door is asked again from time to time, and when anybody is shown out.
    let ends = Instant::now() + LONGEST;
    let feed = (
        app.live.watch(),
        app.live.clone(),
        app.shown_out.listen(),
        reader,
    );
    let lines = stream::unfold(
        feed,
        move |(mut lines, live, mut shown_out, reader)| async move {
            let event = tokio::select! {
                event = next(&mut lines, reader.space_id()) => event?,
                () = live.closed() => return None,
                // An error means that the server is going.
                _ = shown_out.changed() => return None,
                () = sleep_until(ends) => return None,
            };
            Some((Ok(event), (lines, live, shown_out, reader)))
        },
    );
    Sse::new(lines).keep_alive(KeepAlive::new().interval(Duration::from_secs(15)))
}

/// The space's next line; who reads too slowly is told how many were missed.
async fn next(lines: &mut Receiver<Line>, space_id: &str) -> Option<Event> {
    loop {
        match lines.recv().await {
            Ok(line) if line.space_id == space_id => {
                return Some(
                    Event::default()
                        .event("message")
                        .data(line.data.to_string()),
                );
            }
            Ok(_) => {}
            Err(RecvError::Lagged(missed)) => {
                return Some(Event::default().event("missed").data(missed.to_string()));
            }
            Err(RecvError::Closed) => return None,
        }
    }
}
