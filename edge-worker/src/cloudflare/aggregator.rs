//! The way to the aggregator: signed requests, each with an end to its patience.

use std::time::Duration;

use cdp_core::forward::{Forward, Forwarded};
use cdp_core::hex::hex;
use cdp_core::outcome::Outcome;
use cdp_core::signature::{NONCE_HEADER, SIGNATURE_HEADER, Signed, TIMESTAMP_HEADER};
use futures_util::future::{Either, select};
use js_sys::Uint8Array;
use worker::worker_sys::web_sys;
use worker::{AbortController, Delay, Env, Fetcher, Headers, Method, RequestInit};

use super::{now, random};
use crate::error::Unavailable;

/// Service binding of the aggregator.
const BINDING: &str = "AGGREGATOR";
/// Secret shared with the aggregator.
const SECRET: &str = "HEADWATER_EDGE_SECRET";
/// Where batches go.
const INGEST: &str = "/internal/v1/ingest";

/// What is said when there is no answer.
pub(super) const UNREACHABLE: Unavailable = Unavailable {
    retry_after: 5,
    code: "aggregator_unreachable",
};

/// Why there is no answer to use.
#[derive(Clone, Copy, Debug)]
pub(super) enum Failure {
    /// No answer came, or a gateway's on its behalf.
    Unreachable,
    /// It takes nothing now; the number of seconds after which it may.
    Busy(u32),
    /// It does not know our signature: another secret, another clock, or it has just started.
    Unsigned,
    /// It failed at this request, or answered what cannot be read.
    Broken,
    /// It will never take this request; the HTTP status.
    Refused(u16),
}

impl Failure {
    /// What a client is told that has to come back.
    pub(super) fn unavailable(self) -> Unavailable {
        match self {
            Self::Busy(retry_after) => Unavailable {
                retry_after,
                code: "aggregator_busy",
            },
            _ => UNREACHABLE,
        }
    }

    /// Whether the next request would most likely fail too.
    pub(super) fn is_outage(self) -> bool {
        matches!(self, Self::Unreachable | Self::Busy(_))
    }
}

/// The aggregator behind its binding.
pub(super) struct Aggregator {
    binding: Fetcher,
    secret: String,
    patience: Duration,
}

impl Aggregator {
    /// The aggregator that this deployment is bound to. `patience` is how long it may take to answer.
    pub(super) fn of(env: &Env, patience: Duration) -> worker::Result<Self> {
        Ok(Self {
            binding: env.service(BINDING)?,
            secret: env
                .secret(SECRET)
                .map(|secret| secret.to_string())
                .or_else(|_| env.var(SECRET).map(|secret| secret.to_string()))?,
            patience,
        })
    }

    /// Asks, and gives the body of a 200.
    pub(super) async fn ask(
        &self,
        method: Method,
        path: &str,
        body: &[u8],
    ) -> Result<Vec<u8>, Failure> {
        let abort = AbortController::default();
        let answer = {
            let asked = std::pin::pin!(self.exchange(method, path, body, &abort));
            let late = std::pin::pin!(Delay::from(self.patience));
            match select(asked, late).await {
                Either::Left((answer, _)) => Some(answer),
                Either::Right(_) => None,
            }
        };
        let Some(answer) = answer else {
            // Else the connection would stay for as long as the network keeps it.
            abort.abort();
            return Err(Failure::Unreachable);
        };
        let (status, retry_after, body) = answer.map_err(|_| Failure::Unreachable)?;
        let failure = match status {
            200 => return Ok(body),
            503 => {
                return Err(Failure::Busy(
                    retry_after.unwrap_or(UNREACHABLE.retry_after),
                ));
            }
            // The answer about a write key that does not exist is nobody's fault.
            404 => return Err(Failure::Refused(status)),
            401 => Failure::Unsigned,
            // What stands between may not reach it.
            502 | 504 | 520..=530 => Failure::Unreachable,
            500..=599 => Failure::Broken,
            _ => Failure::Refused(status),
        };
        worker::console_error!(
            "the aggregator answered {status} to {path}: check HEADWATER_EDGE_SECRET and its log"
        );
        Err(failure)
    }

    /// Has a batch stored that has this many messages. Only an answer about each of them counts.
    pub(super) async fn ingest(&self, batch: &[u8], messages: usize) -> Result<Forwarded, Failure> {
        let answer = self.ask(Method::Post, INGEST, batch).await?;
        serde_json::from_slice::<Forwarded>(&answer)
            .ok()
            .filter(|forwarded| {
                let lines = &forwarded.outcomes;
                lines.len() == messages && lines.iter().all(|line| line.outcome != Outcome::Retry)
            })
            .ok_or(Failure::Broken)
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        body: &[u8],
        abort: &AbortController,
    ) -> worker::Result<(u16, Option<u32>, Vec<u8>)> {
        let nonce = hex(&random());
        let timestamp = now().as_millis();
        let name = method.to_string();
        let signature = Signed {
            method: &name,
            path,
            timestamp,
            nonce: &nonce,
            body,
        }
        .sign(self.secret.as_bytes());
        let headers = Headers::new();
        headers.set(TIMESTAMP_HEADER, &timestamp.to_string())?;
        headers.set(NONCE_HEADER, &nonce)?;
        headers.set(SIGNATURE_HEADER, &signature)?;
        let mut init = RequestInit::new();
        init.with_method(method).with_headers(headers);
        if !body.is_empty() {
            init.with_body(Some(Uint8Array::from(body).into()));
        }
        let init = web_sys::RequestInit::from(&init);
        init.set_signal(Some(&abort.signal()));
        // A service binding takes any host name; the binding says where it goes.
        let url = format!("http://aggregator{path}");
        let request = web_sys::Request::new_with_str_and_init(&url, &init)?;
        let mut answer = self
            .binding
            .fetch_request(worker::Request::from(request))
            .await?;
        let retry_after = answer
            .headers()
            .get("retry-after")?
            .and_then(|text| text.parse().ok());
        Ok((answer.status_code(), retry_after, answer.bytes().await?))
    }
}

/// How many messages of a batch the aggregator has to answer for.
pub(super) fn messages(batch: &Forward) -> usize {
    batch.admitted.len() + batch.refused.len()
}
