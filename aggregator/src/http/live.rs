//! `GET /api/v1/events/live`: every event of the space with its outcome, and who enters and leaves audiences, as it
//! happens.

use std::convert::Infallible;
use std::time::Duration;

use axum::extract::State;
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::stream::{self, Stream};
use tokio::sync::broadcast::Receiver;
use tokio::sync::broadcast::error::RecvError;

use super::api::Api;
use super::context::{Reader, Shared};
use crate::live::Line;

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
    let feed = (app.live.watch(), app.live.clone(), reader);
    let lines = stream::unfold(feed, |(mut lines, live, reader)| async move {
        let event = tokio::select! {
            event = next(&mut lines, reader.space_id()) => event?,
            () = live.closed() => return None,
        };
        Some((Ok(event), (lines, live, reader)))
    });
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
