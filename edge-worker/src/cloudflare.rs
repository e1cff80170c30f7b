//! The edge on Cloudflare Workers: the only file that knows the `worker` crate.

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use cdp_core::forward::{Forward, Forwarded, Snapshot, SnapshotQuery};
use cdp_core::signature::{NONCE_HEADER, SIGNATURE_HEADER, Signed, TIMESTAMP_HEADER};
use cdp_core::source::SourceConfig;
use cdp_core::time::{Span, Timestamp};
use futures_util::future::{Either, select};
use serde::Serialize;
use serde::de::DeserializeOwned;
use worker::{Context, Delay, Env, Fetcher, Headers, Method, RequestInit};

use crate::error::Unavailable;
use crate::host::Host;
use crate::http::{Request, Response};
use crate::rate_limit::RateLimiter;

/// Service binding of the aggregator.
const AGGREGATOR: &str = "AGGREGATOR";
/// Secret shared with the aggregator.
const SECRET: &str = "HEADWATER_EDGE_SECRET";
/// How long a source's settings are believed without asking again.
const SETTINGS_AGE: Span = Span::from_seconds(5);
/// How many write keys an isolate remembers; beyond that it starts anew.
const MOST_SOURCES: usize = 1_000;
/// Callers whose rate an isolate remembers, some 100 bytes each.
const MOST_CALLERS: usize = 20_000;
/// The caller's address; Cloudflare writes it over whatever the client sent.
const CALLER: &str = "cf-connecting-ip";
/// How long the aggregator may take before the client is told to come back.
const PATIENCE: Duration = Duration::from_secs(8);

const UNREACHABLE: Unavailable = Unavailable {
    retry_after: 5,
    code: "aggregator_unreachable",
};

thread_local! {
    /// What was taken lately.
    static LIMITER: RefCell<RateLimiter> = RefCell::new(RateLimiter::new(MOST_CALLERS));
    /// Sources as last heard, unknown write keys too.
    static SOURCES: RefCell<BTreeMap<String, (Timestamp, Option<Arc<SourceConfig>>)>> = const { RefCell::new(BTreeMap::new()) };
}

/// Entry of the worker.
#[worker::event(fetch)]
async fn fetch(
    request: worker::Request,
    env: Env,
    _context: Context,
) -> worker::Result<worker::Response> {
    let host = Cloudflare {
        aggregator: env.service(AGGREGATOR)?,
        secret: env
            .secret(SECRET)
            .map(|secret| secret.to_string())
            .or_else(|_| env.var(SECRET).map(|secret| secret.to_string()))?,
    };
    let response = crate::serve(&host, read(request).await?).await;
    write(response)
}

async fn read(mut request: worker::Request) -> worker::Result<Request> {
    let url = request.url()?;
    let body = if matches!(request.method(), Method::Post) {
        request.bytes().await?
    } else {
        Vec::new()
    };
    let jurisdiction = request.cf().and_then(|place| {
        let country = place.country()?;
        Some(
            place
                .region_code()
                .map_or_else(|| country.clone(), |region| format!("{country}-{region}")),
        )
    });
    let address = request
        .headers()
        .get(CALLER)?
        .and_then(|text| cdp_core::address::read(&text));
    Ok(Request {
        method: request.method().to_string(),
        path: url.path().to_owned(),
        query: url.query().unwrap_or_default().to_owned(),
        headers: request
            .headers()
            .entries()
            .map(|(name, value)| (name.to_ascii_lowercase(), value))
            .collect(),
        body,
        jurisdiction,
        secure: url.scheme() == "https",
        address,
    })
}

fn write(response: Response) -> worker::Result<worker::Response> {
    let headers = Headers::new();
    for (name, value) in &response.headers {
        headers.append(name, value)?;
    }
    let empty = matches!(response.status, 204 | 304);
    let answer = if empty {
        worker::Response::empty()?
    } else {
        worker::Response::from_bytes(response.body)?
    };
    Ok(answer.with_status(response.status).with_headers(headers))
}

struct Cloudflare {
    aggregator: Fetcher,
    secret: String,
}

