//! The edge's own door: signed requests, each taken once.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use axum::Router;
use axum::extract::{Path, Request, State};
use axum::http::HeaderMap;
use axum::routing::{get, post};
use cdp_core::consent::Counts;
use cdp_core::forward::{Forward, Forwarded, Snapshot, SnapshotQuery};
use cdp_core::signature::{
    NONCE_HEADER, SIGNATURE_HEADER, Signed, TIMESTAMP_HEADER, WINDOW_MILLIS,
};
use cdp_core::source::SourceConfig;
use cdp_core::time::Timestamp;
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::body::{self, Whole};
use super::context::Shared;
use super::json::Json;
use crate::error::{Code, Error, Result};
use crate::{clock, ingest, snapshot};

/// Bytes of a signed body: a batch of 4 MB and what the edge adds to each event.
const MOST: usize = 16 * 1024 * 1024;
/// Nonces that are remembered; more within ten minutes than this are refused.
const MOST_NONCES: usize = 1_000_000;

/// The operations that an edge may call.
pub(super) fn routes() -> Router<Shared> {
    Router::new()
        .route("/internal/v1/ingest", post(ingest))
        .route("/internal/v1/sources/{write_key}", get(source))
        .route("/internal/v1/snapshot", post(snapshot_of))
        .route("/internal/v1/counts", post(count))
}

async fn ingest(State(app): State<Shared>, request: Request) -> Result<Json<Forwarded>> {
    let whole = verified(&app, request).await?;
    let forward: Forward = read(&whole.bytes)?;
    ingest::accept(&app, forward).await.map(Json)
}

async fn source(
    State(app): State<Shared>,
    Path(write_key): Path<String>,
    request: Request,
) -> Result<Json<SourceConfig>> {
    verified(&app, request).await?;
    let unknown = || Error::new(Code::UnknownWriteKey, "no source has this write key");
    let config = app.sources.by_key(&write_key).ok_or_else(unknown)?;
    Ok(Json(SourceConfig::clone(&config)))
}

async fn snapshot_of(
    State(app): State<Shared>,
    request: Request,
) -> Result<Json<Option<Snapshot>>> {
    let query: SnapshotQuery = read(&verified(&app, request).await?.bytes)?;
    snapshot::unless_known(&app, &query).await.map(Json)
}

async fn count(State(app): State<Shared>, request: Request) -> Result<Json<Value>> {
    let counts: Counts = read(&verified(&app, request).await?.bytes)?;
    app.counting.add(&counts)?;
    Ok(Json(json!({"counted": counts.len()})))
}

fn read<T: DeserializeOwned>(body: &[u8]) -> Result<T> {
    let advice = "do edge and aggregator have the same version?";
    serde_json::from_slice(body).map_err(|error| {
        Error::new(
            Code::InvalidRequest,
            format!("the edge's request cannot be read ({error}): {advice}"),
        )
    })
}

/// The body of a request that an edge with our secret has signed, and that comes for the first time.
async fn verified(app: &Shared, request: Request) -> Result<Whole> {
    let (parts, body) = request.into_parts();
    let whole = body::read(body, MOST, &app.room).await?;
    let wrong = |message: &str| Error::new(Code::WrongSignature, message);
    let header = |name: &str| {
        text(&parts.headers, name).ok_or_else(|| wrong(&format!("the header {name} is missing")))
    };
    let timestamp: i64 = header(TIMESTAMP_HEADER)?
        .parse()
        .map_err(|_| wrong("the time of signing is not a number of milliseconds"))?;
    let (nonce, signature) = (header(NONCE_HEADER)?, header(SIGNATURE_HEADER)?);
    let path = parts.uri.path_and_query().map_or("/", |path| path.as_str());
    let signed = Signed {
        method: parts.method.as_str(),
        path,
        timestamp,
        nonce,
        body: &whole.bytes,
    };
    if !signed.verify(app.edge_secret.as_bytes(), signature) {
        return Err(wrong(
            "the signature is not right: give the edge this server's secret (HEADWATER_EDGE_SECRET is what headwater init printed as edge_secret)",
        ));
    }
    app.nonces
        .take(nonce, Timestamp::from_millis(timestamp), clock::now())?;
    Ok(whole)
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).and_then(|value| value.to_str().ok())
}

/// Nonces of the last minutes. They are in memory only, so whatever was signed before the process
/// started is refused: it might have been taken by the process before.
#[derive(Debug)]
pub(crate) struct Nonces {
    since: Timestamp,
    taken: Mutex<BTreeMap<(i64, String), ()>>,
}

impl Nonces {
    /// A memory that begins now.
    pub(crate) fn since(now: Timestamp) -> Self {
        Self {
            since: now,
            taken: Mutex::new(BTreeMap::new()),
        }
    }

    /// Takes a nonce that was not taken before, signed within the window.
    fn take(&self, nonce: &str, signed_at: Timestamp, now: Timestamp) -> Result<()> {
        let wrong = |message: &str| Error::new(Code::WrongSignature, message);
        let age = now.as_millis().saturating_sub(signed_at.as_millis());
        if age.abs() > WINDOW_MILLIS {
            return Err(wrong(
                "the request was signed more than five minutes away from this server's clock: set both clocks right",
            ));
        }
        if signed_at.as_millis() < self.since.as_millis() {
            return Err(wrong(
                "the request was signed before this server started: sign it again",
            ));
        }
        if nonce.len() != 32 {
            return Err(wrong("a nonce has 32 hexadecimal digits"));
        }
        let mut taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner);
        let oldest = now.as_millis() - WINDOW_MILLIS;
        *taken = taken.split_off(&(oldest, String::new()));
        if taken.len() >= MOST_NONCES {
            return Err(Error::new(
                Code::Overloaded,
                "too many signed requests within five minutes: send them again later",
            ));
        }
        match taken.insert((signed_at.as_millis(), nonce.to_owned()), ()) {
            None => Ok(()),
            Some(()) => Err(wrong(
                "this request was taken before: sign each request anew",
            )),
        }
    }
}
