//! A closed loop of connections: each sends its next request when it has read the last answer.

use std::net::SocketAddr;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, ensure};
use http_body_util::{BodyExt, Full};
use hyper::Request;
use hyper::body::Bytes;
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::task::JoinSet;

/// What a run of load saw.
pub(crate) struct Seen {
    /// How long each request took.
    pub(crate) latencies: Vec<Duration>,
    /// How long the run took.
    pub(crate) elapsed: Duration,
}

impl Seen {
    /// Requests a second.
    pub(crate) fn rate(&self) -> f64 {
        f64::from(u32::try_from(self.latencies.len()).unwrap_or(u32::MAX))
            / self.elapsed.as_secs_f64()
    }
}

/// When a connection has sent enough.
#[derive(Clone, Copy)]
pub(crate) enum Until {
    /// After so long.
    Over(Duration),
    /// After so many requests.
    Sent(usize),
}

/// How a connection goes about it.
#[derive(Clone, Copy)]
pub(crate) struct Manner {
    /// Connections at the same time.
    pub(crate) connections: usize,
    /// When each has sent enough.
    pub(crate) until: Until,
    /// Requests a second of all together, at most; as fast as they are answered without.
    pub(crate) rate: Option<f64>,
}

/// Posts bodies to a path. `body` makes the next body from the connection's number and a counter. Any
/// answer but 200 fails the run.
pub(crate) async fn run(
    address: SocketAddr,
    path: &'static str,
    manner: Manner,
    body: impl Fn(usize, usize) -> Vec<u8> + Clone + Send + Sync + 'static,
) -> Result<Seen> {
    let start = Instant::now();
    let mut tasks = JoinSet::new();
    for connection in 0..manner.connections {
        let body = body.clone();
        tasks.spawn(async move {
            one(address, path, start, connection, manner, |count| {
                body(connection, count)
            })
            .await
        });
    }
    let mut latencies = Vec::new();
    while let Some(done) = tasks.join_next().await {
        latencies.extend(done??);
    }
    Ok(Seen {
        latencies,
        elapsed: start.elapsed(),
    })
}

async fn one(
    address: SocketAddr,
    path: &str,
    start: Instant,
    connection: usize,
    manner: Manner,
    body: impl Fn(usize) -> Vec<u8>,
) -> Result<Vec<Duration>> {
    // At a fixed rate, connections take turns.
    let connections = f64::from(u32::try_from(manner.connections)?);
    let pace = manner
        .rate
        .map(|rate| Duration::from_secs_f64(connections / rate));
    let lag = pace.map_or(Duration::ZERO, |pace| {
        pace.mul_f64(f64::from(u32::try_from(connection).unwrap_or(u32::MAX)) / connections)
    });
    let stream = TcpStream::connect(address)
        .await
        .context("cannot connect")?;
    stream.set_nodelay(true)?;
    let (mut sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(driver);
    let mut latencies = Vec::new();
    let goes_on = |sent: usize| match manner.until {
        Until::Over(length) => start.elapsed() < length,
        Until::Sent(most) => sent < most,
    };
    while goes_on(latencies.len()) {
        if let Some(pace) = pace {
            let due = start + lag + pace * u32::try_from(latencies.len())?;
            tokio::time::sleep_until(due.into()).await;
        }
        let request = Request::post(path)
            .header("host", "localhost")
            .header("content-type", "application/json")
            .body(Full::new(Bytes::from(body(latencies.len()))))?;
        let sent = Instant::now();
        sender.ready().await?;
        let answer = sender.send_request(request).await?;
        let status = answer.status();
        let bytes = answer.into_body().collect().await?.to_bytes();
        latencies.push(sent.elapsed());
        ensure!(
            status == 200,
            "answered {status}: {}",
            String::from_utf8_lossy(&bytes)
        );
    }
    Ok(latencies)
}

/// Posts one body and gives the answer's; anything but a 2xx is an error.
pub(crate) async fn once(
    address: SocketAddr,
    path: &str,
    token: Option<&str>,
    body: Vec<u8>,
) -> Result<Bytes> {
    let stream = TcpStream::connect(address)
        .await
        .context("cannot connect")?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let mut request = Request::post(path)
        .header("host", "localhost")
        .header("content-type", "application/json");
    if let Some(token) = token {
        request = request.header("authorization", format!("Bearer {token}"));
    }
    let answer = sender
        .send_request(request.body(Full::new(Bytes::from(body)))?)
        .await?;
    let status = answer.status();
    let bytes = answer.into_body().collect().await?.to_bytes();
    ensure!(
        status.is_success(),
        "{path} answered {status}: {}",
        String::from_utf8_lossy(&bytes)
    );
    Ok(bytes)
}

/// Asks for a path with a token; the answer's status and body.
pub(crate) async fn get(address: SocketAddr, path: &str, token: &str) -> Result<(u16, Bytes)> {
    let stream = TcpStream::connect(address)
        .await
        .context("cannot connect")?;
    let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
    tokio::spawn(connection);
    let request = Request::get(path)
        .header("host", "localhost")
        .header("authorization", format!("Bearer {token}"))
        .body(Full::new(Bytes::new()))?;
    let answer = sender.send_request(request).await?;
    let status = answer.status().as_u16();
    let bytes = answer.into_body().collect().await?.to_bytes();
    Ok((status, bytes))
}
