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
use sqlx::Connection as _;
use sqlx::postgres::PgConnection;
use tokio::net::TcpListener;
use tokio::sync::{mpsc, oneshot};

/// Connections that copy at the same time.
const COPIES: usize = 4;
/// Bodies that one COPY takes at most: 2,000 events, what was fastest of a COPY alone.
const COPIED: usize = 100;

/// Serves until it is killed; the first line it prints is its address, as headwater's is. With a Postgres
/// it has a route more, `/copy`.
#[expect(
    clippy::print_stdout,
    reason = "the parent process reads the address there"
)]
pub(crate) async fn serve(database_url: Option<&str>) -> Result<()> {
    let constant = Bytes::from(format!("{{\"decisions\":\"{}\"}}", "x".repeat(2_030)));
    let (appends, waiting) = mpsc::unbounded_channel();
    let file = tempfile::tempfile()?;
    std::thread::spawn(move || append(file, waiting));
    let mut routes = Router::new()
        .route("/v1/batch", post(parse))
        .route(
            "/append",
            post(parse_and_store).with_state(Limit::of(appends)),
        )
        .route("/v1/decide", post(move |_: Bytes| async move { constant }))
        .layer(DefaultBodyLimit::max(8 * 1024 * 1024));
    if let Some(url) = database_url {
        let (copies, waiting) = mpsc::unbounded_channel();
        let waiting = Arc::new(tokio::sync::Mutex::new(waiting));
        for _ in 0..COPIES {
            let connection = PgConnection::connect(url).await?;
            tokio::spawn(copy(connection, Arc::clone(&waiting)));
        }
        routes = routes.route("/copy", post(parse_and_store).with_state(Limit::of(copies)));
    }
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

/// A body to store, and whom to tell that it is durable.
type Store = (Bytes, oneshot::Sender<()>);

/// What a limit needs: message ids in memory, and a place for bodies.
struct Limit {
    hasher: RandomState,
    seen: Mutex<HashSet<u64>>,
    stores: mpsc::UnboundedSender<Store>,
}

impl Limit {
    fn of(stores: mpsc::UnboundedSender<Store>) -> Arc<Self> {
        Arc::new(Self {
            hasher: RandomState::new(),
            seen: Mutex::default(),
            stores,
        })
    }
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

/// Parses with types, checks, leaves duplicates out, stores the body and answers once it is durable, after
/// the next fsync of a file or the next commit: the limit of a log on this machine.
async fn parse_and_store(State(limit): State<Arc<Limit>>, body: Bytes) -> StatusCode {
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
    if limit.stores.send((body.clone(), durable)).is_err() || wait.await.is_err() {
        return StatusCode::INTERNAL_SERVER_ERROR;
    }
    StatusCode::OK
}

/// Group commit: whatever waits is written at once, made durable once, and told.
fn append(mut file: File, mut waiting: mpsc::UnboundedReceiver<Store>) {
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

/// Group commit on Postgres: whatever waits is copied at once, an event a row, into a table without an
/// index, and told.
async fn copy(
    mut connection: PgConnection,
    waiting: Arc<tokio::sync::Mutex<mpsc::UnboundedReceiver<Store>>>,
) -> Result<()> {
    let mut group = Vec::new();
    while waiting.lock().await.recv_many(&mut group, COPIED).await > 0 {
        let mut rows = Vec::new();
        for (body, _) in &group {
            let batch: Texts<'_> = serde_json::from_slice(body)?;
            for message in batch.batch {
                // What COPY's text format escapes; JSON on one line has no tabs or line ends.
                for byte in message.get().bytes() {
                    if byte == b'\\' {
                        rows.push(byte);
                    }
                    rows.push(byte);
                }
                rows.push(b'\n');
            }
        }
        let mut into = connection.copy_in_raw("COPY bare_copy FROM STDIN").await?;
        into.send(rows).await?;
        into.finish().await?;
        for (_, durable) in group.drain(..) {
            // Nobody may wait any more.
            let _ = durable.send(());
        }
    }
    Ok(())
}

#[derive(Deserialize)]
struct Texts<'a> {
    #[serde(borrow)]
    batch: Vec<&'a RawValue>,
}
