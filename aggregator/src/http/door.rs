//! The door: takes connections and bounds what one of them may cost, so that slow, silent or endless
//! clients disturb nobody.
//!
//! | a client that | gets |
//! | --- | --- |
//! | does not finish the head of its request in time | 408, and the connection is closed |
//! | sends nothing, or no further request | its connection closed after the same time |
//! | sends a head that is too large | 431 |
//! | is one too many | 503 with `Retry-After` |
//! | does not take its answer | its connection closed by the operating system |
//!
//! Once half of the places are taken, new connections get less time for the head, so that places come
//! free faster than a few clients can hold them. Bodies have a pace of their own ([`super::body`]).

use std::future::poll_fn;
use std::net::SocketAddr;
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::ConnectInfo;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::{Service as _, service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::service::TowerToHyperService;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Semaphore, watch};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, timeout};

use crate::error::{Code, Error};

/// How long the head of a request may take, and how long a connection may stay without one.
const PATIENCE: Duration = Duration::from_secs(20);
/// The same once half of the places are taken.
const HURRY: Duration = Duration::from_secs(3);
/// Bytes of a request's head.
const LARGEST_HEAD: usize = 32 * 1024;
/// How long bytes of ours may wait for a client to take them.
#[cfg(target_os = "linux")]
const UNTAKEN: Duration = Duration::from_secs(60);
/// How long a client may go on sending what nobody reads any more, so that it sees our answer instead
/// of a broken connection.
const LINGER: Duration = Duration::from_secs(2);
/// Connections that are told at a time that there is no place for them.
const MOST_REFUSALS: usize = 64;
/// Files that the process needs beside its connections.
const OTHER_FILES: u64 = 128;
/// Between two lines in the log that say the same.
const SILENCE: Duration = Duration::from_secs(10);

/// How many of `wanted` connections the operating system's limit of open files allows, after raising it
/// as far as this process may.
pub(crate) fn places(wanted: usize) -> usize {
    use rustix::process::{Resource, Rlimit, getrlimit, setrlimit};
    let wanted_files = u64::try_from(wanted)
        .unwrap_or(u64::MAX)
        .saturating_add(OTHER_FILES);
    let limit = getrlimit(Resource::Nofile);
    let raised = limit
        .maximum
        .map_or(wanted_files, |most| most.min(wanted_files));
    if limit.current.is_some_and(|current| current < raised) {
        let asked = Rlimit {
            current: Some(raised),
            ..limit
        };
        if let Err(error) = setrlimit(Resource::Nofile, asked) {
            tracing::warn!(%error, "the limit of open files cannot be raised");
        }
    }
    let files = getrlimit(Resource::Nofile).current.unwrap_or(u64::MAX);
    let most = usize::try_from(files.saturating_sub(OTHER_FILES)).unwrap_or(usize::MAX);
    if most < wanted {
        tracing::warn!(
            places = most,
            "fewer connections than asked for: the limit of open files (ulimit -n) allows no more"
        );
    }
    most.clamp(1, wanted.max(1))
}

/// Serves connections, `places` at a time, until `stopped`; then lets open requests end.
pub(crate) async fn serve(
    listener: TcpListener,
    router: Router,
    places: usize,
    stopped: impl Future<Output = ()>,
) {
    let free = Arc::new(Semaphore::new(places));
    let refusals = Arc::new(Semaphore::new(MOST_REFUSALS));
    let (stop, stopping) = watch::channel(false);
    // Dropping it, as when this future is dropped, ends them all.
    let mut connections = JoinSet::new();
    let mut warned: Option<Instant> = None;
    let mut stopped = pin!(stopped);
    loop {
        let (stream, address) = tokio::select! {
            () = &mut stopped => break,
            Some(_) = connections.join_next(), if !connections.is_empty() => continue,
            accepted = accept(&listener) => accepted,
        };
        if let Ok(place) = Arc::clone(&free).try_acquire_owned() {
            let patience = if free.available_permits() < places / 2 {
                HURRY
            } else {
                PATIENCE
            };
            let (router, stopping) = (router.clone(), stopping.clone());
            connections.spawn(async move {
                converse(stream, address, router, patience, stopping).await;
                drop(place);
            });
            continue;
        }
        if warned.is_none_or(|warned| warned.elapsed() > SILENCE) {
            warned = Some(Instant::now());
            tracing::warn!(
                places,
                "every place for a connection is taken; new ones are refused"
            );
        }
        if let Ok(turn) = Arc::clone(&refusals).try_acquire_owned() {
            connections.spawn(async move {
                let error = Error::new(
                    Code::Overloaded,
                    "too many connections are open; send this again later",
                );
                refuse(stream, &error).await;
                drop(turn);
            });
        }
    }
    drop(listener);
    stop.send_replace(true);
    while connections.join_next().await.is_some() {}
}

