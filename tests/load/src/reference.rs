//! The reference: the least a server can do with the same requests.

use std::collections::HashSet;
use std::fs::File;
use std::hash::{BuildHasher, RandomState};
use std::io::Write as _;
use std::sync::{Arc, Mutex};

use anyhow::Result;
use axum::Router;
use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::StatusCode;
use axum::routing::post;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

/// Serves until it is killed; the first line it prints is its address, as headwater's is.
#[expect(
    clippy::print_stdout,
    reason = "the parent process reads the address there"
)]
pub(crate) async fn serve() -> Result<()> {
    let constant = Bytes::from(format!("{{\"decisions\":\"{}\"}}", "x".repeat(2_030)));
    let (appends, waiting) = mpsc::unbounded_channel();
    let file = tempfile::tempfile()?;
    std::thread::spawn(move || append(file, waiting));
    let limit = Arc::new(Limit {
        hasher: RandomState::new(),
        seen: Mutex::default(),
        appends,
    });
    let routes = Router::new()
        .route("/v1/batch", post(parse))
        .route("/append", post(parse_and_append).with_state(limit))
        .route("/v1/decide", post(move |_: Bytes| async move { constant }))
        .layer(DefaultBodyLimit::max(8 * 1024 * 1024));
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    println!("reference listening on http://{}", listener.local_addr()?);
    Ok(axum::serve(listener, routes).await?)
}

/// Reads the body, parses it as JSON and forgets it.
async fn parse(body: Bytes) -> StatusCode {
    match serde_json::from_slice::<Value>(&body) {
        Ok(_) => StatusCode::OK,
        Err(_) => StatusCode::BAD_REQUEST,
    }
}

/// A body to append, and whom to tell that it is durable.
type Append = (Bytes, oneshot::Sender<()>);

/// What the limit of a log needs: message ids in memory, and a file.
struct Limit {
    hasher: RandomState,
    seen: Mutex<HashSet<u64>>,
    appends: mpsc::UnboundedSender<Append>,
}

#[derive(Deserialize)]
struct Batch<'a> {
    #[serde(borrow)]
    batch: Vec<Message<'a>>,
}

/// The fields that any collector has to look at; the others stay text.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Message<'a> {
    message_id: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    anonymous_id: Option<&'a str>,
    user_id: Option<&'a str>,
    #[serde(borrow)]
    properties: Option<&'a RawValue>,
}

/// Parses with types, checks, leaves duplicates out, appends the body and answers after the next fsync:
/// the limit of a log on this machine.
async fn parse_and_append(State(limit): State<Arc<Limit>>, body: Bytes) -> StatusCode {
    let Ok(batch) = serde_json::from_slice::<Batch<'_>>(&body) else {
        return StatusCode::BAD_REQUEST;
    };
    let valid = |message: &Message<'_>| {
        !message.kind.is_empty()
            && (message.anonymous_id.is_some() || message.user_id.is_some())
            && message.properties.is_some()
    };
    if !batch.batch.iter().all(valid) {
        return StatusCode::BAD_REQUEST;
    }
    {
        let Ok(mut seen) = limit.seen.lock() else {
            return StatusCode::INTERNAL_SERVER_ERROR;
        };
        for message in &batch.batch {
            seen.insert(limit.hasher.hash_one(message.message_id));
        }
    }
    let (durable, wait) = oneshot::channel();
    if limit.appends.send((body.clone(), durable)).is_err() || wait.await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    StatusCode::OK
}

/// Group commit: whatever waits is written at once, made durable once, and told.
fn append(mut file: File, mut waiting: mpsc::UnboundedReceiver<Append>) {
    let mut group = Vec::new();
    while waiting.blocking_recv_many(&mut group, 1_024) > 0 {
        let bodies: Vec<u8> = group.iter().flat_map(|(body, _)| body).copied().collect();
        if file
            .write_all(&bodies)
            .and_then(|()| file.sync_data())
            .is_err()
        {
            // Whoever waits is told by its channel's end.
            return;
        }
        for (_, durable) in group.drain(..) {
            // Nobody may wait any more.
            let _ = durable.send(());
        }
    }
}