impl Cloudflare {
    /// Asks the aggregator; `None` is its 404.
    async fn ask<Q: Serialize, A: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        question: Option<&Q>,
    ) -> Result<Option<A>, Unavailable> {
        let body = question
            .map(serde_json::to_string)
            .transpose()
            .map_err(|_| UNREACHABLE)?
            .unwrap_or_default();
        let asked = std::pin::pin!(self.signed(method, path, body));
        let late = std::pin::pin!(Delay::from(PATIENCE));
        let Either::Left((Ok(mut answer), _)) = select(asked, late).await else {
            return Err(UNREACHABLE);
        };
        match answer.status_code() {
            200 => answer.json().await.map(Some).map_err(|_| UNREACHABLE),
            404 => Ok(None),
            503 => {
                let seconds = answer
                    .headers()
                    .get("retry-after")
                    .ok()
                    .flatten()
                    .and_then(|text| text.parse().ok());
                Err(Unavailable {
                    retry_after: seconds.unwrap_or(UNREACHABLE.retry_after),
                    code: "aggregator_busy",
                })
            }
            status => {
                worker::console_error!(
                    "the aggregator answered {status} to {path}: check HEADWATER_EDGE_SECRET and its log"
                );
                Err(UNREACHABLE)
            }
        }
    }

    async fn signed(
        &self,
        method: Method,
        path: &str,
        body: String,
    ) -> worker::Result<worker::Response> {
        let nonce: String = self
            .random()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        let timestamp = self.now().as_millis();
        let name = method.to_string();
        let signature = Signed {
            method: &name,
            path,
            timestamp,
            nonce: &nonce,
            body: body.as_bytes(),
        }
        .sign(self.secret.as_bytes());
        let headers = Headers::new();
        headers.set(TIMESTAMP_HEADER, &timestamp.to_string())?;
        headers.set(NONCE_HEADER, &nonce)?;
        headers.set(SIGNATURE_HEADER, &signature)?;
        let mut init = RequestInit::new();
        init.with_method(method).with_headers(headers);
        if !body.is_empty() {
            init.with_body(Some(body.into()));
        }
        // A service binding takes any host name; the binding says where it goes.
        self.aggregator
            .fetch(format!("http://aggregator{path}"), Some(init))
            .await
    }
}

impl Host for Cloudflare {
    fn now(&self) -> Timestamp {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "milliseconds since the epoch fit 53 bits"
        )]
        Timestamp::from_millis(js_sys::Date::now() as i64)
    }

    #[expect(
        clippy::expect_used,
        reason = "Workers always have crypto; going on with equal ids would lose events as duplicates"
    )]
    fn random(&self) -> [u8; 16] {
        let mut bytes = [0; 16];
        getrandom::fill(&mut bytes).expect("the runtime has crypto.getRandomValues");
        bytes
    }

    fn limiter<T>(&self, run: impl FnOnce(&mut RateLimiter) -> T) -> T {
        LIMITER.with_borrow_mut(run)
    }

    async fn source(&self, write_key: &str) -> Result<Option<Arc<SourceConfig>>, Unavailable> {
        let now = self.now();
        let known = SOURCES.with_borrow(|sources| {
            sources
                .get(write_key)
                .filter(|(heard, _)| now.since(*heard) < SETTINGS_AGE)
                .cloned()
        });
        if let Some((_, source)) = known {
            return Ok(source);
        }
        let harmless = write_key.len() <= 128
            && write_key
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-'));
        if !harmless {
            return Ok(None);
        }
        let heard: Option<SourceConfig> = self
            .ask(
                Method::Get,
                &format!("/internal/v1/sources/{write_key}"),
                None::<&()>,
            )
            .await?;
        let source = heard.map(Arc::new);
        SOURCES.with_borrow_mut(|sources| {
            if sources.len() >= MOST_SOURCES {
                sources.clear();
            }
            sources.insert(write_key.to_owned(), (now, source.clone()));
        });
        Ok(source)
    }

    async fn forward(&self, batch: Forward) -> Result<Forwarded, Unavailable> {
        self.ask(Method::Post, "/internal/v1/ingest", Some(&batch))
            .await?
            .ok_or(UNREACHABLE)
    }

    async fn snapshot(&self, query: SnapshotQuery) -> Result<Snapshot, Unavailable> {
        self.ask(Method::Post, "/internal/v1/snapshot", Some(&query))
            .await?
            .ok_or(UNREACHABLE)
    }
}