/// The next connection. A failure is either that client's, or it passes when others go.
async fn accept(listener: &TcpListener) -> (TcpStream, SocketAddr) {
    loop {
        match listener.accept().await {
            Ok(accepted) => return accepted,
            Err(error) => {
                use std::io::ErrorKind::{ConnectionAborted, ConnectionRefused, ConnectionReset};
                if !matches!(
                    error.kind(),
                    ConnectionAborted | ConnectionRefused | ConnectionReset
                ) {
                    tracing::error!(%error, "a connection cannot be accepted");
                    sleep(Duration::from_secs(1)).await;
                }
            }
        }
    }
}

/// One connection, from its first request to its last.
async fn converse(
    stream: TcpStream,
    address: SocketAddr,
    router: Router,
    patience: Duration,
    mut stopping: watch::Receiver<bool>,
) {
    configure(&stream);
    let routes = TowerToHyperService::new(router);
    let service = service_fn(move |mut request: hyper::Request<Incoming>| {
        request.extensions_mut().insert(ConnectInfo(address));
        // Taking the stream back in the end needs a future that may be moved.
        Box::pin(routes.call(request))
    });
    let mut connection = http1::Builder::new()
        .timer(TokioTimer::new())
        .header_read_timeout(patience)
        .max_header_size(LARGEST_HEAD)
        .serve_connection(TokioIo::new(stream), service);
    let asked_to_stop = async {
        // An error means that nobody can stop us any more, which is an end too.
        let _ = stopping.wait_for(|stopping| *stopping).await;
    };
    let ended = tokio::select! {
        ended = poll_fn(|context| connection.poll_without_shutdown(context)) => Some(ended),
        () = asked_to_stop => None,
    };
    let ended = match ended {
        Some(ended) => ended,
        None => {
            Pin::new(&mut connection).graceful_shutdown();
            poll_fn(|context| connection.poll_without_shutdown(context)).await
        }
    };
    let parts = connection.into_parts();
    let stream = parts.io.into_inner();
    match ended {
        Err(error) if error.is_timeout() && !parts.read_buf.is_empty() => {
            let seconds = patience.as_secs();
            let words = format!(
                "the head of the request did not come within {seconds} seconds: send it again"
            );
            refuse(stream, &Error::new(Code::TooSlow, words)).await;
        }
        ended => {
            if let Err(error) = ended {
                tracing::debug!(%error, "a connection ended");
            }
            close(stream).await;
        }
    }
}

/// A failure leaves the connection as the system makes it.
fn configure(stream: &TcpStream) {
    let nodelay = stream.set_nodelay(true);
    #[cfg(target_os = "linux")]
    let nodelay = {
        let untaken = u32::try_from(UNTAKEN.as_millis()).unwrap_or(u32::MAX);
        let bounded = rustix::net::sockopt::set_tcp_user_timeout(stream, untaken);
        nodelay.and(bounded.map_err(std::io::Error::from))
    };
    if let Err(error) = nodelay {
        tracing::debug!(%error, "a connection cannot be configured");
    }
}

/// Answers without having read a request, and closes.
async fn refuse(mut stream: TcpStream, error: &Error) {
    let status = error.code.status();
    let status = axum::http::StatusCode::from_u16(status)
        .unwrap_or(axum::http::StatusCode::SERVICE_UNAVAILABLE);
    let retry = error
        .code
        .retry_after()
        .map_or_else(String::new, |seconds| format!("retry-after: {seconds}\r\n"));
    let body = error.envelope().to_string();
    let answer = format!(
        "HTTP/1.1 {status}\r\ncontent-type: application/json\r\ncontent-length: {}\r\n{retry}connection: close\r\n\r\n{body}",
        body.len()
    );
    // An error means that the client is gone.
    let _ = timeout(LINGER, stream.write_all(answer.as_bytes())).await;
    close(stream).await;
}

/// Says that nothing more comes, and takes what the client still sends for a moment.
async fn close(mut stream: TcpStream) {
    let mut unread = [0; 4096];
    let lingering = async {
        stream.shutdown().await?;
        while stream.read(&mut unread).await? > 0 {}
        Ok::<(), std::io::Error>(())
    };
    // It is closed in any case.
    let _ = timeout(LINGER, lingering).await;
}
